//! Objectives about activations. Formulas: Lucid, `optvis/objectives.py`.

use burn::tensor::Tensor;
use oneiric_model::LayerId;

use crate::{
    Measure, ObjectiveError, Reading, Region,
    directions::per_channel,
    position::{Position, check_position},
};

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

/// Mean over the batch of one channel at one position; `None` is the center.
#[derive(Debug)]
pub(crate) struct Neuron {
    pub(crate) layer: [LayerId; 1],
    pub(crate) layer_name: String,
    pub(crate) channel: usize,
    pub(crate) position: Option<Position>,
}

impl Measure for Neuron {
    fn layers(&self) -> &[LayerId] {
        &self.layer
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let channel = reading.layers[0].clone().narrow(1, self.channel, 1);
        Position::of(self.position, channel).mean()
    }

    fn check(&self, sizes: &[[usize; 2]]) -> Result<(), ObjectiveError> {
        check_position(&self.layer_name, self.position, sizes[0])
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

/// Mean over batch, channels and the positions of a region, each channel times its weight.
#[derive(Debug)]
pub(crate) struct LocalGroup {
    pub(crate) layer: [LayerId; 1],
    pub(crate) layer_name: String,
    pub(crate) region: Option<Region>,
    pub(crate) weights: Option<Vec<f32>>,
}

impl Measure for LocalGroup {
    fn layers(&self) -> &[LayerId] {
        &self.layer
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let mut acts = reading.layers[0].clone();
        if let Some(region) = self.region {
            acts = acts
                .narrow(2, region.y, region.height)
                .narrow(3, region.x, region.width);
        }
        if let Some(weights) = &self.weights {
            let weights = per_channel(weights, &acts);
            acts = acts * weights;
        }
        acts.mean()
    }

    fn check(&self, sizes: &[[usize; 2]]) -> Result<(), ObjectiveError> {
        check_position(&self.layer_name, self.region.map(Region::last), sizes[0])
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
