//! Random horizontal mirroring.

use burn::tensor::Tensor;
use rand::RngExt;

use crate::{Transform, TransformContext, TransformError, settings::check_share};

/// Mirrors images left to right with a given probability.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `probability` | 0.5 | probability of mirroring | 0..=1 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomFlip {
    probability: f32,
}

impl RandomFlip {
    /// Creates a flip with the probability 0.5.
    #[must_use]
    pub const fn new() -> Self {
        Self { probability: 0.5 }
    }

    /// Sets the probability of mirroring.
    #[must_use]
    pub const fn probability(mut self, probability: f32) -> Self {
        self.probability = probability;
        self
    }
}

impl Default for RandomFlip {
    fn default() -> Self {
        Self::new()
    }
}

impl Transform for RandomFlip {
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
        // The random number is in 0..1, so a probability of 0 never mirrors and one of 1 always
        // does.
        if context.rng.random::<f32>() < self.probability {
            images.flip([3])
        } else {
            images
        }
    }

    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        check_share(self, "probability", self.probability)?;
        Ok(size)
    }
}
