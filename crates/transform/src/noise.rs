//! Additive noise.

use burn::tensor::{Tensor, TensorData};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::{Transform, TransformContext, TransformError, settings::check_sd};

/// Adds noise to every pixel and channel, drawn in each step, the same for all images of a batch.
///
/// Sums outside 0..=1 are clamped, with a gradient of 0, unless `clamped` is false: as in MACO, the
/// network then sees values that no picture can hold, and every pixel keeps its gradient.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `uniform` | 0 | half width of uniform noise that is also added | 0..=1000 |
/// | `clamped` | true | clamp values to 0..=1 | |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    sd: f32,
    uniform: f32,
    clamped: bool,
}

impl Noise {
    /// Creates normal noise of a standard deviation in 0..=1000 (0 for uniform noise alone).
    #[must_use]
    pub const fn new(sd: f32) -> Self {
        Self {
            sd,
            uniform: 0.0,
            clamped: true,
        }
    }

    /// Adds uniform noise between `-half_width` and `half_width` as well.
    #[must_use]
    pub const fn uniform(mut self, half_width: f32) -> Self {
        self.uniform = half_width;
        self
    }

    /// Sets whether values are clamped to 0..=1.
    #[must_use]
    pub const fn clamped(mut self, clamped: bool) -> Self {
        self.clamped = clamped;
        self
    }
}

impl Transform for Noise {
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
        let [_, c, h, w] = images.dims();
        let mut noise = vec![0.0; c * h * w];
        if self.sd > 0.0 {
            for value in &mut noise {
                *value += self.sd * context.rng.sample::<f32, _>(StandardNormal);
            }
        }
        if self.uniform > 0.0 {
            for value in &mut noise {
                *value += self.uniform * (2.0 * context.rng.random::<f32>() - 1.0);
            }
        }
        let device = images.device().without_autodiff();
        let noise = Tensor::<4>::from_data(TensorData::new(noise, [1, c, h, w]), &device);
        let noisy = images + noise;
        if self.clamped {
            noisy.clamp(0.0, 1.0)
        } else {
            noisy
        }
    }

    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        check_sd(self, "sd", self.sd)?;
        check_sd(self, "uniform", self.uniform)?;
        Ok(size)
    }
}
