//! Global average pooling.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Fact, NodeError, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

/// The mean over all positions: [1, channels, height, width] to
/// [1, channels, 1, 1].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GlobalAveragePool;

impl Operator for GlobalAveragePool {
    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        Ok(inputs[0])
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        let (items, map) = inputs[0].shape.maps()?;
        Shape::of(&[items, map.channels, 1, 1])
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let (_, map) = inputs[0].maps();
        let plane = map.height * map.width;
        let means = inputs[0].values.chunks(plane);
        let means = means.map(|values| values.iter().sum::<f64>() / plane as f64);
        Tensor::new(weights.shape_of(self, inputs), means.collect())
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let shape = pass.inputs[0].shape;
        let (_, map) = pass.inputs[0].maps();
        let plane = map.height * map.width;
        let values = (0..shape.count()).map(|at| pass.gradient.values[at / plane] / plane as f64);
        vec![Tensor::new(shape, values.collect())]
    }
}
