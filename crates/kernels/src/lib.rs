//! Frozen vision networks on the CPU: forward, and the gradient of the input image.
//!
//! Feature visualization runs the same network hundreds of times, forward to a layer and back to
//! the image, and its weights never change. That is all that this crate does, and what it is
//! built for: weights are packed once, tensors are laid out once for a size of image, nothing is
//! computed that is not asked for, and there are no gradients of weights.
//!
//! ```
//! use oneiric_graph::{ConvConfig, GraphBuilder, Padding, ReluGradient};
//! use oneiric_kernels::Frozen;
//!
//! let mut net = GraphBuilder::new(3);
//! let conv = ConvConfig::new(4, [3, 3]).stride([2, 2]).padding(Padding::symmetric([1, 1]));
//! let x = net.conv("conv", net.input(), conv);
//! let relu = net.relu("relu", x);
//! let (weight, bias) = (vec![0.1; 4 * 3 * 9], vec![0.5; 4]);
//! let network = Frozen::new(&net.build()?, &[&weight, &bias])?;
//!
//! let image = vec![1.0; 3 * 8 * 8];
//! let run = network.forward(&image, [1, 3, 8, 8], &[relu])?;
//! assert_eq!(run.shape(0), [1, 4, 4, 4]);
//! let ones = vec![1.0; 4 * 4 * 4];
//! let gradient = run.input_gradient(&[Some(&ones)], ReluGradient::Plain)?;
//! assert_eq!(gradient.len(), image.len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A graph may have nodes that the kernels lack: [`Frozen::check`] says which and why, and all
//! nodes that do not depend on them run.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `profile` | wall time of each level: `Run::forward_times`, `Run::gradient_times` |
//! | `validate` | checks of every plan in release builds, which debug builds always have |
//!
//! # How it works
//!
//! Channels lie in blocks of sixteen with zeros around every tensor (`view`). A convolution, in
//! either direction, walks over contiguous stretches of such tensors (`kernel/conv.rs`,
//! `kernel/tile.rs`). Small kernels with stride 1 go by Winograd's filtering (`winograd`,
//! `kernel/winograd.rs`), and so do strided convolutions of the image, which have stride 1 over its
//! cells (`kernel/cells.rs`). `plan` decides where tensors lie, and what runs together in what
//! order; `validate` checks that; `team` runs it on the threads of the current rayon pool. Results
//! do not depend on the number of threads. The page `docs/kernels.md` of the repository explains
//! this with a figure.

#![deny(unsafe_op_in_unsafe_fn)]
#![warn(clippy::undocumented_unsafe_blocks)]

mod blocked;
mod error;
mod execute;
mod isa;
mod kernel;
mod lanes;
mod lru;
mod memory;
mod network;
mod ops;
mod pack;
mod plan;
mod pointer;
mod profile;
mod run;
mod simplify;
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
#[cfg(feature = "profile")]
pub use profile::LevelTime;
pub use run::Run;
