//! The operators: one file each, and this list.

mod add;
mod average_pool;
mod concat;
mod conv;
mod gemm;
mod global_average_pool;
mod input;
mod lrn;
mod max_pool;
mod relu;
mod softmax;

pub use add::Add;
pub use average_pool::AveragePool;
pub use concat::Concat;
pub use conv::{Conv, ConvConfig};
pub use gemm::Gemm;
pub use global_average_pool::GlobalAveragePool;
pub use input::Input;
pub use lrn::Lrn;
pub use max_pool::MaxPool;
pub use relu::Relu;
use serde::{Deserialize, Serialize};
pub use softmax::Softmax;

#[cfg(feature = "oracle")]
use crate::oracle::{Backward, Tensor};
use crate::{Arity, NodeError, Shape, Weight, WeightId};

/// The rules of one operator.
pub(crate) trait Operator {
    /// The number of inputs.
    fn arity(&self) -> Arity {
        Arity::Exactly(1)
    }

    /// The weights that the operator reads.
    fn weights(&self) -> Vec<WeightId> {
        Vec::new()
    }

    /// Checks the settings and the weights against the channels of the inputs, of which there are
    /// as many as the arity says, and returns the channels of the output.
    fn channels(&self, inputs: &[usize], weights: &[Weight]) -> Result<usize, NodeError>;

    /// Infers the rows and columns of the output.
    fn size(&self, inputs: &[Shape], weights: &[Weight]) -> Result<[usize; 2], NodeError>;

    /// Counts the multiplications that come with an addition.
    fn multiply_adds(&self, _inputs: &[Shape], _output: Shape, _weights: &[Weight]) -> u64 {
        0
    }

    /// The operator's definition: the output for inputs and the values of the graph's weights.
    #[cfg(feature = "oracle")]
    fn forward(&self, inputs: &[&Tensor], weights: &crate::oracle::Weights<'_>) -> Tensor;

    /// The gradients of the inputs, in their order.
    #[cfg(feature = "oracle")]
    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor>;
}

/// Declares the operators: an enum with one variant for each, and its way to the operator's rules.
macro_rules! operators {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// The operator of a node, which computes its output from its inputs.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Op {
            $($(#[$doc])* $name($name),)+
        }

        impl Op {
            fn rules(&self) -> &dyn Operator {
                match self {
                    $(Self::$name(op) => op,)+
                }
            }

            /// The operator's name, such as `Conv`.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)+
                }
            }
        }

        $(impl From<$name> for Op {
            fn from(op: $name) -> Self {
                Self::$name(op)
            }
        })+
    };
}

operators! {
    /// The image.
    Input,
    /// Convolution.
    Conv,
    /// The larger of the value and 0.
    Relu,
    /// Maximum over windows.
    MaxPool,
    /// Mean over windows.
    AveragePool,
    /// Local response normalization across channels.
    Lrn,
    /// Concatenation along the channels.
    Concat,
    /// Sum of tensors of one shape.
    Add,
    /// Mean over all positions.
    GlobalAveragePool,
    /// Matrix product with the input as one vector.
    Gemm,
    /// Softmax over the channels.
    Softmax,
}

impl Op {
    /// The weights that the operator reads.
    #[must_use]
    pub fn weights(&self) -> Vec<WeightId> {
        self.rules().weights()
    }

    pub(crate) fn channels(
        &self,
        inputs: &[usize],
        weights: &[Weight],
    ) -> Result<usize, NodeError> {
        let expected = self.rules().arity();
        if !expected.allows(inputs.len()) {
            return Err(NodeError::Arity {
                expected,
                found: inputs.len(),
            });
        }
        self.rules().channels(inputs, weights)
    }

    pub(crate) fn size(
        &self,
        inputs: &[Shape],
        weights: &[Weight],
    ) -> Result<[usize; 2], NodeError> {
        self.rules().size(inputs, weights)
    }

    pub(crate) fn multiply_adds(&self, inputs: &[Shape], output: Shape, weights: &[Weight]) -> u64 {
        self.rules().multiply_adds(inputs, output, weights)
    }

    #[cfg(feature = "oracle")]
    pub(crate) fn forward(
        &self,
        inputs: &[&Tensor],
        weights: &crate::oracle::Weights<'_>,
    ) -> Tensor {
        self.rules().forward(inputs, weights)
    }

    #[cfg(feature = "oracle")]
    pub(crate) fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        self.rules().backward(pass)
    }
}

/// Checks that all inputs have the size of the first, and returns it.
pub(crate) fn common_size(inputs: &[Shape]) -> Result<[usize; 2], NodeError> {
    let expected = inputs[0].size();
    match inputs.iter().find(|input| input.size() != expected) {
        Some(other) => Err(NodeError::Sizes {
            expected,
            found: other.size(),
        }),
        None => Ok(expected),
    }
}
