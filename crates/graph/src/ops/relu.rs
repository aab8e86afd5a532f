//! The rectified linear unit.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{NodeError, Shape, Weight};
#[cfg(feature = "oracle")]
use crate::{
    ReluGradient,
    oracle::{Backward, Tensor, Weights},
};

/// The larger of the value and 0. NaN stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Relu;

impl Operator for Relu {
    fn channels(&self, inputs: &[usize], _: &[Weight]) -> Result<usize, NodeError> {
        Ok(inputs[0])
    }

    fn size(&self, inputs: &[Shape], _: &[Weight]) -> Result<[usize; 2], NodeError> {
        Ok(inputs[0].size())
    }

    #[cfg(feature = "oracle")]
    fn forward(&self, inputs: &[&Tensor], _: &Weights<'_>) -> Tensor {
        inputs[0].map(|value| if value <= 0.0 { 0.0 } else { value })
    }

    #[cfg(feature = "oracle")]
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
