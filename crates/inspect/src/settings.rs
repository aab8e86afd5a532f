//! Checks that settings of several items share.

use crate::InspectError;

/// More does not fit into the memory of today's machines, and is a slip.
const LARGEST_SIDE: usize = 16_384;

/// The side of a picture, in pixels.
pub(crate) fn check_side(name: &'static str, side: usize) -> Result<(), InspectError> {
    if (1..=LARGEST_SIDE).contains(&side) {
        return Ok(());
    }
    Err(InspectError::Setting {
        name,
        value: side as f64,
        allowed: "from 1 to 16384",
    })
}
