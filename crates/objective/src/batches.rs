//! Objectives about the images of a batch together. Formulas: Lucid, `optvis/objectives.py`.

use burn::tensor::{Tensor, TensorData};
use oneiric_model::LayerId;

use crate::{Measure, Reading};

/// Largest distance of neighbors in a batch. Source: Lucid.
const NEIGHBORS: usize = 4;

/// Smallest squared norm of a Gram matrix that is divided by. Source: Lucid.
const SQUARED_GRAM_EPSILON: f32 = 1e-10;

/// Image n of N blends two channels with the weights 1 - w and w, w = n / (N - 1).
#[derive(Debug)]
pub(crate) struct ChannelInterpolate {
    pub(crate) layers: [LayerId; 2],
    pub(crate) channels: [usize; 2],
}

impl Measure for ChannelInterpolate {
    fn layers(&self) -> &[LayerId] {
        &self.layers
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let [count, ..] = reading.layers[0].dims();
        let last = count.saturating_sub(1).max(1) as f32;
        let to_second: Vec<f32> = (0..count).map(|n| n as f32 / last).collect();
        let to_first: Vec<f32> = to_second.iter().map(|w| 1.0 - w).collect();
        let blended = |index: usize, weights: Vec<f32>| {
            let acts = reading.layers[index].clone();
            let weights = TensorData::new(weights, [count, 1]);
            let weights = Tensor::<2>::from_data(weights, &acts.device().without_autodiff());
            let channel = acts.narrow(1, self.channels[index], 1);
            (channel.flatten::<2>(1, 3).mean_dim(1) * weights).sum()
        };
        blended(0, to_first) + blended(1, to_second)
    }
}

/// Minus the squared differences between neighbors of the batch, less the further apart.
#[derive(Debug)]
pub(crate) struct Alignment {
    pub(crate) layer: [LayerId; 1],
    pub(crate) decay: f32,
}

impl Measure for Alignment {
    fn layers(&self) -> &[LayerId] {
        &self.layer
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let acts = &reading.layers[0];
        let [count, ..] = acts.dims();
        let apart = |distance: usize| {
            let pairs = count - distance;
            let first = acts.clone().narrow(0, 0, pairs);
            let second = acts.clone().narrow(0, distance, pairs);
            let weight = pairs as f32 / self.decay.powi(distance as i32);
            (first - second).square().mean() * -weight
        };
        (1..count.min(NEIGHBORS + 1))
            .map(apart)
            .reduce(|sum, next| sum + next)
            .unwrap_or_else(|| nothing(acts))
    }
}

/// Similarity of the images of a batch at a layer: the mean over images of the sum of the cosines
/// between their Gram matrix and those of all others.
#[derive(Debug)]
pub(crate) struct Diversity {
    pub(crate) layer: [LayerId; 1],
}

impl Measure for Diversity {
    fn layers(&self) -> &[LayerId] {
        &self.layer
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let acts = &reading.layers[0];
        let [count, ..] = acts.dims();
        if count < 2 {
            return nothing(acts);
        }
        let grams = grams(acts.clone());
        let squared_norms = grams.clone().square().sum_dim(1).sum_dim(2);
        let grams = grams / squared_norms.clamp_min(SQUARED_GRAM_EPSILON).sqrt();
        // The sum over all pairs, less each image with itself.
        let together = grams.clone().sum_dim(0).square().sum();
        (together - grams.square().sum()) / count as f32
    }
}

/// Gram matrices [n, c, c] of activations [n, c, h, w]: products of channels, summed over
/// positions.
pub(crate) fn grams(acts: Tensor<4>) -> Tensor<3> {
    let [n, c, h, w] = acts.dims();
    let channels = acts.reshape([n, c, h * w]);
    channels.clone().matmul(channels.swap_dims(1, 2))
}

/// The value 0 of a batch without pairs.
fn nothing(acts: &Tensor<4>) -> Tensor<1> {
    (acts.clone() * 0.0).sum()
}
