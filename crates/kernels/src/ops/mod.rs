//! The operators: one file each, and this list.

mod add;
mod attention;
mod average_pool;
mod binary;
mod concat;
pub(crate) mod conv;
pub(crate) mod crop;
mod gemm;
mod global_average_pool;
mod input;
mod layer_norm;
mod lrn;
mod max_pool;
mod relu;
mod tokens;
mod unary;

use oneiric_graph::Op;

use crate::{
    kernel::Rectifier,
    pack::Packing,
    plan::{Backward, Draft, Forward},
};

/// The part of an operator in each stage of a network.
pub(crate) trait Operator {
    /// The reason why the kernels cannot run the operator with these settings, given the used lanes
    /// of each block of the inputs.
    fn unsupported(&self, inputs: &[&[usize]]) -> Option<&'static str> {
        let _ = inputs;
        None
    }

    /// The used lanes of each block of the output, from those of the inputs: as the first input
    /// unless the operator says otherwise.
    fn lanes(&self, inputs: &[&[usize]], channels: usize) -> Vec<usize> {
        let _ = channels;
        inputs[0].to_vec()
    }

    /// True if the channels of all inputs must lie in the same lanes.
    fn needs_equal_blocks(&self) -> bool {
        false
    }

    /// True if the operator can read an image of few channels without padding between pixels.
    fn reads_interleaved(&self) -> bool {
        false
    }

    /// The bounds of the operator, if it is a rectified linear unit.
    fn rectifier(&self) -> Option<Rectifier> {
        None
    }

    /// True if the operator can apply a rectified linear unit to its output, which then needs no
    /// memory of its own.
    fn applies_relu(&self) -> bool {
        false
    }

    /// The first block of the input that the output is, if it is a part of its input and no work.
    fn lies_in_input(&self, inputs: &[&[usize]]) -> Option<usize> {
        let _ = inputs;
        None
    }

    /// True if the inputs may lie in the output, one behind the other.
    fn holds_inputs(&self) -> bool {
        false
    }

    /// Packs the weights.
    fn pack(&self, packing: &mut Packing<'_>, node: usize) {
        let _ = (packing, node);
    }

    /// Widens the zeros around tensors as far as steps of the operator read them, and asks for
    /// memory of its own.
    fn reserve(&self, draft: &mut Draft<'_>, node: usize) {
        let _ = (draft, node);
    }

    /// Adds the steps that compute a node.
    fn forward(&self, plan: &mut Forward<'_>, node: usize);

    /// Adds the steps from a node's gradient, which is complete, to those of its inputs.
    fn backward(&self, plan: &mut Backward<'_>, node: usize);
}

/// Lists the operators that the kernels have.
macro_rules! operators {
    ($($name:ident),+ $(,)?) => {
        /// The kernels' part of an operator, if they have it.
        pub(crate) fn operator(op: &Op) -> Option<&dyn Operator> {
            match op {
                $(Op::$name(op) => Some(op),)+
                _ => None,
            }
        }
    };
}

operators! {
    Input,
    Conv,
    Relu,
    Unary,
    Binary,
    LayerNorm,
    MaxPool,
    AveragePool,
    Lrn,
    Concat,
    Add,
    GlobalAveragePool,
    Gemm,
    Crop,
    Tokens,
    Attention,
}
