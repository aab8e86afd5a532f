//! Weight files of vision networks, read into named `f32` tensors on the host.
//!
//! [`read`] takes published weight files as they are downloaded, and recognizes their format by
//! content, never by file name:
//!
//! | file | format |
//! | --- | --- |
//! | frozen TensorFlow graph, alone or in a zip archive (`inception5h.zip`) | [`Format::TensorFlow`] |
//! | PyTorch state dict, in the zip container or the one before 1.6 | [`Format::PyTorch`] |
//! | binary Caffe model, legacy or current layers | [`Format::Caffe`] |
//! | safetensors with f64, f32, f16 or bf16 | [`Format::Safetensors`] |
//!
//! An ONNX model is read by [`onnx`]. Other forms of networks (Keras, SavedModel, TorchScript and so
//! on) are recognized, and the error says how to convert them.
//!
//! Names, shapes and axis orders are those of the file: a TensorFlow convolution is HWIO, those of
//! the other formats are OIHW. The network that takes the tensors interprets them, and checks that
//! every value is finite.
//!
//! ```
//! use std::collections::BTreeMap;
//! use oneiric_weights::{Format, HostTensor, NamedTensors, read, write_safetensors};
//!
//! let bias = HostTensor { shape: vec![2], values: vec![0.5, -1.0] };
//! let tensors = NamedTensors::from([("conv1.bias".to_owned(), bias)]);
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("weights.safetensors");
//! write_safetensors(&path, &tensors, &BTreeMap::new())?;
//!
//! let weights = read(&path)?;
//! assert_eq!(weights.format, Format::Safetensors);
//! assert_eq!(weights.tensors, tensors);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Damaged and hostile files
//!
//! Weights are downloaded, so a file may hold any bytes. For all of them [`read`] returns an error
//! or tensors: it runs nothing that a pickle names, does not recurse into nested structures, and
//! allocates no more than 12 times the file's size plus 16 MiB, whatever lengths the file claims. Reading a published file takes less than 2.5 times its size in memory;
//! halves that are widened from a graph, or from views in a state dict, take about 4 times.

#![forbid(unsafe_code)]

mod checksum;
mod collector;
mod convertible;
mod element;
mod error;
mod format;
mod labels;
pub mod onnx;
mod protobuf;
mod pytorch;
mod read;
mod safetensors;
mod section;
mod tensors;
mod zip;

pub use checksum::{CHECKSUM_KEY, checksum};
pub use error::{Defect, WeightsError};
pub use format::Format;
pub use read::{ReadOptions, Weights, read, read_bytes};
pub use safetensors::write_safetensors;
pub use tensors::{HostTensor, NamedTensors};
