//! From an ONNX model to a [`Graph`](oneiric_graph::Graph) with weights and layers.
//!
//! [`import`] goes through the nodes of a model in order. Each becomes nodes of the graph; what does
//! not depend on the image is computed at once; batch normalizations and constant factors fold into
//! the convolution before them; Identity and Dropout vanish. A node that cannot be converted is
//! listed in [`Import::missing`] with the reason, and everything that does not depend on it remains
//! usable.
//!
//! Every float tensor that is a map, a vector or a row of tokens is a layer, under its name in the
//! file, that of its node, and its module path in PyTorch (`layer3.1.conv2`).
//!
//! ```no_run
//! let model = oneiric_weights::onnx::read("resnet50.onnx")?;
//! let import = oneiric_onnx::import(&model)?;
//! for layer in &import.layers {
//!     println!("{} ({}), {} channels", layer.name, layer.kind, layer.channels);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod arguments;
mod compute;
mod constant;
mod error;
mod functions;
mod import;
mod importer;
mod layers;
mod lower;
mod names;

pub use compute::{Computed, compute};
pub use error::{ImportError, Missing};
pub use import::{Import, LayerSource, import, import_with};
