//! Trains the small InceptionV1 that ships inside oneiric, on pictures that
//! `oneiric-procedural` draws; and, since we know what each of its classes is, measures whether
//! feature visualization tells the truth.
//!
//! Two programs: `train` makes a network from a seed, `truth` has one network look at what another
//! network's classes look like. `docs/network.md` of the repository has their commands and results.

mod batch_norm;
mod data;
mod hardening;
mod recipe;
mod trainer;
mod truth;

pub use data::{Batch, Drawings};
pub use hardening::Hardening;
pub use recipe::{Recipe, network};
pub use trainer::{Report, accuracy, harden, rounded_to_f16, train};
pub use truth::{Method, Verdict, share_named};
