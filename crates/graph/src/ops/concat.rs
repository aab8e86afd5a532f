//! Concatenation.

use serde::{Deserialize, Serialize};

use super::{Operator, common_size};
#[cfg(feature = "oracle")]
use crate::oracle::{Backward, Tensor, Weights};
use crate::{Arity, NodeError, Shape, Weight};

/// Concatenation along the channels, in the order of the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Concat;

impl Operator for Concat {
    fn arity(&self) -> Arity {
        Arity::AtLeast(1)
    }

    fn channels(&self, inputs: &[usize], _: &[Weight]) -> Result<usize, NodeError> {
        Ok(inputs.iter().sum())
    }

    fn size(&self, inputs: &[Shape], _: &[Weight]) -> Result<[usize; 2], NodeError> {
        common_size(inputs)
    }

    #[cfg(feature = "oracle")]
    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let shapes: Vec<Shape> = inputs.iter().map(|input| input.shape).collect();
        let values = inputs.iter().flat_map(|input| input.values.clone());
        Tensor::new(weights.output(self, &shapes).shape, values.collect())
    }

    #[cfg(feature = "oracle")]
    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let mut rest = &pass.gradient.values[..];
        let parts = pass.inputs.iter().map(|input| {
            let (part, after) = rest.split_at(input.values.len());
            rest = after;
            Tensor::new(input.shape, part.to_vec())
        });
        parts.collect()
    }
}
