//! The public weight files.

use std::{fmt, str::FromStr};

use crate::{Checksum, RemoteFile, SettingError};

/// A public file of trained InceptionV1 weights.
///
/// | file | parses from | scheme | checked against |
/// | --- | --- | --- | --- |
/// | [`Inception5h`](Self::Inception5h) | `inception5h` | https | SHA-256, measured |
/// | [`BvlcGooglenet`](Self::BvlcGooglenet) | `bvlc_googlenet`, `bvlc` | http, the only one that its server offers | SHA-1, from the `readme.md` of the model zoo: it detects damage, but not a determined attacker on the way |
/// | [`TorchvisionGooglenet`](Self::TorchvisionGooglenet) | `torchvision_googlenet`, `torchvision` | https | the first 32 bits of SHA-256, from the name of the file: they detect damage, https protects against the rest |
///
/// ```
/// use oneiric_download::{Pretrained, RemoteFile};
///
/// let pretrained: Pretrained = "bvlc".parse()?;
/// assert_eq!(pretrained, Pretrained::BvlcGooglenet);
/// assert_eq!(RemoteFile::from(pretrained).file_name, "bvlc_googlenet.caffemodel");
/// # Ok::<(), oneiric_download::SettingError>(())
/// ```
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pretrained {
    /// Google's `inception5h.zip`, the network of Lucid and of the Circuits thread.
    Inception5h,
    /// BVLC GoogLeNet of the Caffe model zoo.
    BvlcGooglenet,
    /// torchvision's GoogLeNet, with batch normalization.
    TorchvisionGooglenet,
}

impl Pretrained {
    /// Every public file.
    pub const ALL: [Self; 3] = [
        Self::Inception5h,
        Self::BvlcGooglenet,
        Self::TorchvisionGooglenet,
    ];
}

impl From<Pretrained> for RemoteFile {
    fn from(pretrained: Pretrained) -> Self {
        type ToChecksum = fn(String) -> Checksum;
        let (folder, name, checksum, hex): (_, _, ToChecksum, _) = match pretrained {
            Pretrained::Inception5h => (
                "https://storage.googleapis.com/download.tensorflow.org/models",
                "inception5h.zip",
                Checksum::Sha256,
                "d13569f6a98159de37e92e9c8ec4dae8f674fbf475f69fe6199b514f756d4364",
            ),
            Pretrained::BvlcGooglenet => (
                "http://dl.caffe.berkeleyvision.org",
                "bvlc_googlenet.caffemodel",
                Checksum::Sha1,
                "405fc5acd08a3bb12de8ee5e23a96bec22f08204",
            ),
            Pretrained::TorchvisionGooglenet => (
                "https://download.pytorch.org/models",
                "googlenet-1378be20.pth",
                Checksum::Sha256Prefix,
                "1378be20",
            ),
        };
        Self::new(format!("{folder}/{name}"), name, checksum(hex.to_owned()))
    }
}

impl fmt::Display for Pretrained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Inception5h => "inception5h",
            Self::BvlcGooglenet => "bvlc_googlenet",
            Self::TorchvisionGooglenet => "torchvision_googlenet",
        })
    }
}

impl FromStr for Pretrained {
    type Err = SettingError;

    fn from_str(name: &str) -> Result<Self, SettingError> {
        match name.to_ascii_lowercase().replace('-', "_").as_str() {
            "inception5h" => Ok(Self::Inception5h),
            "bvlc" | "bvlc_googlenet" => Ok(Self::BvlcGooglenet),
            "torchvision" | "torchvision_googlenet" => Ok(Self::TorchvisionGooglenet),
            _ => Err(SettingError::new(
                "the name of the pretrained weights",
                format_args!("{name:?}"),
                "inception5h, bvlc_googlenet or torchvision_googlenet",
            )),
        }
    }
}
