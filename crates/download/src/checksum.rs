//! Published checksums.

use std::{fmt, fs::File, io, path::Path};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::SettingError;

/// The published hash of a file, in hex digits of either case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Checksum {
    /// A SHA-256, in 64 digits.
    Sha256(String),
    /// The first 8 or more digits of a SHA-256; torch.hub puts 8 into the names of files.
    Sha256Prefix(String),
    /// A SHA-1, in 40 digits. It detects damage, but not forgery.
    Sha1(String),
}

impl Checksum {
    /// Checks the digits.
    pub(crate) fn validate(&self) -> Result<(), SettingError> {
        let (hex, length, allowed) = match self {
            Self::Sha256(hex) => (hex, 64..=64, "64 hex digits"),
            Self::Sha256Prefix(hex) => (hex, 8..=64, "8 to 64 hex digits"),
            Self::Sha1(hex) => (hex, 40..=40, "40 hex digits"),
        };
        let good = hex.bytes().all(|byte| byte.is_ascii_hexdigit()) && length.contains(&hex.len());
        SettingError::require("the checksum", format_args!("{hex:?}"), good, allowed)
    }

    /// Hashes a file. Returns `None` if it matches, and otherwise the digits of its hash.
    pub(crate) fn mismatch(&self, path: &Path) -> io::Result<Option<String>> {
        let file = File::open(path)?;
        let (hex, found) = match self {
            Self::Sha256(hex) | Self::Sha256Prefix(hex) => (hex, digest::<Sha256>(file)?),
            Self::Sha1(hex) => (hex, digest::<Sha1>(file)?),
        };
        let same = found.starts_with(&hex.to_ascii_lowercase());
        Ok((!same).then_some(found))
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(hex) => write!(f, "sha256 {hex}"),
            Self::Sha256Prefix(hex) => write!(f, "sha256 beginning with {hex}"),
            Self::Sha1(hex) => write!(f, "sha1 {hex}"),
        }
    }
}

fn digest<D: Digest + io::Write>(mut content: impl io::Read) -> io::Result<String> {
    let mut hasher = D::new();
    io::copy(&mut content, &mut hasher)?;
    let hash = hasher.finalize();
    Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}
