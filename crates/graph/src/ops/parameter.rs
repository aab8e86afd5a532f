//! Weights as tensors.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Arity, Fact, NodeError, Shape, Weight, WeightId,
    oracle::{Tensor, Weights},
    weight::declared,
};

/// A weight as the tensor of a node, for operators that take it as an input: the factor of a
/// multiplication, the matrix of a product, an embedding of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Parameter {
    /// The weight.
    pub weight: WeightId,
}

impl Operator for Parameter {
    fn arity(&self) -> Arity {
        Arity::Exactly(0)
    }

    fn weights(&self) -> Vec<WeightId> {
        vec![self.weight]
    }

    fn channels(
        &self,
        _: &[Option<usize>],
        weights: &[Weight],
    ) -> Result<Option<usize>, NodeError> {
        let shape = Shape::of(&declared(weights, self.weight)?.shape)?;
        Ok(shape.lengths().get(1).copied())
    }

    fn shape(&self, _: &[Fact<'_>], weights: &[Weight]) -> Result<Shape, NodeError> {
        Shape::of(&weights[self.weight.0].shape)
    }

    /// Its values are the executor's, which the graph does not hold.
    fn is_known(&self, _: &[Fact<'_>]) -> bool {
        false
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let values = weights.values(self.weight).iter();
        let values = values.map(|value| f64::from(*value)).collect();
        Tensor::new(weights.shape_of(self, inputs), values)
    }
}
