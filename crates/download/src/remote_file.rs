//! A file to fetch.

use std::fmt;

use ureq::http::Uri;

use crate::{Checksum, DownloadError, Pretrained};

/// What a file may hold at most, if nothing else is said: about five times InceptionV1.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Where a file is published, and how to know it: one of the [`Pretrained`] ones, or weights of
/// one's own.
///
/// ```
/// use oneiric_download::{Checksum, RemoteFile};
///
/// let checksum = Checksum::sha256_prefix("1378be20")?;
/// let file = RemoteFile::new("https://example.org/my.safetensors", "my.safetensors", checksum)
///     .with_max_bytes(30_000_000);
/// assert_eq!(file.to_string(), "my.safetensors");
/// # Ok::<(), oneiric_download::ChecksumError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RemoteFile {
    /// Where it is published: an `http` or `https` URL.
    pub url: String,
    /// Its name in the cache.
    pub file_name: String,
    /// What it must hash to.
    pub checksum: Checksum,
    /// More bytes than these are an error, so that no server can fill the disk (default: 256 MiB).
    pub max_bytes: u64,
}

impl RemoteFile {
    /// A file of at most 256 MiB.
    #[must_use]
    pub fn new(url: impl Into<String>, file_name: impl Into<String>, checksum: Checksum) -> Self {
        Self {
            url: url.into(),
            file_name: file_name.into(),
            checksum,
            max_bytes: MAX_BYTES,
        }
    }

    /// Allows another size.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// The URL taken apart, if it can be fetched and the name is one of a plain file.
    pub(crate) fn validate(&self) -> Result<Uri, DownloadError> {
        let name = self.file_name.as_str();
        // Colons name drives and streams on Windows; a leading dot is how this crate's locks begin.
        let plain = !name.is_empty()
            && !name.starts_with('.')
            && !name.contains(['/', '\\', ':', '\0'])
            && !name.ends_with(".partial");
        if !plain {
            return Err(DownloadError::FileName {
                file_name: name.to_owned(),
            });
        }
        let uri = self.url.parse::<Uri>().ok().filter(fetchable);
        uri.ok_or_else(|| DownloadError::Url {
            url: self.url.clone(),
        })
    }
}

impl fmt::Display for RemoteFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.file_name)
    }
}

impl From<Pretrained> for RemoteFile {
    fn from(pretrained: Pretrained) -> Self {
        pretrained.remote_file()
    }
}

fn fetchable(uri: &Uri) -> bool {
    matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.host().is_some_and(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(url: &str, name: &str) -> RemoteFile {
        RemoteFile::new(url, name, Checksum::known_sha256("1378be20"))
    }

    #[test]
    fn names_that_leave_the_cache_are_refused() {
        let url = "http://example.org/a";
        file(url, "a b.zip").validate().expect("a plain name");
        for name in [
            "",
            ".",
            "..",
            "../a",
            "a/b",
            "a\\b",
            "c:a",
            ".lock",
            "a.partial",
        ] {
            let error = file(url, name).validate();
            assert!(
                matches!(error, Err(DownloadError::FileName { .. })),
                "{name}"
            );
        }
    }

    #[test]
    fn urls_that_cannot_be_fetched_are_refused() {
        for url in [
            "",
            "a.zip",
            "/a.zip",
            "file:///a.zip",
            "ftp://example.org/a",
            "http://a b/",
        ] {
            let error = file(url, "a").validate();
            assert!(matches!(error, Err(DownloadError::Url { .. })), "{url}");
        }
    }
}
