//! Vision networks with frozen weights: every tensor can be read by name, and a forward pass stops
//! at the deepest one that is wanted.
//!
//! | network | type |
//! | --- | --- |
//! | the trained networks called InceptionV1, from their files | [`InceptionV1`] |
//! | a graph of common operators, with any weights | [`GraphNetwork`] |
//! | a module of burn's, or anything else | an implementation of [`Network`] |
//!
//! "InceptionV1" names several trained networks that differ in ways that change every picture. One
//! implementation covers them; [`InceptionV1Config`] holds the differences.
//!
//! ```no_run
//! # #[cfg(feature = "flex")] {
//! use burn::tensor::Device;
//! use oneiric_core::Picture;
//! use oneiric_model::{InceptionV1, NetworkExt};
//!
//! let net = InceptionV1::load("bvlc_googlenet.caffemodel", &Device::flex())?;
//! for guess in net.classify(&Picture::open("cup.jpg")?)?.iter().take(5) {
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
//! `flex`, `ndarray` and `wgpu` compile in the burn backend of that name; `bundled` (default)
//! compiles in the weights of a small network, [`InceptionV1::bundled`]; `download` fetches
//! published networks, `InceptionV1::pretrained`.

#![forbid(unsafe_code)]

mod burn_pass;
mod classify;
mod compiled;
mod error;
mod expanded;
mod facts_by_size;
mod graph_network;
mod inception;
mod kernels;
mod layer;
mod layer_names;
mod misfits;
mod network;
mod network_ext;
mod network_id;
mod network_info;
mod network_weights;
mod node_layer;
mod onnx_network;
mod ops;
mod preprocessing;
mod probe;
mod smallest_image;
mod verify;

pub use classify::Prediction;
pub use error::{Misshapen, ModelError};
pub use expanded::ExpandedWeights;
pub use graph_network::GraphNetwork;
pub use inception::{BlockWidths, InceptionV1, InceptionV1Config, PaddingRule, Variant};
pub use kernels::{BurnReason, Kernels};
pub use layer::{Layer, LayerId};
pub(crate) use misfits::Misfits;
pub use network::Network;
pub use network_ext::NetworkExt;
pub use network_id::NetworkId;
pub use network_info::NetworkInfo;
pub use network_weights::NetworkWeights;
pub use node_layer::NodeLayer;
/// Downloads: the whole crate [`oneiric_download`].
#[cfg(feature = "download")]
pub use oneiric_download as download;
#[cfg(feature = "download")]
pub use oneiric_download::{DownloadError, Downloader, Pretrained};
/// Graphs of networks: the crate [`oneiric_graph`].
pub use oneiric_graph as graph;
pub use oneiric_graph::{Lrn, ReluGradient};
pub use oneiric_kernels::Isa;
pub use oneiric_weights::{Defect, HostTensor, NamedTensors, WeightsError};
pub use onnx_network::OnnxNetwork;
pub use ops::redirected_relu;
pub use preprocessing::{ColorOrder, Preprocessing};
pub use probe::{Patch, Probe};
pub use verify::Flaw;
