//! Objectives: what about a network an image is to excite. Larger is better.
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
//! let two = net.channel("mixed4c", 1)?.on_image(0) + net.channel("mixed4c", 2)?.on_image(1);
//! assert!(net.channel("mixed4c", 16).is_err()); // it has 16, from 0
//! # let _ = (smooth, all, two);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! `flex`, `ndarray` and `wgpu` compile in the burn backend of that name.

mod custom;
mod error;
mod measure;
mod objective;
mod objectives;
mod regularizers;
mod units;

pub use error::ObjectiveError;
pub use measure::{Measure, Reading};
pub use objective::{Activations, Objective};
pub use objectives::{Class, Objectives};
