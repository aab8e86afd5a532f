//! The choice between two tensors.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Arity, Fact, NodeError, Shape, Weight,
    oracle::{Tensor, Weights},
};

/// The values of the second tensor where the first is true (not 0), and those of the third
/// elsewhere; all three are broadcast to one shape. ONNX calls it `Where`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Select;

impl Operator for Select {
    fn arity(&self) -> Arity {
        Arity::Exactly(3)
    }

    fn channels(&self, _: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        Ok(None)
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        let values = inputs[1].shape.broadcast(&inputs[2].shape)?;
        inputs[0].shape.broadcast(&values)
    }

    fn is_smooth(&self, input: usize) -> bool {
        input > 0
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let shape = weights.shape_of(self, inputs);
        Tensor::from_index(shape, |index| {
            let chosen = if inputs[0].at_broadcast(index) == 0.0 {
                2
            } else {
                1
            };
            inputs[chosen].at_broadcast(index)
        })
    }
}
