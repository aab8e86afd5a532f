#![doc = include_str!("../docs/crate.md")]
// On docs.rs, items say which cargo feature they need.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod prelude;

/// Downloads of published weights.
#[cfg(feature = "download")]
pub use oneiric_download as download;
/// The graph of a network: operators as data, shape inference, definitions in f64.
pub use oneiric_graph as graph;
/// Reading a network: activations, grids, attribution, neuron groups, dataset examples.
pub use oneiric_inspect as inspect;
/// Networks: InceptionV1 and the traits of your own.
pub use oneiric_model as model;
/// Objectives: what about a network an image is to excite.
pub use oneiric_objective as objective;
/// Runs: the optimization loop, its settings, progress and result.
pub use oneiric_optimize as optimize;
/// Parameterizations: from the numbers that an optimizer changes to an image.
pub use oneiric_param as param;
/// Cancellation, progress and errors of settings.
pub use oneiric_support as support;
/// Transforms of the image in each step.
pub use oneiric_transform as transform;
/// Files of weights: TensorFlow, PyTorch, Caffe and safetensors.
pub use oneiric_weights as weights;

pub use oneiric_core::{
    Backend, DeviceError, Picture, PictureError, PictureReader, default_device,
};
pub use oneiric_model::{GraphNetwork, InceptionV1, Network, NetworkExt, OnnxNetwork};
pub use oneiric_objective::{Objective, Objectives};
pub use oneiric_optimize::{RunError, Visualization, Visualizer, visualize};
pub use oneiric_param::{Fourier, Parameterization};
pub use oneiric_support::{CancelToken, Progress};
pub use oneiric_transform::Transforms;

/// The crates whose types appear in oneiric's, in the versions they are of.
pub use {burn, oneiric_core::image, oneiric_param::rand};

/// The code in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The code in the guide compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/guide.md")]
struct Guide;

/// The code in the page about networks of one's own compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/own_network.md")]
struct OwnNetwork;

/// The code in the page about weights compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/weights.md")]
struct Weights;

/// The code in the page about ONNX files compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/onnx.md")]
struct Onnx;
