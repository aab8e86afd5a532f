//! Errors of reading a network.

use std::path::PathBuf;

use oneiric_core::{DeviceError, PictureError};
use oneiric_model::ModelError;
use oneiric_objective::{LayerError, ObjectiveError};
use oneiric_optimize::RunError;
use oneiric_support::SettingError;

/// The error of reading a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// The network does not have what was asked for.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The objective does not fit.
    #[error(transparent)]
    Objective(#[from] ObjectiveError),
    /// A visualization failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A picture cannot be used.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// Values that could not be read back from the device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A layer that does not have what was asked for, or an image that does not fit it.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// Values that are not finite.
    #[error("{what} is not finite; look for a weight or a layer that overflows")]
    NotFinite {
        /// Name of the value.
        what: String,
    },
    /// An objective that does not read the layer.
    #[error(
        "the objective does not depend on {layer} of this network; choose a layer \
         before those that the objective reads, and make the objective from this network"
    )]
    Independent {
        /// The layer.
        layer: String,
    },
    /// A setting with a value that is not allowed.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A list of values whose length does not match the shape.
    #[error("{what} has {expected} values, got {found}")]
    Length {
        /// Name of the list of values.
        what: &'static str,
        /// Number of values by the shape.
        expected: usize,
        /// Number of values that were given.
        found: usize,
    },
    /// A negative value where only values of at least 0 are allowed.
    #[error(
        "{what} holds {value}, but only values of at least 0 can be factored; take the layer \
         behind its ReLU"
    )]
    Negative {
        /// Name of the matrix or the layer.
        what: String,
        /// The first negative value.
        value: f32,
    },
    /// Activation maps of different layers.
    #[error(
        "maps of one layer are needed, got {first:?} with {first_channels} channels and \
         {second:?} with {second_channels}"
    )]
    Mixed {
        /// The first map's layer.
        first: String,
        /// Channels of the first map.
        first_channels: usize,
        /// Layer of the other map.
        second: String,
        /// Channels of the other map.
        second_channels: usize,
    },
    /// Pictures that were canceled before all were made.
    #[error("canceled after {done} of {total} pictures")]
    Canceled {
        /// Pictures that were made.
        done: usize,
        /// Pictures that were to be made.
        total: usize,
    },
    /// An empty input.
    #[error("{what}: there is nothing to read; give at least one")]
    Empty {
        /// Description of the empty input.
        what: &'static str,
    },
    /// A folder that cannot be read.
    #[error("cannot read the folder {path:?}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A folder without pictures.
    #[error(
        "{path:?} holds no picture (.png, .jpg, .jpeg, .webp, .gif, .bmp, .tif, .tiff){}",
        if *.recursive { "" } else { "; search the folders in it with recursive(true)" }
    )]
    NoPictures {
        /// The folder.
        path: PathBuf,
        /// True if subfolders were searched.
        recursive: bool,
    },
}
