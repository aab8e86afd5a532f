//! Errors of reading a network.

use std::path::PathBuf;

use oneiric_core::{DeviceError, PictureError};
use oneiric_model::ModelError;
use oneiric_objective::ObjectiveError;
use oneiric_optimize::RunError;

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
    /// A photograph with other channels than the network's images.
    #[error("the network takes images of {expected} channels, the photograph has {found}")]
    Channels {
        /// The network's.
        expected: usize,
        /// The photograph's.
        found: usize,
    },
    /// A photograph too small for the layer.
    #[error("a photograph of {width}x{height} is too small for {layer}; resize it")]
    TooSmall {
        /// The layer.
        layer: String,
        /// Width of the photograph.
        width: usize,
        /// Height of the photograph.
        height: usize,
    },
    /// A channel that the layer does not have.
    #[error("{layer} has no channel {channel}; it has {channels}, from 0 to {}", channels.saturating_sub(1))]
    Channel {
        /// The layer.
        layer: String,
        /// As given.
        channel: usize,
        /// How many it has.
        channels: usize,
    },
    /// A position outside a map.
    #[error(
        "position (x {x}, y {y}) lies outside {layer}, which is {width}x{height}; x and y count \
         from 0"
    )]
    Position {
        /// The layer.
        layer: String,
        /// Column.
        x: usize,
        /// Row.
        y: usize,
        /// Columns of the layer.
        width: usize,
        /// Rows of the layer.
        height: usize,
    },
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
    /// A setting that makes no sense.
    #[error("{name} is {value}, but must be {allowed}")]
    Setting {
        /// Which one.
        name: &'static str,
        /// As given.
        value: f64,
        /// What is allowed.
        allowed: &'static str,
    },
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
    #[error("{path:?} holds no file that ends in .png, .jpg or .jpeg{}", if *.recursive { "" } else { "; search the folders in it with with_recursive(true)" })]
    NoPictures {
        /// The folder.
        path: PathBuf,
        /// Whether the folders in it were searched.
        recursive: bool,
    },
}
