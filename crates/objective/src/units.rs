//! Objectives about activations. Formulas: Lucid, `optvis/objectives.py`.

use burn::tensor::{Tensor, TensorData};
use oneiric_model::LayerId;

use crate::{Measure, ObjectiveError, Reading};

/// Keeps the cosine finite where activations or direction vanish.
const COSINE_EPSILON: f32 = 1e-4;

/// Smallest cosine that counts: the gradient must not vanish for an image that points elsewhere.
const COSINE_FLOOR: f32 = 0.1;

/// Added to a squared norm: the root's slope at 0 is infinite, and dead positions are exactly 0.
const SQUARED_NORM_EPSILON: f32 = 1e-12;

/// Mean of one channel.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) layer: [LayerId; 1],
    pub(crate) channel: usize,
}

impl Measure for Channel {
    fn layers(&self) -> &[LayerId] {
        &self.layer
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        reading.layers[0].clone().narrow(1, self.channel, 1).mean()
    }
}

/// Mean over the batch of one channel at one position; `None` is the centre.
#[derive(Debug)]
pub(crate) struct Neuron {
    pub(crate) layer: [LayerId; 1],
    pub(crate) layer_name: String,
    pub(crate) channel: usize,
    pub(crate) position: Option<Position>,
}

/// Column and row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position {
    pub(crate) x: usize,
    pub(crate) y: usize,
}

impl Measure for Neuron {
    fn layers(&self) -> &[LayerId] {
        &self.layer
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let acts = reading.layers[0].clone();
        let [_, _, height, width] = acts.dims();
        let centre = Position {
            x: width / 2,
            y: height / 2,
        };
        let Position { x, y } = self.position.unwrap_or(centre);
        acts.narrow(1, self.channel, 1)
            .narrow(2, y, 1)
            .narrow(3, x, 1)
            .mean()
    }

    fn check(&self, sizes: &[[usize; 2]]) -> Result<(), ObjectiveError> {
        let [height, width] = sizes[0];
        match self.position {
            Some(Position { x, y }) if x >= width || y >= height => Err(ObjectiveError::Position {
                layer: self.layer_name.clone(),
                x,
                y,
                width,
                height,
            }),
            _ => Ok(()),
        }
    }
}

/// Mean square of a whole layer (DeepDream).
#[derive(Debug)]
pub(crate) struct WholeLayer {
    pub(crate) layer: [LayerId; 1],
}

impl Measure for WholeLayer {
    fn layers(&self) -> &[LayerId] {
        &self.layer
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        reading.layers[0].clone().square().mean()
    }
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
        let shape = [1, self.direction.len(), 1, 1];
        let data = TensorData::new(self.direction.clone(), shape);
        let direction = Tensor::<4>::from_data(data, &acts.device().without_autodiff());
        let dot = (acts.clone() * direction).sum_dim(1);
        if self.cosine_power == 0.0 {
            return dot.mean();
        }
        let norm = (acts.square().sum_dim(1) + SQUARED_NORM_EPSILON).sqrt();
        let direction_norm = self.direction.iter().map(|v| v * v).sum::<f32>().sqrt();
        let norms = (norm + COSINE_EPSILON) * (direction_norm + COSINE_EPSILON);
        let cosine = (dot.clone() / norms).clamp_min(COSINE_FLOOR);
        (dot * cosine.powf_scalar(self.cosine_power)).mean()
    }
}

/// Sum over the batch of one class's score before the softmax.
#[derive(Debug)]
pub(crate) struct ClassLogit {
    pub(crate) layer: [LayerId; 1],
    pub(crate) class: usize,
}

impl Measure for ClassLogit {
    fn layers(&self) -> &[LayerId] {
        &self.layer
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        reading.layers[0].clone().narrow(1, self.class, 1).sum()
    }
}
