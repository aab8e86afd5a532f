//! The folder that files are kept in.

use std::{env, io, path::Path, path::PathBuf};

use crate::{DownloadError, RemoteFile};

/// The variable that names another cache.
const VARIABLE: &str = "ONEIRIC_CACHE";
/// The folder's name in the user's cache directory.
const FOLDER: &str = "oneiric";

/// The folder that weights are kept in, unless [`Downloader::cache_dir`](crate::Downloader::cache_dir)
/// says another: the variable `ONEIRIC_CACHE` if it is set and not empty, else `oneiric` in the
/// user's cache directory (`~/.cache` or `XDG_CACHE_HOME` on Linux, `~/Library/Caches` on macOS,
/// `%LOCALAPPDATA%` on Windows). It need not exist yet.
///
/// # Errors
///
/// [`DownloadError::NoCacheDir`] when the user has no such directory.
pub fn cache_dir() -> Result<PathBuf, DownloadError> {
    match env::var_os(VARIABLE) {
        Some(path) if !path.is_empty() => Ok(path.into()),
        _ => dirs::cache_dir()
            .map(|path| path.join(FOLDER))
            .ok_or(DownloadError::NoCacheDir),
    }
}

/// Whether the file is there, and whole.
pub(crate) fn holds(path: &Path, file: &RemoteFile) -> Result<bool, DownloadError> {
    match file.checksum.mismatch(path) {
        Ok(None) => Ok(true),
        Ok(Some(found)) => Err(DownloadError::Damaged {
            path: path.to_owned(),
            url: file.url.clone(),
            expected: file.checksum.clone(),
            found,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(DownloadError::Disk {
            action: "read",
            path: path.to_owned(),
            source,
        }),
    }
}
