//! Classes of a single shape with a center, drawn at any angle.

pub(crate) mod machines;
pub(crate) mod nature;
pub(crate) mod whorls;
