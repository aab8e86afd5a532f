//! The operations on blocked tensors. Everything here works on raw memory that a plan has laid
//! out; each operation says which part of it a task writes, and no two tasks of a level write the
//! same.

mod average;
mod cells;
mod context;
mod conv;
mod lrn;
mod lrn_gradient;
mod pointwise;
mod pool;
mod pool_gradient;
mod redirect;
mod step;
mod tile;
mod transfer;
mod winograd;
mod winograd_tile;

pub(crate) use average::Average;
pub(crate) use cells::{Cells, ToCells};
pub(crate) use context::Context;
pub(crate) use conv::{Group, Out, Sweep, Tap};
pub(crate) use lrn::LrnForward;
pub(crate) use lrn_gradient::LrnGradient;
pub(crate) use pointwise::{Pointwise, PointwiseKind};
pub(crate) use pool::{MaxPool, Window};
pub(crate) use pool_gradient::MaxPoolGradient;
pub(crate) use redirect::Redirect;
pub(crate) use step::{Step, run_step};
pub(crate) use transfer::{FromLanes, GradientSource, InputGradient, Part, ToLanes};
pub(crate) use winograd::Winograd;
