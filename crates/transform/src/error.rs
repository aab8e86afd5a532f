//! Errors of setting up transforms.

use oneiric_support::SettingError;

/// The error of a transform.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransformError {
    /// An image that is too small for it.
    #[error(
        "{transform} leaves nothing of an image of {width}x{height}; start with a larger image, \
         pad it first or transform it less"
    )]
    TooSmall {
        /// The transform.
        transform: String,
        /// Width it gets.
        width: usize,
        /// Height it gets.
        height: usize,
    },
    /// A setting with a value that is not allowed.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// An image that is too small to be mirrored that far.
    #[error(
        "{transform} mirrors {by} pixels beside the edge, which an image of {width}x{height} does \
         not have; mirror fewer, or start with a larger image"
    )]
    Reflection {
        /// The transform.
        transform: String,
        /// Width it gets.
        width: usize,
        /// Height it gets.
        height: usize,
        /// Pixels that it mirrors.
        by: usize,
    },
    /// Images of channels that it knows nothing to do with.
    #[error(
        "{transform} takes images of {allowed}, not of {channels}; paint such images, or put it \
         elsewhere among the transforms"
    )]
    Channels {
        /// The transform.
        transform: String,
        /// Channels that it gets.
        channels: usize,
        /// Channels that it takes, in words.
        allowed: &'static str,
    },
    /// A choice from nothing.
    #[error("{transform} has nothing to choose from; give at least one value")]
    NoChoice {
        /// The transform.
        transform: String,
    },
}
