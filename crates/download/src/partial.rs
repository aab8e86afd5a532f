//! A file under its temporary name, until it is complete.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    hash::{BuildHasher, Hasher, RandomState},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use crate::{CancelToken, DownloadError, error::disk};

/// Time between two attempts to get the lock.
const POLL: Duration = Duration::from_millis(50);

/// A partial file, locked against other processes and threads. It is kept when it is dropped if the
/// next download can continue it.
#[derive(Debug)]
pub(crate) struct Partial {
    pub(crate) path: PathBuf,
    /// The length in bytes.
    pub(crate) length: u64,
    pub(crate) target: PathBuf,
    file: File,
    /// `None` on file systems without locks, such as some clusters have. The system releases the
    /// lock when the process ends, however it ends.
    lock: Option<File>,
}

impl Partial {
    /// Waits for the lock, then opens the file that an earlier download left, or creates one.
    /// Returns `None` if the token is canceled before.
    pub(crate) fn open(target: &Path, cancel: &CancelToken) -> Result<Option<Self>, DownloadError> {
        // The lock's file is never deleted: two processes could then hold locks on two files.
        let lock = create(&sibling(target, ".", ".lock"))?;
        while !cancel.is_canceled() {
            match lock.try_lock() {
                Ok(()) => return Self::locked(target, Some(lock)).map(Some),
                Err(TryLockError::WouldBlock) => thread::sleep(POLL),
                Err(TryLockError::Error(_)) => return Self::locked(target, None).map(Some),
            }
        }
        Ok(None)
    }

    fn locked(target: &Path, lock: Option<File>) -> Result<Self, DownloadError> {
        let random = RandomState::new().build_hasher().finish();
        let path = match &lock {
            Some(_) => sibling(target, "", ".partial"),
            // Without a lock, no other process may use the same name.
            None => sibling(target, "", &format!(".{random:016x}.partial")),
        };
        let mut file = create(&path)?;
        let length = file.seek(SeekFrom::End(0)).map_err(disk("write", &path))?;
        Ok(Self {
            path,
            length,
            target: target.to_owned(),
            file,
            lock,
        })
    }

    /// Appends bytes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        let written = self.file.write_all(bytes);
        written.map_err(disk("write", &self.path))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Empties the file, so that it starts over and is not kept.
    pub(crate) fn clear(&mut self) -> Result<(), DownloadError> {
        let cleared = self.file.set_len(0).and_then(|()| self.file.rewind());
        self.length = 0;
        cleared.map_err(disk("write", &self.path))
    }

    /// Flushes the file to the disk and renames it to its target. The caller has verified the
    /// checksum.
    pub(crate) fn finish(self) -> Result<(), DownloadError> {
        let synced = self.file.sync_all();
        let renamed = synced.and_then(|()| fs::rename(&self.path, &self.target));
        renamed.map_err(disk("write", &self.target))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.lock.is_none() || self.length == 0 {
            // Best effort: a partial file is never taken for a complete one.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Opens a file for writing, with its content.
fn create(path: &Path) -> Result<File, DownloadError> {
    let mut options = OpenOptions::new();
    let opened = options.create(true).write(true).truncate(false).open(path);
    opened.map_err(disk("write", path))
}

/// Returns the path of a file in the same folder, with more in front and at the end of its name.
fn sibling(target: &Path, front: &str, end: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!("{front}{name}{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_locks_each_download_writes_a_file_of_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("a.zip");
        let [one, two, broken] = [b"one", b"two", b"bad"].map(|bytes| {
            let mut partial = Partial::locked(&target, None).expect("writable");
            partial.write(bytes).expect("writable");
            partial
        });
        let count = || fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(count(), 3);
        one.finish().expect("writable");
        two.finish().expect("the same file again");
        drop(broken);
        assert_eq!(count(), 1);
        assert_eq!(fs::read(&target).expect("there"), b"two");
    }
}
