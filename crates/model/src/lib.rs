//! InceptionV1 in burn, for looking into: frozen weights, every tensor reachable by name, a
//! forward pass that stops at the deepest one asked for.
//!
//! "InceptionV1" names several trained networks that differ in ways that change every picture.
//! One implementation covers them; [`InceptionV1Config`] holds the differences.
//!
//! ```no_run
//! # #[cfg(feature = "flex")] {
//! use burn::tensor::Device;
//! use oneiric_core::Picture;
//! use oneiric_model::{InceptionV1, Network};
//!
//! let net = InceptionV1::load("bvlc_googlenet.caffemodel", &Device::flex())?;
//! for guess in &net.classify(&Picture::open("cup.jpg")?)?[..5] {
//!     println!("{:5.1} % {:?}", guess.probability * 100.0, guess.label);
//! }
//! let mixed4c = net.layer("mixed4c")?; // or Caffe's name, inception_4c/output
//! assert_eq!(net.describe(mixed4c).channels(), 512);
//! # }
//! # Ok::<(), oneiric_model::ModelError>(())
//! ```
//!
//! # Features
//!
//! `flex`, `ndarray` and `wgpu` compile in the burn backend of that name; `bundled` (default) the
//! weights of a small network, [`InceptionV1::bundled`]; `download` fetches published ones,
//! `InceptionV1::pretrained`.

#![forbid(unsafe_code)]

mod card;
mod classify;
mod config;
mod error;
mod expanded;
mod graph;
mod inception;
mod kernels;
mod names;
mod network;
mod ops;
mod probe;
mod scheme;
mod verify;
mod weights;

pub use classify::Prediction;
pub use config::{
    BlockWidths, ColourOrder, InceptionV1Config, Lrn, Padding, Preprocessing, Variant,
};
pub use error::{Misshapen, ModelError};
pub use expanded::ExpandedWeights;
pub use inception::InceptionV1;
pub use kernels::Kernels;
pub use network::{Layer, LayerId, Network, ReluGradient};
/// Downloads: the crate [`oneiric_download`], for all that is not named above.
#[cfg(feature = "download")]
pub use oneiric_download as download;
#[cfg(feature = "download")]
pub use oneiric_download::{DownloadError, Downloader, Pretrained};
pub use oneiric_kernels::Isa;
pub use oneiric_weights::{Defect, HostTensor, NamedTensors, WeightsError};
pub use ops::{ConvWeights, redirected_relu};
pub use probe::{Patch, Probe};
pub use verify::Flaw;
