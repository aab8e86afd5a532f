//! Pixels: one number for each pixel and channel, the baseline that gives adversarial noise.

use burn::tensor::{Device, Tensor};
use rand::Rng;

use crate::{
    ImageSpec, InBasis, ParamError,
    basis::{Basis, PreparedBasis, check_sd, normal},
};

/// The pixel basis: the latent is the image before color mixing and squashing, [n, channels,
/// height, width].
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `sd` | 0.01 | standard deviation of the start | 0..=1000 |
/// | `decorrelated` | false | optimize decorrelated colors | |
///
/// The settings of every [`InBasis`] apply too.
pub type Pixel = InBasis<Pixels>;

/// The basis of [`Pixel`].
#[derive(Debug, Clone)]
pub struct Pixels {
    sd: f32,
}

impl Pixel {
    /// Creates a parameterization of images of a size.
    #[must_use]
    pub const fn new(width: usize, height: usize) -> Self {
        Self::of(Pixels { sd: 0.01 }, width, height).decorrelated(false)
    }

    /// Sets the standard deviation of the initial values.
    #[must_use]
    pub const fn sd(mut self, sd: f32) -> Self {
        self.basis.sd = sd;
        self
    }
}

impl Basis for Pixels {
    fn prepare(&self, spec: &ImageSpec<'_>) -> Result<Box<dyn PreparedBasis>, ParamError> {
        check_sd(self.sd)?;
        Ok(Box::new(PreparedPixels {
            shape: spec.shape,
            sd: self.sd,
            device: spec.device.clone(),
        }))
    }
}

/// [`Pixels`] for one batch.
#[derive(Debug)]
struct PreparedPixels {
    shape: [usize; 4],
    sd: f32,
    device: Device,
}

impl PreparedBasis for PreparedPixels {
    fn start(&self, rng: &mut dyn Rng) -> Result<Vec<Tensor<1>>, ParamError> {
        let count = self.shape.iter().product();
        Ok(vec![normal(count, self.sd, rng, &self.device)])
    }

    fn decode(&self, latent: &[Tensor<1>]) -> Tensor<4> {
        latent[0].clone().reshape(self.shape)
    }

    fn encode(&self, values: Tensor<4>) -> Result<Vec<Tensor<1>>, ParamError> {
        Ok(vec![values.reshape([-1])])
    }
}
