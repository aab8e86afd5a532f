//! Which settings make sense.

use crate::{Transform, TransformError};

/// The longest side that a setting may ask for; more is a slip.
const LONGEST: usize = 16_384;

/// Refuses a number of a transform's settings unless it is `good`.
pub(crate) fn require(
    transform: &dyn Transform,
    value: f32,
    good: bool,
    allowed: &'static str,
) -> Result<(), TransformError> {
    if good {
        return Ok(());
    }
    Err(TransformError::Number {
        transform: format!("{transform:?}"),
        value,
        allowed,
    })
}

/// A share, or a value that is brought in from outside the image.
pub(crate) fn check_share(transform: &dyn Transform, value: f32) -> Result<(), TransformError> {
    let good = (0.0..=1.0).contains(&value);
    require(transform, value, good, "in 0..=1")
}

/// The standard deviation of something; more is a slip.
pub(crate) fn check_sd(transform: &dyn Transform, value: f32) -> Result<(), TransformError> {
    let good = (0.0..=1000.0).contains(&value);
    require(transform, value, good, "in 0..=1000")
}

/// Pixels that are added.
pub(crate) fn check_border(transform: &dyn Transform, by: usize) -> Result<(), TransformError> {
    require(transform, by as f32, by <= LONGEST, "at most 16384")
}

/// A height and a width to come out with.
pub(crate) fn check_size(
    transform: &dyn Transform,
    size: [usize; 2],
) -> Result<(), TransformError> {
    size.into_iter().try_for_each(|side| {
        let good = (1..=LONGEST).contains(&side);
        require(transform, side as f32, good, "a side of 1 to 16384 pixels")
    })
}

/// The error of a transform that leaves nothing of images of that height and width.
pub(crate) fn too_small(transform: &dyn Transform, size: [usize; 2]) -> TransformError {
    TransformError::TooSmall {
        transform: format!("{transform:?}"),
        width: size[1],
        height: size[0],
    }
}

/// The error of a transform that does not take images of that many channels.
pub(crate) fn wrong_channels(
    transform: &dyn Transform,
    channels: usize,
    allowed: &'static str,
) -> TransformError {
    TransformError::Channels {
        transform: format!("{transform:?}"),
        channels,
        allowed,
    }
}
