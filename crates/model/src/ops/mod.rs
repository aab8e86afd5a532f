//! The network's operations, each in a file of its own: what a faster kernel would replace.
//!
//! All take and give [n, channels, height, width] and are differentiable with respect to their
//! input; weights are constants.

mod conv;
mod frozen;
mod lrn;
mod pool;
mod relu;

pub use conv::ConvWeights;
pub(crate) use conv::conv2d;
pub(crate) use frozen::{forward_frozen, frozen};
pub(crate) use lrn::LrnKernel;
pub(crate) use pool::{global_average_pool, max_pool};
pub use relu::redirected_relu;
pub(crate) use relu::relu;
