//! Classes of a single object with an upright orientation.

pub(crate) mod animals;
pub(crate) mod faces;
pub(crate) mod insects;
pub(crate) mod man_made;
pub(crate) mod plants;
