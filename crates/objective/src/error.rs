//! Errors of making an objective and of using it on images it does not fit.

use oneiric_core::DeviceError;
use oneiric_model::ModelError;
use oneiric_support::SettingError;

use crate::LayerError;

/// The error of an objective.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectiveError {
    /// The network does not have what was asked for.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A layer that does not have what was asked for, or an image that does not fit it.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// A class that the network does not have.
    #[error(
        "the network has no class {class}; it has {classes}, from 0 to {}",
        classes.saturating_sub(1)
    )]
    Class {
        /// The class that was asked for.
        class: usize,
        /// Classes of the network.
        classes: usize,
    },
    /// A network that tells no classes.
    #[error("the network names no layer with the scores of classes (`with_logits`)")]
    NoClasses,
    /// A direction of the wrong length.
    #[error("a direction in {layer} has one number a channel, {expected}; got {found}")]
    DirectionLength {
        /// The layer.
        layer: String,
        /// Channels of the layer.
        expected: usize,
        /// Numbers that were given.
        found: usize,
    },
    /// A direction that points nowhere.
    #[error("the direction in {layer} {problem}; give finite numbers, at least one not zero")]
    Direction {
        /// The layer.
        layer: String,
        /// The problem, as a verb phrase.
        problem: &'static str,
    },
    /// A setting with a value that is not allowed.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A sum of nothing.
    #[error("the objective has no terms, so there is nothing to optimize")]
    Empty,
    /// An image of the batch that is not there.
    #[error(
        "the objective reads image {image} of the batch, which has {batch}, from 0 to {}; \
         make the batch larger", batch.saturating_sub(1)
    )]
    Image {
        /// Number of the image.
        image: usize,
        /// Images of the batch.
        batch: usize,
    },
    /// An objective about the alpha channel of images without one.
    #[error(
        "the objective is about the alpha channel, the fourth, but the images have {channels} \
         channels"
    )]
    NoAlpha {
        /// Channels of the images.
        channels: usize,
    },
    /// A comparison at no layer.
    #[error("{objective} compares layers, but none was given; name one at least")]
    NoLayers {
        /// Name of the objective.
        objective: &'static str,
    },
    /// A tensor that its device does not hand over.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A photograph that is not of the image's size.
    #[error(
        "a photograph of {}x{} pixels and {} channels is to be compared with an image of {}x{} \
         and {}; resize it with Picture::resize",
        .photograph[2], .photograph[1], .photograph[0], .image[2], .image[1], .image[0]
    )]
    Photograph {
        /// Channels, height and width of the photograph.
        photograph: [usize; 3],
        /// Channels, height and width of the image.
        image: [usize; 3],
    },
    /// A measure whose value is not one number.
    #[error("{measure} gave a tensor {found:?} instead of one number; end it with mean or sum")]
    NotOneNumber {
        /// The measure, as it prints itself.
        measure: String,
        /// Shape of its value.
        found: [usize; 1],
    },
    /// Networks on different devices.
    #[error("the objective reads networks on {first} and {second}; load both on one device")]
    Devices {
        /// Device of the first network.
        first: String,
        /// Device of the other network.
        second: String,
    },
}
