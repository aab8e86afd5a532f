//! Random backgrounds for images with alpha.

use burn::tensor::{Device, Tensor, TensorData, activation::sigmoid};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use crate::{
    Resampling, Transform, TransformContext, TransformError, resample,
    settings::{check_sd, wrong_channels},
};

/// Variance of the summed octaves of unit noise: about `VARIANCE_OF_OCTAVE` for each octave plus
/// `VARIANCE_OF_REST`, because interpolation lowers the variance. The error is at most a tenth from
/// 32 to 512 pixels.
const VARIANCE_OF_OCTAVE: f32 = 0.38;
const VARIANCE_OF_REST: f32 = 0.8;

/// Puts images of RGB and alpha, [n, 4, h, w], over smooth noise that is drawn in each step,
/// [n, 3, h, w]: `rgb * alpha + noise * (1 - alpha)`. Separates figure from ground: what an image
/// leaves transparent shows noise, which does not help the objective.
///
/// The noise has an amplitude of 1 / frequency and three independent channels; a sigmoid maps it to
/// 0..=1. It is the sum of unit noise on grids of half the image's size, a quarter, and so on to
/// one cell for the whole image, each enlarged bilinearly. Octaves of equal variance are equivalent
/// to an amplitude of 1 / frequency in two dimensions.
///
/// Source: Lucid's `collapse_alpha_random`, which draws a Fourier spectrum instead, so that its
/// noise wraps around, has the colors of photographs and differs between the images of a batch.
/// Lucid's `sd` of 0.5 corresponds to a `spread` of about 1 at 128x128, before the colors.
///
/// Put it first if the border of a later padding should be opaque, or last if the noise should show
/// through the border too (a padding of 0.5 is half transparent).
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `spread` | 1 | standard deviation of the noise before the sigmoid | 0..=1000 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomBackground {
    spread: f32,
}

impl RandomBackground {
    /// Creates a background of noise with a spread of 1, which covers all brightnesses.
    #[must_use]
    pub const fn new() -> Self {
        Self { spread: 1.0 }
    }

    /// Sets the standard deviation of the noise before the sigmoid. With 0 the background is gray.
    #[must_use]
    pub const fn spread(mut self, spread: f32) -> Self {
        self.spread = spread;
        self
    }
}

impl Default for RandomBackground {
    fn default() -> Self {
        Self::new()
    }
}

/// Draws noise [1, 3, h, w] with a variance of about 1 and an amplitude of 1 / frequency.
fn smooth_noise(size: [usize; 2], rng: &mut dyn Rng, device: &Device) -> Tensor<4> {
    let mut grids = vec![size.map(|n| n.div_ceil(2))];
    while let Some(&grid) = grids.last()
        && grid != [1, 1]
    {
        grids.push(grid.map(|n| n.div_ceil(2)));
    }
    let variance = VARIANCE_OF_OCTAVE * grids.len() as f32 + VARIANCE_OF_REST;
    let mut unit_noise = |[h, w]: [usize; 2]| {
        let values: Vec<f32> = (0..3 * h * w).map(|_| rng.sample(StandardNormal)).collect();
        Tensor::<4>::from_data(TensorData::new(values, [1, 3, h, w]), device)
    };
    let mut noise = Tensor::zeros([1, 3, 1, 1], device);
    let mut from = [1, 1];
    // From the coarsest grid to the finest: the sum so far is enlarged to the next grid.
    for grid in grids.into_iter().rev() {
        noise = resample(noise, Resampling::scale(from, grid)) + unit_noise(grid);
        from = grid;
    }
    resample(noise, Resampling::scale(from, size)).div_scalar(variance.sqrt())
}

impl Transform for RandomBackground {
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
        let [_, _, h, w] = images.dims();
        let device = images.device().without_autodiff();
        let noise = smooth_noise([h, w], context.rng, &device);
        let background = sigmoid(noise.mul_scalar(self.spread));
        let alpha = images.clone().narrow(1, 3, 1);
        let rgb = images.narrow(1, 0, 3);
        let ground = alpha.clone().neg().add_scalar(1.0) * background;
        rgb * alpha + ground
    }

    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        check_sd(self, "spread", self.spread)?;
        Ok(size)
    }

    fn output_channels(&self, channels: usize) -> Result<usize, TransformError> {
        match channels {
            4 => Ok(3),
            _ => Err(wrong_channels(self, channels, "4 channels, RGB and alpha")),
        }
    }
}
