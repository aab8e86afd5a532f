//! Range checks for settings of several operations.

use oneiric_support::SettingError;

/// The longest side of a picture, in pixels; a longer one is a typing error.
const LARGEST_SIDE: usize = 16_384;

/// Checks the side of a picture, in pixels.
pub(crate) fn check_side(setting: &'static str, side: usize) -> Result<(), SettingError> {
    let good = (1..=LARGEST_SIDE).contains(&side);
    SettingError::require(setting, side, good, "from 1 to 16384")
}

/// Checks that a count is at least 1.
pub(crate) fn check_least_one(setting: &'static str, count: usize) -> Result<(), SettingError> {
    SettingError::require(setting, count, count > 0, "at least 1")
}
