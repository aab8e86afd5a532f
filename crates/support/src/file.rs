//! Files that are written whole or not at all.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// Writes a file under a temporary name beside its place, flushes it to the disk and moves it to
/// `path`, so that an interruption or a full disk neither leaves half a file nor spoils one that
/// was there.
///
/// Symbolic links are followed: the file that a link points to is replaced, not the link.
///
/// # Errors
///
/// Returns the error of `write`, and [`io::Error`] if the folder cannot be written, or if `path`
/// is a folder or a file that is protected from writing.
pub fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let target = target(path)?;
    let mut partial = partial(&target)?;
    write(partial.as_file_mut())?;
    partial.as_file().sync_all()?;
    partial.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// Checks that [`write_atomically`] would be able to write to a path, without leaving a file behind
/// or touching one that is there: long operations check before they start.
///
/// # Errors
///
/// Returns the [`io::Error`] that [`write_atomically`] would give for the path.
pub fn check_writable(path: &Path) -> io::Result<()> {
    partial(&target(path)?)?.close()
}

/// Resolves a path to the file that is written: behind links, and neither a folder nor protected.
fn target(path: &Path) -> io::Result<PathBuf> {
    let Ok(target) = path.canonicalize() else {
        return Ok(path.to_owned());
    };
    let metadata = target.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if metadata.permissions().readonly() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(target)
}

/// Creates the temporary file that takes the target's place later, in the same folder.
fn partial(target: &Path) -> io::Result<NamedTempFile> {
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // Without this check the error would name the temporary file.
    fs::metadata(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".oneiric-").suffix(".partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The permissions of any new file (less the umask); a temporary one would be its owner's
        // alone.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::{check_writable, write_atomically};

    #[test]
    fn a_failed_write_leaves_the_earlier_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.txt");
        fs::write(&path, b"old").expect("writable");
        let failed = write_atomically(&path, |file| {
            file.write_all(b"half")?;
            Err(std::io::Error::other("the disk is full"))
        });
        assert_eq!(failed.expect_err("as told").to_string(), "the disk is full");
        assert_eq!(fs::read(&path).expect("there"), b"old");
        write_atomically(&path, |file| file.write_all(b"new")).expect("writable");
        assert_eq!(fs::read(&path).expect("there"), b"new");
        assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 1);
    }

    #[test]
    fn a_check_leaves_nothing_and_refuses_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.txt");
        check_writable(&path).expect("writable");
        assert!(!path.exists());
        assert!(check_writable(folder.path()).is_err());
        assert!(check_writable(&folder.path().join("missing").join("a.txt")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_protected_files_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, b"old").expect("writable");
        std::os::unix::fs::symlink(&real, &link).expect("a link");
        write_atomically(&link, |file| file.write_all(b"new")).expect("writable");
        assert!(link.is_symlink());
        assert_eq!(fs::read(&real).expect("there"), b"new");
        let mut permissions = real.metadata().expect("there").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&real, permissions).expect("ours");
        assert!(check_writable(&real).is_err());
        assert!(write_atomically(&real, |_| Ok(())).is_err());
        assert_eq!(fs::read(&real).expect("there"), b"new");
    }
}
