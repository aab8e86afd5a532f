//! Errors of downloads.

use std::{error::Error, io, path::Path, path::PathBuf, time::Duration};

use crate::{RemoteFile, SettingError};

/// The error of a fetch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// A URL, a checksum, a file name, a proxy or a cache directory that cannot be used.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A file in the cache that does not have the published checksum.
    #[error(
        "the file {path:?} is not the one published at {}: expected {}, found {found}; delete it \
         to have it downloaded again, or put a complete copy in its place", file.url, file.checksum
    )]
    Damaged {
        /// The path in the cache.
        path: PathBuf,
        /// The published file.
        file: Box<RemoteFile>,
        /// The hash of the file at the path, in hex digits.
        found: String,
    },
    /// A failure to read or write the cache.
    #[error(
        "cannot {action} {path:?}: {source}; free some space or correct the permissions, or name \
         another folder in ONEIRIC_CACHE or with Downloader::cache_dir"
    )]
    Disk {
        /// The failed operation, a verb such as `write`.
        action: &'static str,
        /// The path of the file or folder.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A transfer that failed.
    #[error(transparent)]
    Transfer(#[from] Box<TransferError>),
    /// A download that the caller canceled, with the number of bytes in the partial file.
    #[error("the download was canceled after {0} bytes; the next one continues from there")]
    Canceled(u64),
}

/// The error of a transfer. The message also says how to install the file by hand.
#[derive(Debug, thiserror::Error)]
#[error("{} {problem}; {}", self.route(), self.advice())]
#[non_exhaustive]
pub struct TransferError {
    /// The file.
    pub file: RemoteFile,
    /// The path of the file in the cache.
    pub path: PathBuf,
    /// The proxy for the URL of the file, without its password.
    pub proxy: Option<String>,
    /// Bytes in the partial file, from which the next download continues.
    pub received: u64,
    /// The reason.
    #[source]
    pub problem: TransferProblem,
}

/// The reason why a transfer failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferProblem {
    /// No connection (a host without an address, a refusal, a TLS failure), or no valid answer.
    #[error("cannot be reached: {0}")]
    Connection(#[source] Box<dyn Error + Send + Sync>),
    /// No data for this long.
    #[error("sent nothing for {0:?}; wait longer with Downloader::timeout")]
    Timeout(Duration),
    /// An HTTP status that is an error.
    #[error("answered with the HTTP status {0}")]
    Status(u16),
    /// More than this number of redirects in a row.
    #[error("redirects more than {0} times in a row")]
    Redirects(u32),
    /// A redirect from https to this URL, which is http.
    #[error("redirects to {0}, which is less secure than https")]
    Insecure(String),
    /// A connection that ended before the file did, whose size is given if the server announced it.
    #[error("broke off before the end{}", .0.map_or(String::new(), |total| format!(" at {total}")))]
    Truncated(Option<u64>),
    /// More than this number of bytes, [`RemoteFile::max_bytes`].
    #[error("sends more than {0} bytes, so it is not the published file")]
    TooLarge(u64),
    /// Content with another checksum than the published one.
    #[error(
        "sent another file than the published one: {received} bytes with the checksum {found}; if \
         the network shows a log-in page, log in and try again"
    )]
    Checksum {
        /// The hash of the content, in hex digits.
        found: String,
        /// The size of the content in bytes.
        received: u64,
    },
}

impl TransferError {
    fn route(&self) -> String {
        let proxy = self.proxy.as_ref();
        let through = proxy.map(|proxy| format!(" through the proxy {proxy}"));
        format!("{}{}", self.file.url, through.unwrap_or_default())
    }

    fn advice(&self) -> String {
        let RemoteFile { url, checksum, .. } = &self.file;
        let again = match self.received {
            0 => String::new(),
            received => format!("try again to continue after {received} bytes, or "),
        };
        format!(
            "{again}download {url} on another machine and put it at {:?} ({checksum}), or load it \
             by its path with InceptionV1::load",
            self.path
        )
    }
}

/// Makes an error of the system into a [`DownloadError::Disk`].
pub(crate) fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DownloadError {
    let path = path.to_owned();
    move |source| DownloadError::Disk {
        action,
        path,
        source,
    }
}
