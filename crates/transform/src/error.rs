//! Errors of setting up transforms.

use oneiric_support::SettingError;

/// The error of a transform.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransformError {
    /// An image that is too small for a transform.
    #[error(
        "{transform} leaves nothing of an image of {width}x{height}; start with a larger image, \
         pad it first or transform it less"
    )]
    TooSmall {
        /// The transform.
        transform: String,
        /// Width of the image before the transform.
        width: usize,
        /// Height of the image before the transform.
        height: usize,
    },
    /// A setting with a value that is not allowed.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// An image that is too small for a mirrored border.
    #[error(
        "{transform} mirrors {by} pixels at each edge, and an image of {width}x{height} is too \
         small for that; mirror fewer, or start with a larger image"
    )]
    Reflection {
        /// The transform.
        transform: String,
        /// Width of the image before the transform.
        width: usize,
        /// Height of the image before the transform.
        height: usize,
        /// Width of the border in pixels.
        by: usize,
    },
    /// Images with a number of channels that a transform does not take.
    #[error(
        "{transform} takes images of {allowed}, not of {channels}; optimize such images, or move \
         the transform to another place in the list"
    )]
    Channels {
        /// The transform.
        transform: String,
        /// Number of channels of the images.
        channels: usize,
        /// Numbers of channels that the transform takes, in words.
        allowed: &'static str,
    },
    /// An empty list to draw from.
    #[error("{transform} has nothing to choose from; give at least one value")]
    NoChoice {
        /// The transform.
        transform: String,
    },
}
