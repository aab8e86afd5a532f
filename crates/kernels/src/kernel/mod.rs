//! The operations on blocked tensors.
//!
//! Steps work on raw memory that a plan has laid out. Each describes the memory that a task touches
//! (`accesses`) next to the code that touches it (`run`); `validate` checks the descriptions of
//! all tasks of a program.

mod access;
mod apply;
mod attention;
mod average;
mod average_pool;
mod cells;
mod context;
mod conv;
mod depthwise;
mod function;
mod gemm;
mod layer_norm;
mod lrn;
mod lrn_gradient;
mod matrix;
mod pointwise;
mod pool;
mod pool_gradient;
mod product;
mod rectifier;
mod redirect;
mod step;
mod sum;
mod tile;
mod tokens;
mod transfer;
mod winograd;
mod winograd_tile;

pub(crate) use access::{Access, Space, Use};
pub(crate) use apply::Apply;
pub(crate) use attention::{Attention, AttentionGradient};
pub(crate) use average::Average;
pub(crate) use average_pool::{AveragePool, AveragePoolGradient};
pub(crate) use cells::{Cells, ToCells};
pub(crate) use context::Context;
pub(crate) use conv::{Group, Out, Sweep, Tap};
pub(crate) use depthwise::{ChannelTap, Depthwise};
pub(crate) use function::Function;
pub(crate) use gemm::{Gemm, GemmGradient};
pub(crate) use layer_norm::LayerNorm;
pub(crate) use lrn::{Lines, LrnForward};
pub(crate) use lrn_gradient::LrnGradient;
pub(crate) use pointwise::{Pointwise, PointwiseKind};
pub(crate) use pool::{MaxPool, Window};
pub(crate) use pool_gradient::MaxPoolGradient;
pub(crate) use product::{Product, ProductSum};
pub(crate) use rectifier::Rectifier;
pub(crate) use redirect::Redirect;
pub(crate) use step::{Step, run_step};
pub(crate) use sum::{Sum, Term};
pub(crate) use tokens::Tokens;
pub(crate) use transfer::{FromLanes, GradientSource, InputGradient, Part, ToLanes};
pub(crate) use winograd::Winograd;
