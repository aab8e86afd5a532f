//! Classes of one thing with a centre, seen at any angle.

pub(crate) mod machines;
pub(crate) mod nature;
pub(crate) mod rounds;
