//! Random rotation.

use burn::tensor::Tensor;
use rand::RngExt;

use crate::{
    Resampling, Transform, TransformContext, TransformError, resample,
    settings::{check_share, require},
};

/// Rotates around the center by an angle drawn from a list, with bilinear interpolation. The size
/// is kept.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `fill` | 0.5 | value of pixels outside the image | 0..=1 |
#[derive(Debug, Clone, PartialEq)]
pub struct RandomRotate {
    degrees: Vec<f32>,
    fill: f32,
}

impl RandomRotate {
    /// Creates a rotation by one of these angles in degrees, counterclockwise. An angle that is
    /// listed twice is twice as likely.
    #[must_use]
    pub const fn new(degrees: Vec<f32>) -> Self {
        Self { degrees, fill: 0.5 }
    }

    /// Sets the value of pixels outside the image.
    #[must_use]
    pub const fn fill(mut self, fill: f32) -> Self {
        self.fill = fill;
        self
    }
}

impl Transform for RandomRotate {
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
        let degrees = self.degrees[context.rng.random_range(0..self.degrees.len())];
        if degrees == 0.0 {
            return images;
        }
        let [_, _, h, w] = images.dims();
        resample(
            images,
            Resampling::rotation([h, w], degrees).outside(self.fill),
        )
    }

    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        check_share(self, "fill", self.fill)?;
        if self.degrees.is_empty() {
            return Err(TransformError::NoChoice {
                transform: format!("{self:?}"),
            });
        }
        for degrees in &self.degrees {
            require(self, "angle", degrees, degrees.is_finite(), "finite")?;
        }
        Ok(size)
    }
}
