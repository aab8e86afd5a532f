//! One number per pixel and channel: the baseline that fools networks.

use burn::tensor::Device;
use oneiric_core::Picture;
use rand::Rng;

use crate::{
    Canvas, Colour, ParamError, Parameterization, Squash,
    canvas::{check, normal},
    fourier::photograph,
};

/// Pixels: the latent is the image before colours and squashing, [n, 3, height, width].
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `sd` | 0.01 | standard deviation of the start | finite, at least 0 |
/// | `decorrelated` | false | optimise decorrelated colours | |
/// | `squash` | sigmoid | how values are brought into 0..=1 | |
/// | `starting_from` | noise | a photograph to start from | of the image's size |
#[derive(Debug, Clone)]
pub struct Pixel {
    size: [usize; 2],
    sd: f32,
    colour: Colour,
    start: Option<Picture>,
}

impl Pixel {
    /// Images of that size.
    #[must_use]
    pub const fn new(width: usize, height: usize) -> Self {
        Self {
            size: [height, width],
            sd: 0.01,
            colour: Colour {
                decorrelated: false,
                squash: Squash::Sigmoid,
            },
            start: None,
        }
    }

    /// Sets the standard deviation of the start.
    #[must_use]
    pub const fn with_sd(mut self, sd: f32) -> Self {
        self.sd = sd;
        self
    }

    /// Sets whether decorrelated colours are optimised.
    #[must_use]
    pub const fn with_decorrelated(mut self, decorrelated: bool) -> Self {
        self.colour.decorrelated = decorrelated;
        self
    }

    /// Sets how values are brought into 0..=1.
    #[must_use]
    pub const fn with_squash(mut self, squash: Squash) -> Self {
        self.colour.squash = squash;
        self
    }

    /// Starts at a photograph instead of noise.
    #[must_use]
    pub fn starting_from(mut self, photograph: Picture) -> Self {
        self.start = Some(photograph);
        self
    }
}

impl Parameterization for Pixel {
    fn size(&self) -> [usize; 2] {
        self.size
    }

    fn init(&self, batch: usize, rng: &mut dyn Rng, device: &Device) -> Result<Canvas, ParamError> {
        check(self.size, batch, self.sd)?;
        let [height, width] = self.size;
        let shape = [batch, 3, height, width];
        let latent = match &self.start {
            Some(picture) => self
                .colour
                .from_rgb(photograph(picture, self.size, batch, device)?)
                .reshape([-1]),
            None => normal(shape.iter().product(), self.sd, rng, device),
        };
        let to_rgb = self.colour.to_rgb(device);
        Ok(Canvas::new(vec![latent], move |latent| {
            to_rgb(latent[0].clone().reshape(shape))
        }))
    }
}
