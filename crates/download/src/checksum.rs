//! Checksums that files are published with.

use std::{
    borrow::Cow,
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::ChecksumError;

/// Hex digits of a SHA-1.
const SHA1_DIGITS: usize = 40;
/// Hex digits of a SHA-256.
const SHA256_DIGITS: usize = 64;
/// Fewest digits that are taken for a check: torch.hub's file names hold 8, 32 bits.
const FEWEST_DIGITS: usize = 8;
/// Bytes read from a file at a time.
const BLOCK: usize = 64 * 1024;

/// What the content of a file must hash to.
///
/// ```
/// use oneiric_download::Checksum;
///
/// let checksum = Checksum::sha256_prefix("1378BE20")?;
/// assert_eq!(checksum.to_string(), "sha256 beginning with 1378be20");
/// assert!(Checksum::sha1("1378be20").is_err(), "a SHA-1 has 40 digits");
/// # Ok::<(), oneiric_download::ChecksumError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Checksum {
    algorithm: Algorithm,
    /// Lower-case hex digits, all or the first ones.
    hex: Cow<'static, str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Algorithm {
    Sha1,
    Sha256,
}

impl Checksum {
    /// The SHA-256, in 64 hex digits.
    ///
    /// # Errors
    ///
    /// When these are not 64 hex digits.
    pub fn sha256(hex: &str) -> Result<Self, ChecksumError> {
        Self::parse(Algorithm::Sha256, hex, SHA256_DIGITS)
    }

    /// The first digits of the SHA-256, at least 8, as torch.hub's file names hold them.
    ///
    /// # Errors
    ///
    /// When these are not 8 to 64 hex digits.
    pub fn sha256_prefix(hex: &str) -> Result<Self, ChecksumError> {
        Self::parse(Algorithm::Sha256, hex, FEWEST_DIGITS)
    }

    /// The SHA-1, in 40 hex digits. It finds damage, but files can be made to have a given one.
    ///
    /// # Errors
    ///
    /// When these are not 40 hex digits.
    pub fn sha1(hex: &str) -> Result<Self, ChecksumError> {
        Self::parse(Algorithm::Sha1, hex, SHA1_DIGITS)
    }

    /// The digits.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.hex
    }

    pub(crate) const fn known_sha256(hex: &'static str) -> Self {
        Self {
            algorithm: Algorithm::Sha256,
            hex: Cow::Borrowed(hex),
        }
    }

    pub(crate) const fn known_sha1(hex: &'static str) -> Self {
        Self {
            algorithm: Algorithm::Sha1,
            hex: Cow::Borrowed(hex),
        }
    }

    /// Hashes a file: `None` when it is the right one, else the digits that were found.
    pub(crate) fn mismatch(&self, path: &Path) -> io::Result<Option<String>> {
        let file = File::open(path)?;
        let found = match self.algorithm {
            Algorithm::Sha1 => digest::<Sha1>(file)?,
            Algorithm::Sha256 => digest::<Sha256>(file)?,
        };
        Ok((!found.starts_with(self.hex.as_ref())).then_some(found))
    }

    fn parse(algorithm: Algorithm, hex: &str, fewest: usize) -> Result<Self, ChecksumError> {
        let most = match algorithm {
            Algorithm::Sha1 => SHA1_DIGITS,
            Algorithm::Sha256 => SHA256_DIGITS,
        };
        let digits = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits || !(fewest..=most).contains(&hex.len()) {
            return Err(ChecksumError {
                text: hex.to_owned(),
                fewest,
                most,
            });
        }
        Ok(Self {
            algorithm,
            hex: Cow::Owned(hex.to_ascii_lowercase()),
        })
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, digits) = match self.algorithm {
            Algorithm::Sha1 => ("sha1", SHA1_DIGITS),
            Algorithm::Sha256 => ("sha256", SHA256_DIGITS),
        };
        let part = match self.hex.len() {
            length if length < digits => "beginning with ",
            _ => "",
        };
        write!(f, "{name} {part}{}", self.hex)
    }
}

fn digest<D: Digest>(mut content: impl Read) -> io::Result<String> {
    let mut hasher = D::new();
    let mut block = vec![0; BLOCK];
    loop {
        match content.read(&mut block) {
            Ok(0) => break,
            Ok(count) => hasher.update(&block[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let hash = hasher.finalize();
    Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of "abc", from FIPS 180-4's examples.
    const SHA1_OF_ABC: &str = "a9993e364706816aba3e25717850c26c9cd0d89d";
    const SHA256_OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn hashes_are_those_of_the_standard() {
        assert_eq!(digest::<Sha1>(&b"abc"[..]).expect("memory"), SHA1_OF_ABC);
        assert_eq!(
            digest::<Sha256>(&b"abc"[..]).expect("memory"),
            SHA256_OF_ABC
        );
    }

    #[test]
    fn a_file_matches_whole_or_by_its_first_digits() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("abc");
        std::fs::write(&path, b"abc").expect("writable");
        let right = [
            Checksum::sha1(SHA1_OF_ABC),
            Checksum::sha256(&SHA256_OF_ABC.to_uppercase()),
            Checksum::sha256_prefix("ba7816bf"),
        ];
        for checksum in right {
            let checksum = checksum.expect("well formed");
            assert_eq!(checksum.mismatch(&path).expect("readable"), None);
        }
        let wrong = Checksum::sha256_prefix("ba7816b0").expect("well formed");
        let found = wrong.mismatch(&path).expect("readable");
        assert_eq!(found.as_deref(), Some(SHA256_OF_ABC));
    }

    #[test]
    fn malformed_digits_are_refused() {
        for text in ["", "ba7816b", "ba7816bg", SHA256_OF_ABC] {
            assert!(Checksum::sha1(text).is_err(), "{text}");
        }
        assert!(Checksum::sha256(SHA1_OF_ABC).is_err());
        assert!(Checksum::sha256_prefix("ba7816b").is_err());
        assert!(Checksum::sha256_prefix(&format!("{SHA256_OF_ABC}0")).is_err());
    }
}
