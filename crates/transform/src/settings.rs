//! Range checks for transform settings.

use std::fmt;

use oneiric_support::SettingError;

use crate::{Transform, TransformError};

/// Longest side that a setting may have, in pixels. A longer one is a typing error.
const LONGEST: usize = 16_384;

/// Returns an error that names the transform and the setting, unless `good` is true.
pub(crate) fn require(
    transform: &dyn Transform,
    setting: &str,
    value: impl fmt::Display,
    good: bool,
    allowed: &'static str,
) -> Result<(), TransformError> {
    let setting = format!("the {setting} of {transform:?}");
    Ok(SettingError::require(setting, value, good, allowed)?)
}

/// Checks a share, or a value of pixels outside the image: in 0..=1.
pub(crate) fn check_share(
    transform: &dyn Transform,
    setting: &str,
    value: f32,
) -> Result<(), TransformError> {
    let good = (0.0..=1.0).contains(&value);
    require(transform, setting, value, good, "in 0..=1")
}

/// Checks a standard deviation.
pub(crate) fn check_sd(
    transform: &dyn Transform,
    setting: &str,
    value: f32,
) -> Result<(), TransformError> {
    let setting = format!("the {setting} of {transform:?}");
    Ok(SettingError::check_sd(setting, value)?)
}

/// Checks the width of a border, in pixels.
pub(crate) fn check_border(transform: &dyn Transform, by: usize) -> Result<(), TransformError> {
    let good = by <= LONGEST;
    require(transform, "width of the border", by, good, "at most 16384")
}

/// Checks the height and the width of a result.
pub(crate) fn check_size(
    transform: &dyn Transform,
    size: [usize; 2],
) -> Result<(), TransformError> {
    ["height", "width"]
        .into_iter()
        .zip(size)
        .try_for_each(|(setting, side)| {
            let good = (1..=LONGEST).contains(&side);
            require(transform, setting, side, good, "from 1 to 16384 pixels")
        })
}

/// Creates the error of a transform for which images of this height and width are too small.
pub(crate) fn too_small(transform: &dyn Transform, size: [usize; 2]) -> TransformError {
    TransformError::TooSmall {
        transform: format!("{transform:?}"),
        width: size[1],
        height: size[0],
    }
}

/// Creates the error of a transform that does not take images of this many channels.
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
