//! Training of the small InceptionV1 inside oneiric on pictures that `oneiric-procedural` draws,
//! and measurement of whether another network recognizes visualizations of its known classes.
//!
//! There are two programs: `train` trains a network from a seed, and `recognize` classifies the
//! visualizations of one network's classes with another network. `docs/network.md` of the
//! repository has their commands and results.

#![forbid(unsafe_code)]

mod batch_norm;
mod conv_weights;
mod data;
mod hardening;
mod recipe;
mod recognition;
mod trainer;

pub use data::{Batch, Drawings};
pub use hardening::Hardening;
pub use recipe::{Recipe, network};
pub use recognition::{Method, Recognition, top_k_accuracy};
pub use trainer::{Report, accuracy, harden, rounded_to_f16, train};
