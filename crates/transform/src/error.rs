//! Errors of setting up transforms.

/// What can be wrong with a transform.
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
    /// A number that makes no sense.
    #[error("{transform}: {value} is not allowed, must be {allowed}")]
    Number {
        /// The transform.
        transform: String,
        /// As given.
        value: f32,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A choice from nothing.
    #[error("{transform} has nothing to choose from; give at least one value")]
    NoChoice {
        /// The transform.
        transform: String,
    },
}
