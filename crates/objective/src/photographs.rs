//! Objectives that compare the image with a photograph, by what the two excite.

use std::sync::Arc;

use burn::tensor::Tensor;
use oneiric_core::Picture;
use oneiric_model::LayerId;

use crate::{
    Measure, Reading,
    batches::grams,
    directions::{COSINE_EPSILON, COSINE_FLOOR, SQUARED_NORM_EPSILON},
};

/// Sum over the batch of `d * max(0.1, cos)^p`, with d the dot product of the layer's whole
/// activations with the photograph's and cos their cosine.
///
/// Source: Lucid, `recipes/caricature.py` (`dot_compare`); what it calls the cosine is divided by
/// the image's norm alone, so that its floor means nothing. Here it is a cosine.
#[derive(Debug)]
pub(crate) struct Caricature {
    pub(crate) photograph: Arc<Picture>,
    pub(crate) layer: [LayerId; 1],
    pub(crate) cosine_power: f32,
}

impl Measure for Caricature {
    fn layers(&self) -> &[LayerId] {
        &self.layer
    }

    fn photograph(&self) -> Option<&Arc<Picture>> {
        Some(&self.photograph)
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let (acts, photograph) = (&reading.layers[0], &reading.photograph[0]);
        let over_all = |x: Tensor<4>| x.flatten::<2>(1, 3).sum_dim(1);
        let dot = over_all(acts.clone() * photograph.clone());
        if self.cosine_power == 0.0 {
            return dot.sum();
        }
        let norm = |x: &Tensor<4>| (over_all(x.clone().square()) + SQUARED_NORM_EPSILON).sqrt();
        let norms = (norm(acts) + COSINE_EPSILON) * (norm(photograph) + COSINE_EPSILON);
        let cosine = (dot.clone() / norms).clamp_min(COSINE_FLOOR);
        (dot * cosine.powf_scalar(self.cosine_power)).sum()
    }
}

/// The norm of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Difference {
    /// Its absolute value. Lucid's choice for content and style.
    #[default]
    Absolute,
    /// Its square (Gatys, Ecker and Bethge, 2016), which counts what is far off for more.
    Squared,
}

impl Difference {
    fn mean<const D: usize>(self, a: Tensor<D>, b: Tensor<D>) -> Tensor<1> {
        let difference = a - b;
        match self {
            Self::Absolute => difference.abs().mean(),
            Self::Squared => difference.square().mean(),
        }
    }
}

/// Sum over layers of the mean difference from the photograph's activations.
#[derive(Debug)]
pub(crate) struct ActivationDifference {
    pub(crate) photograph: Arc<Picture>,
    pub(crate) layers: Vec<LayerId>,
    pub(crate) difference: Difference,
}

impl Measure for ActivationDifference {
    fn layers(&self) -> &[LayerId] {
        &self.layers
    }

    fn photograph(&self) -> Option<&Arc<Picture>> {
        Some(&self.photograph)
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        over_layers(reading, |acts, photograph| {
            self.difference.mean(acts, photograph)
        })
    }
}

/// Sum over layers of the mean difference from the photograph's Gram matrix over positions.
#[derive(Debug)]
pub(crate) struct Style {
    pub(crate) photograph: Arc<Picture>,
    pub(crate) layers: Vec<LayerId>,
    pub(crate) difference: Difference,
}

impl Measure for Style {
    fn layers(&self) -> &[LayerId] {
        &self.layers
    }

    fn photograph(&self) -> Option<&Arc<Picture>> {
        Some(&self.photograph)
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        over_layers(reading, |acts, photograph| {
            let [_, _, height, width] = acts.dims();
            let gram = |x| grams(x) / (height * width) as f32;
            self.difference.mean(gram(acts), gram(photograph))
        })
    }
}

fn over_layers(
    reading: &Reading,
    difference: impl Fn(Tensor<4>, Tensor<4>) -> Tensor<1>,
) -> Tensor<1> {
    let pairs = reading.layers.iter().zip(&reading.photograph);
    let differences = pairs.map(|(acts, photograph)| difference(acts.clone(), photograph.clone()));
    let sum = differences.reduce(|sum, next| sum + next);
    sum.expect("a comparison reads one layer at least")
}
