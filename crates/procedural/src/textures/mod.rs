//! Classes of textures, which fill the picture at any angle.

pub(crate) mod bands;
pub(crate) mod grain;
pub(crate) mod lines;
pub(crate) mod spots;
pub(crate) mod tiles;
