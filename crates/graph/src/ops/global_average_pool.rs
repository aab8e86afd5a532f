//! Global average pooling.

use serde::{Deserialize, Serialize};

use super::Operator;
#[cfg(feature = "oracle")]
use crate::oracle::{Backward, Tensor, Weights};
use crate::{NodeError, Shape, Weight};

/// The mean over all positions: [channels, height, width] to [channels, 1, 1].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GlobalAveragePool;

impl Operator for GlobalAveragePool {
    fn channels(&self, inputs: &[usize], _: &[Weight]) -> Result<usize, NodeError> {
        Ok(inputs[0])
    }

    fn size(&self, _: &[Shape], _: &[Weight]) -> Result<[usize; 2], NodeError> {
        Ok([1, 1])
    }

    #[cfg(feature = "oracle")]
    fn forward(&self, inputs: &[&Tensor], _: &Weights<'_>) -> Tensor {
        let shape = inputs[0].shape;
        let plane = shape.height * shape.width;
        let means = inputs[0].values.chunks(plane);
        let means = means.map(|values| values.iter().sum::<f64>() / plane as f64);
        Tensor::new(Shape::new(shape.channels, [1, 1]), means.collect())
    }

    #[cfg(feature = "oracle")]
    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let shape = pass.inputs[0].shape;
        let plane = shape.height * shape.width;
        let values = (0..shape.count()).map(|at| pass.gradient.values[at / plane] / plane as f64);
        vec![Tensor::new(shape, values.collect())]
    }
}
