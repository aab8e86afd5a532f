//! A frozen InceptionV1 on the CPU: forward, and the gradient of the input image.
//!
//! Feature visualization runs the same network hundreds of times, forward to a layer and back to
//! the image, and its weights never change. That is all that this crate does, and what it is
//! built for: weights are packed once, tensors are laid out once for a size of image, nothing is
//! computed that is not asked for, and there are no gradients of weights.
//!
//! ```
//! use oneiric_kernels::{ConvWeights, Frozen, Node, Op, ReluGradient};
//!
//! let nodes = vec![
//!     Node { op: Op::Input, inputs: vec![] },
//!     Node {
//!         op: Op::Conv { weights: 0, stride: 2, pad: |_, _, _| (1, 1), bias: true },
//!         inputs: vec![0],
//!     },
//!     Node { op: Op::Relu, inputs: vec![1] },
//! ];
//! let (weight, bias) = (vec![0.1; 4 * 3 * 9], vec![0.5; 4]);
//! let conv = ConvWeights { out: 4, input: 3, kernel: 3, weight: &weight, bias: &bias };
//! let network = Frozen::new(nodes, 3, &[conv])?;
//!
//! let image = vec![1.0; 3 * 8 * 8];
//! let run = network.forward(&image, [1, 3, 8, 8], &[2])?;
//! assert_eq!(run.shape(0), [1, 4, 4, 4]);
//! let ones = vec![1.0; 4 * 4 * 4];
//! let gradient = run.input_gradient(&[Some(&ones)], ReluGradient::Plain)?;
//! assert_eq!(gradient.len(), image.len());
//! # Ok::<(), oneiric_kernels::KernelError>(())
//! ```
//!
//! How it works: channels lie in blocks of sixteen with zeros around every tensor (`view`). Every
//! convolution, in either direction, is a walk over contiguous stretches of such tensors
//! (`kernel/conv.rs`, `kernel/tile.rs`); small kernels of stride 1, and the strided one of the
//! image, which is one of stride 1 of its cells, go by Winograd's filtering (`winograd`,
//! `kernel/winograd.rs`). `plan` decides where tensors lie, what runs together, and in what order;
//! `team` runs it on rayon's threads, of which a pool's `install` chooses the number. Results do not
//! depend on the number of threads.

#![deny(unsafe_op_in_unsafe_fn)]
#![warn(clippy::undocumented_unsafe_blocks)]

mod error;
mod execute;
mod graph;
mod isa;
mod kernel;
mod lanes;
mod lru;
mod memory;
mod network;
mod op;
mod pack;
mod plan;
mod pointer;
mod profile;
mod relu;
mod run;
mod spares;
mod team;
mod transformed;
mod tuning;
mod validate;
mod view;
mod winograd;

pub use error::KernelError;
pub use isa::Isa;
pub use network::Frozen;
pub use op::{ConvWeights, Lrn, Node, Op, PadRule};
#[cfg(feature = "profile")]
pub use profile::LevelTime;
pub use relu::ReluGradient;
pub use run::Run;
