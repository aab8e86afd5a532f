//! A Laplacian pyramid: the image as a sum of coarse and fine images.

use burn::tensor::{Device, Tensor};
use oneiric_support::SettingError;
use rand::Rng;

use crate::{
    ImageSpec, InBasis, ParamError,
    basis::{Basis, PreparedBasis, check_sd, normal},
    upsample::Upsample,
};

/// Largest number of levels. No image that fits into memory can be halved more often.
const MOST_LEVELS: usize = 16;

/// The Laplacian pyramid: the sum of images whose sides are those of the result over 2^level
/// (rounded up), upsampled bilinearly. The latent is one tensor [n, channels, height', width'] for
/// each level, the finest first. Coarse structure changes as a whole, as in
/// [`Fourier`](crate::Fourier), but locally.
///
/// Source: Lucid, `laplacian_pyramid_image` in `optvis/param/spatial.py`, which rounds sizes down
/// and shifts the coarse levels a little (see `upsample.rs`).
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `levels` | 4 | number of images that are added up | 1 to 16 |
/// | `sd` | 0.01 | standard deviation of each level's start | 0..=1000 |
/// | `decorrelated` | true | optimize decorrelated colors | |
///
/// The settings of every [`InBasis`] apply too. A photograph to start from goes into the finest
/// level, which can hold all of it; the others start at 0.
pub type Pyramid = InBasis<Levels>;

/// The basis of [`Pyramid`].
#[derive(Debug, Clone)]
pub struct Levels {
    levels: usize,
    sd: f32,
}

impl Pyramid {
    /// Creates a parameterization of images of a size.
    #[must_use]
    pub const fn new(width: usize, height: usize) -> Self {
        let basis = Levels {
            levels: 4,
            sd: 0.01,
        };
        Self::of(basis, width, height)
    }

    /// Sets the number of images that are added up. The sides of each are half those of the one
    /// before.
    #[must_use]
    pub const fn levels(mut self, levels: usize) -> Self {
        self.basis.levels = levels;
        self
    }

    /// Sets the standard deviation of each level's initial values.
    #[must_use]
    pub const fn sd(mut self, sd: f32) -> Self {
        self.basis.sd = sd;
        self
    }
}

impl Basis for Levels {
    fn prepare(&self, spec: &ImageSpec<'_>) -> Result<Box<dyn PreparedBasis>, ParamError> {
        check_sd(self.sd)?;
        let good = (1..=MOST_LEVELS).contains(&self.levels);
        SettingError::require("the number of levels", self.levels, good, "from 1 to 16")?;
        let [n, channels, height, width] = spec.shape;
        let levels = (0..self.levels).map(|level| {
            let size = [height, width].map(|side| side.div_ceil(1 << level));
            Level {
                shape: [n, channels, size[0], size[1]],
                upsample: Upsample::new(size, [height, width], spec.device),
            }
        });
        Ok(Box::new(PreparedLevels {
            levels: levels.collect(),
            sd: self.sd,
            device: spec.device.clone(),
        }))
    }
}

/// [`Levels`] for one batch.
#[derive(Debug)]
struct PreparedLevels {
    /// The levels, the finest first.
    levels: Vec<Level>,
    sd: f32,
    device: Device,
}

#[derive(Debug)]
struct Level {
    shape: [usize; 4],
    upsample: Upsample,
}

impl PreparedBasis for PreparedLevels {
    fn start(&self, rng: &mut dyn Rng) -> Result<Vec<Tensor<1>>, ParamError> {
        let starts = self.levels.iter().map(|level| {
            let count = level.shape.iter().product();
            normal(count, self.sd, rng, &self.device)
        });
        Ok(starts.collect())
    }

    fn decode(&self, latent: &[Tensor<1>]) -> Tensor<4> {
        let images = self.levels.iter().zip(latent).map(|(level, latent)| {
            let image = latent.clone().reshape(level.shape);
            level.upsample.apply(image)
        });
        images
            .reduce(|sum, image| sum + image)
            .expect("a pyramid has at least one level")
    }

    fn encode(&self, values: Tensor<4>) -> Result<Vec<Tensor<1>>, ParamError> {
        let mut latent = vec![values.reshape([-1])];
        latent.extend(self.levels[1..].iter().map(|level| {
            let count: usize = level.shape.iter().product();
            Tensor::zeros([count], &self.device)
        }));
        Ok(latent)
    }
}
