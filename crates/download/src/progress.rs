//! Reports to an observer.

use oneiric_support::Progress;

use crate::RemoteFile;

/// The state of a download, as its observer sees it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DownloadProgress {
    /// The file; prints as its name.
    pub file: RemoteFile,
    pub(crate) progress: Progress,
}

impl DownloadProgress {
    /// Returns the progress in bytes, including those of an earlier, interrupted download. The
    /// total is `None` if the server does not announce it.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }
}
