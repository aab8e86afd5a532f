//! The cache directory.

use std::{env, io, path::Path, path::PathBuf};

use crate::{DownloadError, RemoteFile, SettingError, error::disk};

/// Environment variable that overrides the cache directory.
const VARIABLE: &str = "ONEIRIC_CACHE";

/// Returns the default cache directory: the value of the variable `ONEIRIC_CACHE` if it is set and
/// not empty, else `oneiric` in the user's cache directory (`~/.cache` or `XDG_CACHE_HOME` on
/// Linux, `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows). It need not exist yet.
///
/// # Errors
///
/// Returns [`SettingError`] if the user has no cache directory.
pub fn cache_dir() -> Result<PathBuf, SettingError> {
    match env::var_os(VARIABLE) {
        Some(path) if !path.is_empty() => Ok(path.into()),
        _ => dirs::cache_dir()
            .map(|path| path.join("oneiric"))
            .ok_or_else(|| {
                let allowed = "a folder, as this user has no cache directory; or call \
                           Downloader::cache_dir";
                SettingError::new(VARIABLE, "not set", allowed)
            }),
    }
}

/// Returns true if the path holds the file with its checksum, and false if nothing is there.
pub(crate) fn holds(path: &Path, file: &RemoteFile) -> Result<bool, DownloadError> {
    match file.checksum.mismatch(path) {
        Ok(None) => Ok(true),
        Ok(Some(found)) => Err(DownloadError::Damaged {
            path: path.to_owned(),
            file: Box::new(file.clone()),
            found,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(disk("read", path)(source)),
    }
}
