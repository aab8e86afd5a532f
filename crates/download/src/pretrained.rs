//! The public weight files.

use std::{fmt, str::FromStr};

use crate::{Checksum, RemoteFile, UnknownPretrained};

/// A public file of trained InceptionV1 weights.
///
/// Parsed from and shown as `inception5h`, `bvlc_googlenet` and `torchvision_googlenet`; `bvlc` and
/// `torchvision` are enough.
///
/// ```
/// use oneiric_download::Pretrained;
///
/// let pretrained: Pretrained = "bvlc".parse()?;
/// assert_eq!(pretrained, Pretrained::BvlcGooglenet);
/// assert_eq!(pretrained.file_name(), "bvlc_googlenet.caffemodel");
/// # Ok::<(), oneiric_download::UnknownPretrained>(())
/// ```
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pretrained {
    /// Google's `inception5h.zip`, the network of Lucid and of the Circuits thread.
    Inception5h,
    /// BVLC GoogLeNet of the Caffe model zoo.
    BvlcGooglenet,
    /// torchvision's GoogLeNet, with batch normalisation.
    TorchvisionGooglenet,
}

impl Pretrained {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::Inception5h,
        Self::BvlcGooglenet,
        Self::TorchvisionGooglenet,
    ];

    /// Where the file is published.
    #[must_use]
    pub fn url(self) -> &'static str {
        match self {
            Self::Inception5h => {
                "https://storage.googleapis.com/download.tensorflow.org/models/inception5h.zip"
            }
            Self::BvlcGooglenet => "http://dl.caffe.berkeleyvision.org/bvlc_googlenet.caffemodel",
            Self::TorchvisionGooglenet => {
                "https://download.pytorch.org/models/googlenet-1378be20.pth"
            }
        }
    }

    /// Its name, there and in the cache.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Inception5h => "inception5h.zip",
            Self::BvlcGooglenet => "bvlc_googlenet.caffemodel",
            Self::TorchvisionGooglenet => "googlenet-1378be20.pth",
        }
    }

    /// The checksum that is published for it.
    ///
    /// The first is measured, the second is in the model zoo's `readme.md`, the third is in the
    /// file's name, as torch.hub has it.
    #[must_use]
    pub fn checksum(self) -> Checksum {
        match self {
            Self::Inception5h => Checksum::known_sha256(
                "d13569f6a98159de37e92e9c8ec4dae8f674fbf475f69fe6199b514f756d4364",
            ),
            Self::BvlcGooglenet => Checksum::known_sha1("405fc5acd08a3bb12de8ee5e23a96bec22f08204"),
            Self::TorchvisionGooglenet => Checksum::known_sha256("1378be20"),
        }
    }

    /// All of this as a [`RemoteFile`], to change something about it.
    #[must_use]
    pub fn remote_file(self) -> RemoteFile {
        RemoteFile::new(self.url(), self.file_name(), self.checksum())
    }

    /// Its name, as it is parsed.
    const fn name(self) -> &'static str {
        match self {
            Self::Inception5h => "inception5h",
            Self::BvlcGooglenet => "bvlc_googlenet",
            Self::TorchvisionGooglenet => "torchvision_googlenet",
        }
    }
}

impl fmt::Display for Pretrained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Pretrained {
    type Err = UnknownPretrained;

    fn from_str(name: &str) -> Result<Self, UnknownPretrained> {
        match name.to_ascii_lowercase().replace('-', "_").as_str() {
            "inception5h" => Ok(Self::Inception5h),
            "bvlc" | "bvlc_googlenet" => Ok(Self::BvlcGooglenet),
            "torchvision" | "torchvision_googlenet" => Ok(Self::TorchvisionGooglenet),
            _ => Err(UnknownPretrained {
                name: name.to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_back() {
        for pretrained in Pretrained::ALL {
            assert_eq!(pretrained.to_string().parse(), Ok(pretrained));
        }
        assert_eq!("BVLC-GoogLeNet".parse(), Ok(Pretrained::BvlcGooglenet));
        assert_eq!("torchvision".parse(), Ok(Pretrained::TorchvisionGooglenet));
    }

    #[test]
    fn an_unknown_name_lists_the_choices() {
        let message = "resnet50"
            .parse::<Pretrained>()
            .expect_err("not one of ours")
            .to_string();
        assert!(message.contains("resnet50"), "{message}");
        for pretrained in Pretrained::ALL {
            assert!(message.contains(&pretrained.to_string()), "{message}");
        }
    }

    #[test]
    fn urls_end_in_the_file_name_and_checksums_are_well_formed() {
        for pretrained in Pretrained::ALL {
            let url = pretrained.url();
            assert_eq!(url.rsplit('/').next(), Some(pretrained.file_name()));
            pretrained.remote_file().validate().expect("a valid file");
        }
        let [inception5h, bvlc, torchvision] = Pretrained::ALL.map(Pretrained::checksum);
        let parsed = [
            Checksum::sha256(inception5h.hex()),
            Checksum::sha1(bvlc.hex()),
            Checksum::sha256_prefix(torchvision.hex()),
        ];
        assert_eq!(parsed, [Ok(inception5h), Ok(bvlc), Ok(torchvision)]);
    }
}
