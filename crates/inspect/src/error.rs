//! Errors of reading a network.

use std::path::PathBuf;

use oneiric_core::{DeviceError, PictureError};
use oneiric_model::ModelError;
use oneiric_objective::{LayerError, ObjectiveError};
use oneiric_optimize::RunError;
use oneiric_support::SettingError;

/// What can be wrong with a question to a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// The network does not have what was asked for.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The objective does not fit.
    #[error(transparent)]
    Objective(#[from] ObjectiveError),
    /// A visualization broke.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A picture cannot be used.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The device did not hand values over.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A layer that does not have what was asked for, or an image that does not fit it.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// Values that are not finite.
    #[error("{what} is not finite; look for a weight or a layer that overflows")]
    NotFinite {
        /// What is not.
        what: String,
    },
    /// An objective that does not read the layer.
    #[error(
        "the objective does not depend on {layer} of this network; choose a layer that lies \
         before what it reads, and make it from this network"
    )]
    Independent {
        /// The layer.
        layer: String,
    },
    /// A setting with a value that is not allowed.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Values of another number than the shape's.
    #[error("{what} has {expected} values, got {found}")]
    Length {
        /// Of what.
        what: &'static str,
        /// What the shape asks for.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// A negative value where none may be.
    #[error(
        "{what} holds {value}, but only values of at least 0 can be factored; take the layer \
         behind its ReLU"
    )]
    Negative {
        /// Of what.
        what: String,
        /// The value.
        value: f32,
    },
    /// Maps that cannot be read together.
    #[error(
        "maps of one layer are needed, got {first:?} with {first_channels} channels and \
         {second:?} with {second_channels}"
    )]
    Mixed {
        /// The first map's layer.
        first: String,
        /// Its channels.
        first_channels: usize,
        /// Another's.
        second: String,
        /// Its channels.
        second_channels: usize,
    },
    /// Pictures that were canceled before all were made.
    #[error("canceled when {done} of {total} pictures were made")]
    Canceled {
        /// Pictures that were made.
        done: usize,
        /// Pictures that were to be made.
        total: usize,
    },
    /// Nothing to read.
    #[error("{what}: there is nothing to read; give at least one")]
    Empty {
        /// What there is none of.
        what: &'static str,
    },
    /// A folder that cannot be read.
    #[error("cannot read the folder {path:?}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder without a picture.
    #[error("{path:?} holds no file that ends in .png, .jpg or .jpeg{}", if *.recursive { "" } else { "; search the folders in it with recursive(true)" })]
    NoPictures {
        /// The folder.
        path: PathBuf,
        /// Whether the folders in it were searched.
        recursive: bool,
    },
}
