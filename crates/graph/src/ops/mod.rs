//! The operators: one file each, and this list.

mod add;
mod attention;
mod average_pool;
mod binary;
mod concat;
mod constant;
mod conv;
mod conv_transpose;
mod crop;
mod differences;
mod gemm;
mod generate;
mod global_average_pool;
mod input;
mod layer_norm;
mod lrn;
mod matmul;
mod max_pool;
mod parameter;
mod products;
mod rearrange;
mod reduce;
mod relu;
mod reshape;
mod resize;
mod select;
mod shape_of;
mod softmax;
mod tokens;
mod unary;

pub use add::Add;
pub use attention::Attention;
pub use average_pool::AveragePool;
pub use binary::Binary;
pub use concat::Concat;
pub use constant::Constant;
pub use conv::{Conv, ConvConfig};
pub use conv_transpose::{ConvTranspose, TransposedAxis};
pub use crop::Crop;
pub use gemm::Gemm;
pub use generate::Generate;
pub use global_average_pool::GlobalAveragePool;
pub use input::Input;
pub use layer_norm::LayerNorm;
pub use lrn::Lrn;
pub use matmul::MatMul;
pub use max_pool::MaxPool;
pub use parameter::Parameter;
pub use rearrange::{Arrangement, Fill, Rearrange};
pub use reduce::{Reduce, Reduction};
pub use relu::Relu;
pub use reshape::Reshape;
pub use resize::{Coordinates, Fit, Halves, Interpolation, Resize, Taps};
pub use select::Select;
use serde::{Deserialize, Serialize};
pub use shape_of::ShapeOf;
pub use softmax::Softmax;
pub use tokens::Tokens;
pub use unary::Unary;

use crate::{
    Arity, Fact, NodeError, Shape, Weight, WeightId,
    oracle::{Backward, Tensor, Weights},
};

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
    /// as many as the arity says, and returns the channels of the output. Channels are the length
    /// of axis 1 where it is the same for images of all sizes; `None` if that is not known.
    fn channels(
        &self,
        inputs: &[Option<usize>],
        weights: &[Weight],
    ) -> Result<Option<usize>, NodeError>;

    /// Infers the shape of the output.
    fn shape(&self, inputs: &[Fact<'_>], weights: &[Weight]) -> Result<Shape, NodeError>;

    /// Returns true if the output does not depend on what the image shows.
    fn is_known(&self, inputs: &[Fact<'_>]) -> bool {
        inputs.iter().all(|input| input.values.is_some())
    }

    /// Counts the multiplications that come with an addition.
    fn multiply_adds(&self, _inputs: &[Shape], _output: Shape, _weights: &[Weight]) -> u64 {
        0
    }

    /// The operator's definition: the output for inputs and the values of the graph's weights.
    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor;

    /// Returns true if the output changes with an input gradually: it is no index, and no length.
    fn is_smooth(&self, _input: usize) -> bool {
        true
    }

    /// The gradients of the inputs, in their order: by central differences of the definition
    /// unless the operator says otherwise.
    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        differences::gradients(self, pass)
    }
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
    /// Transposed convolution.
    ConvTranspose,
    /// The larger of the value and 0.
    Relu,
    /// Maximum over windows.
    MaxPool,
    /// Mean over windows.
    AveragePool,
    /// Local response normalization across channels.
    Lrn,
    /// Concatenation along an axis.
    Concat,
    /// Sum of tensors of one shape.
    Add,
    /// Mean over all positions.
    GlobalAveragePool,
    /// Matrix product with the input as one vector.
    Gemm,
    /// Softmax along an axis.
    Softmax,
    /// Numbers that are part of the graph.
    Constant,
    /// A weight as a tensor.
    Parameter,
    /// Matrix product of two tensors.
    MatMul,
    /// Other axes for the same values.
    Reshape,
    /// The lengths of a tensor's axes.
    ShapeOf,
    /// Function of single values.
    Unary,
    /// Function of two values.
    Binary,
    /// Choice between two tensors.
    Select,
    /// Reduction along axes.
    Reduce,
    /// Normalization over axes.
    LayerNorm,
    /// Known values from known numbers.
    Generate,
    /// Movement of values.
    Rearrange,
    /// Resizing.
    Resize,
    /// Some channels, rows and columns.
    Crop,
    /// Positions as one row of tokens.
    Tokens,
    /// Attention of positions to positions.
    Attention,
}

impl Op {
    /// The weights that the operator reads.
    #[must_use]
    pub fn weights(&self) -> Vec<WeightId> {
        self.rules().weights()
    }

    /// The weights that the operator reads, to give them other numbers.
    pub(crate) fn weights_mut(&mut self) -> Vec<&mut WeightId> {
        match self {
            Self::Conv(Conv { weight, bias, .. })
            | Self::ConvTranspose(ConvTranspose { weight, bias, .. })
            | Self::Gemm(Gemm { weight, bias, .. }) => [weight].into_iter().chain(bias).collect(),
            Self::Parameter(Parameter { weight }) => vec![weight],
            Self::Tokens(Tokens { prefix, embedding }) => {
                prefix.iter_mut().chain(embedding).collect()
            }
            _ => Vec::new(),
        }
    }

    pub(crate) fn channels(
        &self,
        inputs: &[Option<usize>],
        weights: &[Weight],
    ) -> Result<Option<usize>, NodeError> {
        let expected = self.rules().arity();
        if !expected.allows(inputs.len()) {
            return Err(NodeError::Arity {
                expected,
                found: inputs.len(),
            });
        }
        self.rules().channels(inputs, weights)
    }

    pub(crate) fn shape(
        &self,
        inputs: &[Fact<'_>],
        weights: &[Weight],
    ) -> Result<Shape, NodeError> {
        self.rules().shape(inputs, weights)
    }

    pub(crate) fn is_known(&self, inputs: &[Fact<'_>]) -> bool {
        self.rules().is_known(inputs)
    }

    pub(crate) fn multiply_adds(&self, inputs: &[Shape], output: Shape, weights: &[Weight]) -> u64 {
        self.rules().multiply_adds(inputs, output, weights)
    }

    pub(crate) fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        self.rules().forward(inputs, weights)
    }

    pub(crate) fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        self.rules().backward(pass)
    }
}

/// Checks that the inputs' channels, as far as they are known, are those of the first.
pub(crate) fn common_channels(inputs: &[Option<usize>]) -> Result<Option<usize>, NodeError> {
    let mut known = inputs.iter().flatten().copied();
    let Some(expected) = known.next() else {
        return Ok(None);
    };
    match known.find(|&found| found != expected) {
        Some(found) => Err(NodeError::Channels { expected, found }),
        None => Ok(Some(expected)),
    }
}
