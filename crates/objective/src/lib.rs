//! Objectives: numbers about a network's activations that an image is to make large.
//!
//! They are made from a network, so that a wrong layer or channel fails there, and compose by
//! arithmetic:
//!
//! ```
//! # #[cfg(feature = "flex")] {
//! use burn::tensor::Device;
//! use oneiric_model::{InceptionV1, InceptionV1Config};
//! use oneiric_objective::{Objective, Objectives};
//!
//! let net = InceptionV1::random(InceptionV1Config::tiny(), 0, &Device::flex())?;
//! let smooth = net.channel("mixed4c", 1)? - 0.1 * net.total_variation();
//! let all: Objective = (0..16).map(|k| net.channel("mixed4c", k)).sum::<Result<_, _>>()?;
//! let both = net.channel("mixed4c", 1)? * net.channel("mixed4c", 2)?;
//! let two = Objective::per_image([net.channel("mixed4c", 1)?, net.channel("mixed4c", 2)?]);
//! assert!(net.channel("mixed4c", 16).is_err()); // it has 16, from 0
//! # let _ = (smooth, all, both, two);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! `flex`, `ndarray` and `wgpu` compile in the burn backend of that name.

#![forbid(unsafe_code)]

mod arithmetic;
mod batches;
mod by_image;
mod checks;
mod class;
mod custom;
mod directions;
mod error;
mod forward;
mod layer_error;
mod measure;
mod objective;
mod objectives;
mod photographs;
mod position;
mod regularizers;
mod source;
mod term;
mod units;
mod value;

pub use class::Class;
pub use error::ObjectiveError;
pub use forward::Activations;
pub use layer_error::LayerError;
pub use measure::{Measure, Reading};
pub use objective::Objective;
pub use objectives::Objectives;
pub use photographs::Difference;
pub use position::Region;
