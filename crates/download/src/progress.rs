//! What an observer sees.

use crate::RemoteFile;

/// How far a download has come.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// What is fetched; shows as its name.
    pub file: &'a RemoteFile,
    /// Bytes that are there, with those that an earlier, interrupted download left.
    pub received: u64,
    /// Bytes of the whole file, if the server says.
    pub total: Option<u64>,
}
