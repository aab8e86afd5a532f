//! Objectives about directions in the space of a layer's channels. Formulas: Lucid,
//! `optvis/objectives.py`.

use burn::tensor::{Tensor, TensorData};
use oneiric_model::LayerId;

use crate::{
    Measure, ObjectiveError, Reading,
    position::{Position, check_position},
};

/// Keeps the cosine finite where activations or direction vanish.
pub(crate) const COSINE_EPSILON: f32 = 1e-4;

/// Smallest cosine that counts: the gradient must not vanish for an image that points elsewhere.
pub(crate) const COSINE_FLOOR: f32 = 0.1;

/// Added to a squared norm: the root's slope at 0 is infinite, and dead positions are exactly 0.
pub(crate) const SQUARED_NORM_EPSILON: f32 = 1e-12;

/// Dot product and cosine of activations [n, c, h, w] and a constant that broadcasts to them, over
/// their channels: each [n, 1, h, w].
fn dot_and_cosine(acts: Tensor<4>, direction: Tensor<4>) -> [Tensor<4>; 2] {
    let dot = (acts.clone() * direction.clone()).sum_dim(1);
    let norm = (acts.square().sum_dim(1) + SQUARED_NORM_EPSILON).sqrt();
    let direction_norm = direction.square().sum_dim(1).sqrt();
    let norms = (norm + COSINE_EPSILON) * (direction_norm + COSINE_EPSILON);
    [dot.clone(), dot / norms]
}

/// Mean of `d * max(0.1, cos)^p`.
fn alike(acts: Tensor<4>, direction: Tensor<4>, cosine_power: f32) -> Tensor<1> {
    if cosine_power == 0.0 {
        return (acts * direction).sum_dim(1).mean();
    }
    let [dot, cosine] = dot_and_cosine(acts, direction);
    let cosine = cosine.clamp_min(COSINE_FLOOR);
    (dot * cosine.powf_scalar(cosine_power)).mean()
}

/// One number a channel as a constant [1, c, 1, 1] beside `acts`.
pub(crate) fn per_channel(numbers: &[f32], acts: &Tensor<4>) -> Tensor<4> {
    let data = TensorData::new(numbers.to_vec(), [1, numbers.len(), 1, 1]);
    Tensor::from_data(data, &acts.device().without_autodiff())
}

/// Mean over batch and positions of `d * max(0.1, cos)^p`, with d the dot product with a
/// direction and cos the cosine of the angle to it.
#[derive(Debug)]
pub(crate) struct Direction {
    pub(crate) layer: [LayerId; 1],
    pub(crate) direction: Vec<f32>,
    pub(crate) cosine_power: f32,
}

impl Measure for Direction {
    fn layers(&self) -> &[LayerId] {
        &self.layer
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let acts = reading.layers[0].clone();
        let direction = per_channel(&self.direction, &acts);
        alike(acts, direction, self.cosine_power)
    }
}

/// The same at one position; `None` is the center.
#[derive(Debug)]
pub(crate) struct DirectionNeuron {
    pub(crate) layer: [LayerId; 1],
    pub(crate) layer_name: String,
    pub(crate) direction: Vec<f32>,
    pub(crate) cosine_power: f32,
    pub(crate) position: Option<Position>,
}

impl Measure for DirectionNeuron {
    fn layers(&self) -> &[LayerId] {
        &self.layer
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let acts = Position::of(self.position, reading.layers[0].clone());
        let direction = per_channel(&self.direction, &acts);
        alike(acts, direction, self.cosine_power)
    }

    fn check(&self, sizes: &[[usize; 2]]) -> Result<(), ObjectiveError> {
        check_position(&self.layer_name, self.position, sizes[0])
    }
}

/// Mean cosine of the angle to a direction.
#[derive(Debug)]
pub(crate) struct DirectionCosine {
    pub(crate) layer: [LayerId; 1],
    pub(crate) direction: Vec<f32>,
}

impl Measure for DirectionCosine {
    fn layers(&self) -> &[LayerId] {
        &self.layer
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let acts = reading.layers[0].clone();
        let direction = per_channel(&self.direction, &acts);
        let [_, cosine] = dot_and_cosine(acts, direction);
        cosine.mean()
    }
}

/// A direction of its own at every position, about the center.
#[derive(Debug)]
pub(crate) struct TensorDirection {
    pub(crate) layer: [LayerId; 1],
    /// [1, c, h, w].
    pub(crate) directions: Tensor<4>,
    pub(crate) cosine_power: f32,
}

impl Measure for TensorDirection {
    fn layers(&self) -> &[LayerId] {
        &self.layer
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let acts = reading.layers[0].clone();
        let [[_, _, h, w], [_, _, height, width]] = [acts.dims(), self.directions.dims()];
        let size = [h.min(height), w.min(width)];
        let directions = center(self.directions.clone(), size);
        alike(center(acts, size), directions, self.cosine_power)
    }
}

/// The center of a map, the upper left one of two (rounded down, as in Lucid).
fn center(map: Tensor<4>, [height, width]: [usize; 2]) -> Tensor<4> {
    let [_, _, h, w] = map.dims();
    map.narrow(2, (h - height) / 2, height)
        .narrow(3, (w - width) / 2, width)
}
