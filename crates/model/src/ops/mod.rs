//! The operators by burn's operations: one file each, and the list in [`burn_op`].
//!
//! All take and return [`Value`]s and are differentiable with respect to their inputs. docs/adding-an-operator.md is the recipe for a new one.

mod add;
mod attention;
mod average_pool;
mod binary;
mod concat;
mod conv;
mod conv_transpose;
mod crop;
mod frozen;
mod gemm;
mod global_average_pool;
mod layer_norm;
mod lrn;
mod matmul;
mod max_pool;
#[cfg(test)]
mod onnx_cases;
mod padding;
mod parameter;
mod rearrange;
mod reduce;
mod relu;
mod reshape;
mod resize;
mod select;
mod softmax;
#[cfg(test)]
mod testing;
mod tokens;
mod unary;
mod value;

use burn::tensor::Device;
use oneiric_graph::{Op, ReluGradient};

pub(crate) use frozen::forward_frozen;
pub(crate) use lrn::LrnBands;
pub use relu::redirected_relu;
pub(crate) use relu::relu;
pub(crate) use value::{Inputs, Value, holds, known, lengths};

use crate::NetworkWeights;

/// An operator that burn can compute.
pub(crate) trait BurnOp {
    /// Computes the output. The number of inputs is one that the operator's arity allows.
    fn run(&self, inputs: Inputs<'_>, pass: &Pass<'_>) -> Value;
}

/// The data that an operator may read in a forward pass besides its inputs.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    pub(crate) weights: &'a NetworkWeights,
    pub(crate) bands: &'a LrnBands,
    pub(crate) relu: ReluGradient,
    /// The device of the weights, without autodiff.
    pub(crate) device: Device,
}

/// Returns the implementation of an operator; `None` for the input, which is given, and for
/// operators whose output never depends on what the image shows.
pub(crate) fn burn_op(op: &Op) -> Option<&dyn BurnOp> {
    match op {
        Op::Conv(op) => Some(op),
        Op::ConvTranspose(op) => Some(op),
        Op::Relu(op) => Some(op),
        Op::MaxPool(op) => Some(op),
        Op::Lrn(op) => Some(op),
        Op::Concat(op) => Some(op),
        Op::Add(op) => Some(op),
        Op::AveragePool(op) => Some(op),
        Op::GlobalAveragePool(op) => Some(op),
        Op::Gemm(op) => Some(op),
        Op::Softmax(op) => Some(op),
        Op::Parameter(op) => Some(op),
        Op::MatMul(op) => Some(op),
        Op::Reshape(op) => Some(op),
        Op::Unary(op) => Some(op),
        Op::Binary(op) => Some(op),
        Op::Select(op) => Some(op),
        Op::Reduce(op) => Some(op),
        Op::LayerNorm(op) => Some(op),
        Op::Rearrange(op) => Some(op),
        Op::Resize(op) => Some(op),
        Op::Crop(op) => Some(op),
        Op::Tokens(op) => Some(op),
        Op::Attention(op) => Some(op),
        _ => None,
    }
}
