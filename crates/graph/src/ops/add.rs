//! Addition.

use serde::{Deserialize, Serialize};

use super::{Operator, common_channels};
use crate::{
    Arity, Fact, NodeError, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

/// The sum of two or more tensors of one shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Add;

impl Operator for Add {
    fn arity(&self) -> Arity {
        Arity::AtLeast(2)
    }

    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        common_channels(inputs)
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        let expected = inputs[0].shape;
        match inputs.iter().find(|input| input.shape != expected) {
            Some(other) => Err(NodeError::Shapes {
                expected: expected.lengths().to_vec(),
                found: other.shape.lengths().to_vec(),
            }),
            None => Ok(expected),
        }
    }

    fn forward(&self, inputs: &[&Tensor], _: &Weights<'_>) -> Tensor {
        let mut sum = Tensor::zeros(inputs[0].shape);
        for input in inputs {
            for (sum, value) in sum.values.iter_mut().zip(&input.values) {
                *sum += value;
            }
        }
        sum
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        vec![pass.gradient.clone(); pass.inputs.len()]
    }
}
