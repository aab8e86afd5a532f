//! Random scaling.

use burn::tensor::Tensor;
use rand::RngExt;

use crate::{Resampling, Transform, TransformContext, TransformError, resample, settings::require};

/// Largest factor. A larger one is a typing error, such as percent.
const LARGEST: f32 = 10.0;

/// Scales to `round(factor * size)` by a factor drawn from a list, with bilinear interpolation. The
/// size of the result varies with the factor.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomScale {
    factors: Vec<f32>,
}

impl RandomScale {
    /// Creates a scaling by one of these factors, each above 0 and at most 10. A factor that is
    /// listed twice is twice as likely.
    #[must_use]
    pub const fn new(factors: Vec<f32>) -> Self {
        Self { factors }
    }
}

fn scaled(n: usize, factor: f32) -> usize {
    (n as f32 * factor).round() as usize
}

impl Transform for RandomScale {
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
        let factor = self.factors[context.rng.random_range(0..self.factors.len())];
        let [_, _, h, w] = images.dims();
        let size = [scaled(h, factor), scaled(w, factor)];
        if size == [h, w] {
            return images;
        }
        resample(images, Resampling::scale([h, w], size))
    }

    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        let transform = || format!("{self:?}");
        for &factor in &self.factors {
            let good = factor > 0.0 && factor <= LARGEST;
            let allowed = "above 0 and at most 10 (a factor, not percent)";
            require(self, "factor", factor, good, allowed)?;
        }
        let smallest = self.factors.iter().copied().reduce(f32::min);
        let smallest = smallest.ok_or_else(|| TransformError::NoChoice {
            transform: transform(),
        })?;
        let size_after = size.map(|n| scaled(n, smallest));
        if size_after.contains(&0) {
            return Err(TransformError::TooSmall {
                transform: transform(),
                width: size[1],
                height: size[0],
            });
        }
        Ok(size_after)
    }
}
