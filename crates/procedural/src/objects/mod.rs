//! Classes of one thing with an up.

pub(crate) mod animals;
pub(crate) mod faces;
pub(crate) mod insects;
pub(crate) mod made;
pub(crate) mod plants;
