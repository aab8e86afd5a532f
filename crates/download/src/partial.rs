//! A file on its way into the cache: under another name until it is whole.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use crate::DownloadError;

/// How often to look whether another process is done.
const POLL: Duration = Duration::from_millis(50);
/// After this, a file that a process without a lock left is nobody's.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// The right to download a file: held by one process (and thread) at a time, and given back by the
/// system when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Turn {
    /// `None` where the file system has no locks, as on some clusters.
    lock: Option<File>,
}

impl Turn {
    /// Waits for it; `None` if `cancelled` says so before.
    pub(crate) fn wait(
        target: &Path,
        cancelled: impl Fn() -> bool,
    ) -> Result<Option<Self>, DownloadError> {
        let path = sibling(target, |name| format!(".{name}.lock"));
        let mut options = OpenOptions::new();
        // The lock's file stays: who deleted it would let two processes lock two files.
        let lock = options.create(true).write(true).truncate(false).open(&path);
        let lock = lock.map_err(|source| disk("write", &path, source))?;
        loop {
            if cancelled() {
                return Ok(None);
            }
            match lock.try_lock() {
                Ok(()) => return Ok(Some(Self { lock: Some(lock) })),
                Err(TryLockError::WouldBlock) => thread::sleep(POLL),
                Err(TryLockError::Error(_)) => return Ok(Some(Self { lock: None })),
            }
        }
    }
}

/// A partial file. Kept when dropped if the next download can go on from it.
#[derive(Debug)]
pub(crate) struct Partial {
    path: PathBuf,
    target: PathBuf,
    file: File,
    length: u64,
    /// Whether the next download may find it.
    resumable: bool,
    _turn: Turn,
}

impl Partial {
    /// Opens what an earlier download left, or begins anew.
    pub(crate) fn open(target: &Path, turn: Turn) -> Result<Self, DownloadError> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        remove_stale(target);
        let resumable = turn.lock.is_some();
        let path = sibling(target, |name| {
            if resumable {
                format!("{name}.partial")
            } else {
                // Without a lock, the name must be nobody else's.
                let count = COUNT.fetch_add(1, Ordering::Relaxed);
                format!("{name}.{}-{count}.partial", process::id())
            }
        });
        let mut options = OpenOptions::new();
        let file = options.create(true).write(true).truncate(!resumable);
        let opened = file.open(&path).and_then(|mut file| {
            let length = file.seek(SeekFrom::End(0))?;
            Ok((file, length))
        });
        let (file, length) = opened.map_err(|source| disk("write", &path, source))?;
        Ok(Self {
            path,
            target: target.to_owned(),
            file,
            length,
            resumable,
            _turn: turn,
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that are there.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Appends.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        match self.file.write_all(bytes) {
            Ok(()) => {
                self.length += bytes.len() as u64;
                Ok(())
            }
            Err(source) => Err(disk("write", &self.path, source)),
        }
    }

    /// Empties it, to start over.
    pub(crate) fn clear(&mut self) -> Result<(), DownloadError> {
        let cleared = self.file.set_len(0).and_then(|()| self.file.rewind());
        self.length = 0;
        cleared.map_err(|source| disk("write", &self.path, source))
    }

    /// Makes sure that the disk has all of it.
    pub(crate) fn sync(&mut self) -> Result<(), DownloadError> {
        let synced = self.file.sync_all();
        synced.map_err(|source| disk("write", &self.path, source))
    }

    /// Gives it its name. Its checksum must have been checked.
    pub(crate) fn finish(self) -> Result<(), DownloadError> {
        fs::rename(&self.path, &self.target)
            .map_err(|source| disk("write", &self.target, source))?;
        sync_folder(&self.target);
        Ok(())
    }

    /// Removes it: nothing in it is of use.
    pub(crate) fn discard(mut self) {
        self.length = 0;
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.resumable || self.length == 0 {
            // Best effort: what is left is never taken for the file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A failure of the disk.
pub(crate) fn disk(action: &'static str, path: &Path, source: io::Error) -> DownloadError {
    DownloadError::Disk {
        action,
        path: path.to_owned(),
        source,
    }
}

/// The path of a file beside this one.
fn sibling(target: &Path, rename: impl Fn(&str) -> String) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(rename(&name))
}

/// Removes what processes without a lock left long ago. Best effort: it only takes up space.
fn remove_stale(target: &Path) {
    let prefix = sibling(target, |name| format!("{name}."));
    let prefix = prefix.file_name().unwrap_or_default().to_string_lossy();
    let folder = target.parent().map(fs::read_dir);
    for entry in folder.into_iter().flatten().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let middle = name
            .strip_prefix(&*prefix)
            .and_then(|rest| rest.strip_suffix(".partial"))
            .is_some_and(|rest| {
                rest.bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'-')
            });
        let age = entry.metadata().and_then(|metadata| metadata.modified());
        let age = age.ok().and_then(|modified| modified.elapsed().ok());
        if middle && age.is_some_and(|age| age > STALE) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes sure that the disk has the new name. Best effort: where folders cannot be opened, as on
/// Windows, the system sees to it.
fn sync_folder(target: &Path) {
    if let Some(folder) = target.parent() {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    /// As where the file system has no locks.
    const UNLOCKED: Turn = Turn { lock: None };

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let names = entries.map(|entry| entry.expect("readable").file_name());
        names.map(|name| name.to_string_lossy().into()).collect()
    }

    #[test]
    fn without_locks_each_writes_a_file_of_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("a.zip");
        let open = || Partial::open(&target, UNLOCKED).expect("writable");
        let (mut one, mut two, mut broken) = (open(), open(), open());
        for (partial, bytes) in [
            (&mut one, b"one"),
            (&mut two, b"two"),
            (&mut broken, b"bad"),
        ] {
            partial.write(bytes).expect("writable");
        }
        assert_eq!(names(folder.path()).len(), 3);
        one.finish().expect("writable");
        two.finish().expect("the same file again");
        drop(broken);
        assert_eq!(names(folder.path()), ["a.zip"]);
        assert_eq!(fs::read(&target).expect("there"), b"two");
    }

    #[test]
    fn what_was_left_without_locks_is_removed_after_a_day() {
        let folder = tempfile::tempdir().expect("a folder");
        let old = SystemTime::now() - 2 * STALE;
        for (name, modified) in [
            ("a.zip.12-0.partial", old),
            ("a.zip.13-0.partial", SystemTime::now()),
            ("a.zip.b.partial", old),
            ("b.zip.12-0.partial", old),
        ] {
            let file = File::create(folder.path().join(name)).expect("writable");
            file.set_modified(modified).expect("ours");
        }
        remove_stale(&folder.path().join("a.zip"));
        let mut left = names(folder.path());
        left.sort();
        let kept = [
            "a.zip.13-0.partial",
            "a.zip.b.partial",
            "b.zip.12-0.partial",
        ];
        assert_eq!(left, kept);
    }

    #[test]
    fn one_turn_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("a.zip");
        let first = Turn::wait(&target, || false).expect("writable");
        let looks = std::cell::Cell::new(0);
        let impatient = || looks.replace(looks.get() + 1) == 2;
        let second = Turn::wait(&target, impatient).expect("writable");
        assert!(first.is_some() && second.is_none());
        drop(first);
        assert!(Turn::wait(&target, || false).expect("writable").is_some());
    }
}
