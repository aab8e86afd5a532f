//! The description of a file to download.

use std::fmt;

use ureq::http::Uri;

use crate::{Checksum, SettingError};

/// A file's URL, its name in the cache and its checksum.
///
/// ```
/// use oneiric_download::{Checksum, RemoteFile};
///
/// let checksum = Checksum::Sha256Prefix("1378be20".to_owned());
/// let file = RemoteFile::new("https://example.org/my.safetensors", "my.safetensors", checksum)
///     .with_max_bytes(30_000_000);
/// assert_eq!(file.to_string(), "my.safetensors");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RemoteFile {
    /// The URL, `http` or `https`.
    pub url: String,
    /// The name in the cache.
    pub file_name: String,
    /// The checksum of the content.
    pub checksum: Checksum,
    /// The largest size that is accepted, in bytes, so that no server can fill the disk (default:
    /// 256 MiB, about five times InceptionV1).
    pub max_bytes: u64,
}

impl RemoteFile {
    /// Describes a file of at most 256 MiB. Nothing is checked before the file is fetched.
    #[must_use]
    pub fn new(url: impl Into<String>, file_name: impl Into<String>, checksum: Checksum) -> Self {
        Self {
            url: url.into(),
            file_name: file_name.into(),
            checksum,
            max_bytes: 256 << 20,
        }
    }

    /// Sets the largest size that is accepted, in bytes.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Checks the name, the checksum and the URL. Returns the parsed URL.
    pub(crate) fn validate(&self) -> Result<Uri, SettingError> {
        let name = self.file_name.as_str();
        // Colons name drives and streams on Windows; names of locks begin with a dot.
        let plain = !name.is_empty()
            && !name.starts_with('.')
            && !name.contains(['/', '\\', ':', '\0'])
            && !name.ends_with(".partial");
        let allowed =
            "a plain name, without folders or colons, a dot in front or .partial at the end";
        SettingError::require("the file name", format_args!("{name:?}"), plain, allowed)?;
        self.checksum.validate()?;
        let uri = self.url.parse::<Uri>().ok().filter(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
        });
        uri.ok_or_else(|| {
            let allowed = "an http:// or https:// URL with a host";
            SettingError::new("the URL", format_args!("{:?}", self.url), allowed)
        })
    }
}

impl fmt::Display for RemoteFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.file_name)
    }
}
