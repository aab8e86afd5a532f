//! Reading a network: activations, attribution, neuron groups, dataset examples.
//!
//! ```
//! # #[cfg(feature = "flex")] {
//! use burn::tensor::Device;
//! use oneiric_core::Picture;
//! use oneiric_inspect::{activations, attribution};
//! use oneiric_model::{InceptionV1, InceptionV1Config};
//! use oneiric_objective::Objectives;
//!
//! let net = InceptionV1::random(InceptionV1Config::tiny(), 0, &Device::flex())?;
//! let photograph = Picture::new(64, 48, vec![0.5; 64 * 48 * 3])?;
//!
//! let map = activations(&net, &photograph, "mixed4c")?;
//! assert_eq!((map.channels(), map.height(), map.width()), (16, 3, 4));
//! let [(strongest, mean), ..] = map.top_channels(3)[..] else { unreachable!() };
//! assert_eq!(map.means()[strongest], mean);
//!
//! let why = attribution(&net, &photograph, "mixed4c", &net.class_logit(7)?)?;
//! assert_eq!(why.by_channel().len(), 16);
//! let picture = why.by_position().over(&photograph)?;
//! assert_eq!((picture.width(), picture.height()), (64, 48));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | to | look at |
//! | --- | --- |
//! | read the activations of a layer for a photograph | [`activations`] |
//! | see them, position by position | [`ActivationGrid`] |
//! | learn which channels and positions speak for a class | [`attribution`] |
//! | see hundreds of channels in a few groups | [`NeuronGroups`] |
//! | see directions of your own | [`DirectionPictures`] |
//! | see what a unit is made of | [`expanded_weights`], [`kernel_sheet`] |
//! | find the photographs that excite a unit | [`DatasetExamples`] |
//!
//! # Features
//!
//! `flex`, `ndarray` and `wgpu` compile in the burn backend of that name.

#![forbid(unsafe_code)]

mod activation_grid;
mod activation_map;
mod attribution;
mod dataset_examples;
mod direction_pictures;
mod error;
mod examples;
mod heat_map;
mod listing;
mod matrix;
mod neuron_groups;
mod nmf;
mod patched;
mod settings;
mod statistic;
mod weight_pictures;

/// A function that sees the progress of a long operation.
type Observer<'a> = Box<dyn FnMut(&Progress) + Send + 'a>;

pub use activation_grid::{ActivationGrid, Grid};
pub use activation_map::{ActivationMap, activations};
pub use attribution::{Attribution, attribution};
pub use dataset_examples::DatasetExamples;
pub use direction_pictures::DirectionPictures;
pub use error::InspectError;
pub use examples::{Example, Examples, Unreadable};
pub use heat_map::HeatMap;
pub use neuron_groups::NeuronGroups;
pub use nmf::{Factors, Nmf};
pub use oneiric_support::{CancelToken, Progress};
pub use statistic::Statistic;
pub use weight_pictures::{expanded_weights, kernel_map, kernel_sheet};
