//! Test helpers of the workspace: the tolerance helper, finite differences, slow and obvious
//! oracles, and results of other frameworks where a checkout has them beside it.

#![forbid(unsafe_code)]

mod array;
mod caffemodel;
mod devices;
mod dft;
mod gradient;
mod graphdef;
mod protobuf;
mod shared;

pub use array::{Array, Tolerance, assert_close, difference};
pub use caffemodel::caffemodel_blobs;
pub use devices::devices;
pub use dft::{naive_irfft2, naive_rfft2};
pub use gradient::assert_gradient;
pub use graphdef::graphdef_constants;
pub use shared::{Oracle, shared};
