//! Softmax.

use serde::{Deserialize, Serialize};

use super::Operator;
#[cfg(feature = "oracle")]
use crate::oracle::{Backward, Tensor, Weights};
use crate::{NodeError, Shape, Weight};

/// The softmax over the channels at each position: `y_i = exp(x_i) / sum_j exp(x_j)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Softmax;

impl Operator for Softmax {
    fn channels(&self, inputs: &[usize], _: &[Weight]) -> Result<usize, NodeError> {
        Ok(inputs[0])
    }

    fn size(&self, inputs: &[Shape], _: &[Weight]) -> Result<[usize; 2], NodeError> {
        Ok(inputs[0].size())
    }

    #[cfg(feature = "oracle")]
    fn forward(&self, inputs: &[&Tensor], _: &Weights<'_>) -> Tensor {
        let x = inputs[0];
        let plane = x.shape.height * x.shape.width;
        let mut y = x.clone();
        for at in 0..plane {
            let places = || (0..x.shape.channels).map(|channel| channel * plane + at);
            let largest = places().map(|i| x.values[i]).fold(f64::MIN, f64::max);
            let sum: f64 = places().map(|i| (x.values[i] - largest).exp()).sum();
            for i in places() {
                y.values[i] = (x.values[i] - largest).exp() / sum;
            }
        }
        y
    }

    #[cfg(feature = "oracle")]
    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let (y, g) = (pass.output, pass.gradient);
        let plane = y.shape.height * y.shape.width;
        let mut gradient = y.clone();
        for at in 0..plane {
            let places = || (0..y.shape.channels).map(|channel| channel * plane + at);
            let dot: f64 = places().map(|i| y.values[i] * g.values[i]).sum();
            for i in places() {
                gradient.values[i] = y.values[i] * (g.values[i] - dot);
            }
        }
        vec![gradient]
    }
}
