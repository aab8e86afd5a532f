//! Addition.

use serde::{Deserialize, Serialize};

use super::{Operator, common_size};
#[cfg(feature = "oracle")]
use crate::oracle::{Backward, Tensor, Weights};
use crate::{Arity, NodeError, Shape, Weight};

/// The sum of two or more tensors of one shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Add;

impl Operator for Add {
    fn arity(&self) -> Arity {
        Arity::AtLeast(2)
    }

    fn channels(&self, inputs: &[usize], _: &[Weight]) -> Result<usize, NodeError> {
        let expected = inputs[0];
        match inputs.iter().find(|&&input| input != expected) {
            Some(&found) => Err(NodeError::Channels { expected, found }),
            None => Ok(expected),
        }
    }

    fn size(&self, inputs: &[Shape], _: &[Weight]) -> Result<[usize; 2], NodeError> {
        common_size(inputs)
    }

    #[cfg(feature = "oracle")]
    fn forward(&self, inputs: &[&Tensor], _: &Weights<'_>) -> Tensor {
        let mut sum = Tensor::zeros(inputs[0].shape);
        for input in inputs {
            for (sum, value) in sum.values.iter_mut().zip(&input.values) {
                *sum += value;
            }
        }
        sum
    }

    #[cfg(feature = "oracle")]
    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        vec![pass.gradient.clone(); pass.inputs.len()]
    }
}
