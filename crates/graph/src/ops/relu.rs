//! The rectified linear unit.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Fact, NodeError, ReluGradient, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

/// The larger of the value and 0. NaN stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Relu;

impl Operator for Relu {
    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        Ok(inputs[0])
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        Ok(inputs[0].shape)
    }

    fn forward(&self, inputs: &[&Tensor], _: &Weights<'_>) -> Tensor {
        inputs[0].map(|value| if value <= 0.0 { 0.0 } else { value })
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let passes = |is_passed: fn(f64, f64) -> bool| {
            let pairs = pass.gradient.values.iter().zip(&pass.output.values);
            let values = pairs.map(|(&g, &y)| if is_passed(g, y) { g } else { 0.0 });
            Tensor::new(pass.output.shape, values.collect())
        };
        let plain = passes(|_, y| y > 0.0 || y.is_nan());
        let is_dead = plain.values.iter().all(|value| *value == 0.0);
        vec![match pass.relu {
            // The gradient is that of a loss to be minimized: a negative one raises the input.
            ReluGradient::Redirected if is_dead => passes(|g, y| y > 0.0 || y.is_nan() || g < 0.0),
            _ => plain,
        }]
    }
}
