//! The operators by burn's operations: one file each, and the list in [`burn_op`].
//!
//! All take and return [n, channels, height, width] and are differentiable with respect to their
//! inputs. docs/adding-an-operator.md is the recipe for a new one.

mod add;
mod average_pool;
mod concat;
mod conv;
mod frozen;
mod gemm;
mod global_average_pool;
mod lrn;
mod max_pool;
mod padding;
mod relu;
mod softmax;
#[cfg(test)]
mod testing;

use burn::tensor::Tensor;
use oneiric_graph::{Op, ReluGradient};

pub(crate) use frozen::forward_frozen;
pub(crate) use lrn::LrnBands;
pub use relu::redirected_relu;
pub(crate) use relu::relu;

use crate::NetworkWeights;

/// An operator that burn can compute.
pub(crate) trait BurnOp {
    /// Computes the output. The number of `inputs` is the operator's arity.
    fn run(&self, inputs: Vec<Tensor<4>>, pass: &Pass<'_>) -> Tensor<4>;
}

/// The data that an operator may read in a forward pass besides its inputs.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    pub(crate) weights: &'a NetworkWeights,
    pub(crate) bands: &'a LrnBands,
    pub(crate) relu: ReluGradient,
}

/// Returns the implementation of an operator; `None` for the input, which is given, and for
/// operators that burn does not compute.
pub(crate) fn burn_op(op: &Op) -> Option<&dyn BurnOp> {
    match op {
        Op::Conv(op) => Some(op),
        Op::Relu(op) => Some(op),
        Op::MaxPool(op) => Some(op),
        Op::Lrn(op) => Some(op),
        Op::Concat(op) => Some(op),
        Op::Add(op) => Some(op),
        Op::AveragePool(op) => Some(op),
        Op::GlobalAveragePool(op) => Some(op),
        Op::Gemm(op) => Some(op),
        Op::Softmax(op) => Some(op),
        _ => None,
    }
}

/// Returns the only input of an operator that takes one.
fn only(inputs: Vec<Tensor<4>>) -> Tensor<4> {
    let [input] = <[Tensor<4>; 1]>::try_from(inputs).expect("checked by the graph");
    input
}
