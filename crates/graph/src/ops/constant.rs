//! Constants.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Arity, Fact, NodeError, Number, Shape, Weight,
    oracle::{Tensor, Weights},
};

/// A few numbers that are part of the graph: lengths, axes, indices, bounds. Large tensors are
/// weights, which a [`Parameter`](super::Parameter) reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Constant {
    /// The shape.
    pub shape: Shape,
    /// The values, row-major. Integers are exact up to 2^53, and true is 1.
    pub values: Vec<Number>,
}

impl Constant {
    /// Creates a constant of one axis.
    #[must_use]
    pub fn vector(values: &[i64]) -> Self {
        Self {
            shape: Shape::vector(values.len()),
            values: values.iter().map(|&value| Number(value as f64)).collect(),
        }
    }

    /// Creates a constant without axes.
    #[must_use]
    pub fn scalar(value: f64) -> Self {
        Self {
            shape: Shape::SCALAR,
            values: vec![Number(value)],
        }
    }
}

impl Operator for Constant {
    fn arity(&self) -> Arity {
        Arity::Exactly(0)
    }

    fn channels(&self, _: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        if self.shape.count() == self.values.len() {
            return Ok(self.shape.lengths().get(1).copied());
        }
        Err(NodeError::Invalid {
            reason: format!(
                "a constant of the shape {} has {} values, but its shape holds {}",
                self.shape,
                self.values.len(),
                self.shape.count()
            ),
        })
    }

    fn shape(&self, _: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        Ok(self.shape)
    }

    fn forward(&self, _: &[&Tensor], _: &Weights<'_>) -> Tensor {
        Tensor::new(
            self.shape,
            self.values.iter().map(|value| value.0).collect(),
        )
    }
}
