//! The optimization loop: from an objective and a parameterization to pictures.
//!
//! ```
//! # #[cfg(feature = "flex")] {
//! use burn::tensor::Device;
//! use oneiric_model::{InceptionV1, InceptionV1Config};
//! use oneiric_objective::Objectives;
//! use oneiric_optimize::Visualizer;
//! use oneiric_param::Fourier;
//!
//! let net = InceptionV1::random(InceptionV1Config::tiny(), 0, &Device::flex())?;
//! let visualization = Visualizer::new()
//!     .steps(4)
//!     .thresholds([2])
//!     .seed(7)
//!     .observer(|progress| assert!(progress.value.is_finite()))
//!     .run(net.channel("mixed4a", 1)?, Fourier::new(48, 48))?;
//! assert_eq!(visualization.values().len(), 4);
//! assert_eq!(visualization.picture().width(), 48);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! `flex`, `ndarray` and `wgpu` compile in the burn backend of that name.

#![forbid(unsafe_code)]

mod error;
mod nadam;
mod optimizer;
mod progress;
mod record;
mod restart;
mod run;
mod schedule;
mod transparency;
mod views;
mod visualization;
mod visualizer;

pub use error::RunError;
pub use nadam::NAdam;
pub use oneiric_support::{CancelToken, Progress};
pub use progress::RunProgress;
pub use schedule::Schedule;
pub use visualization::{Ending, Snapshot, Timings, Visualization};
pub use visualizer::{Visualizer, visualize};
