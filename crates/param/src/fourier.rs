//! A Fourier spectrum with coefficients scaled by 1 / frequency.

use burn::tensor::{Device, Tensor};
use oneiric_core::{Backend, Picture};
use rand::Rng;

use crate::{
    Canvas, Colour, Fft2, ParamError, Parameterization, Squash,
    canvas::{check, normal},
};

/// Lucid divides the image by this, so that the start is a soft grey.
const GAIN: f32 = 4.0;

/// Far beyond what makes pictures; keeps the scale within f32 for every size.
const LARGEST_DECAY: f32 = 4.0;

/// The Fourier basis: the latent is a half spectrum [n, 3, height, width / 2 + 1, 2] (real and
/// imaginary part last) of decorrelated colours, and
/// `image = sigmoid(M irfft2(scale * latent) / 4)` with
/// `scale = (1 / max(f, 1 / max(width, height)))^decay * sqrt(width * height)`, f in cycles per
/// pixel, `irfft2` normalised by 1 / (width * height). Any size, odd ones too.
///
/// Source: Lucid, `optvis/param/spatial.py` and `color.py`; Olah et al. 2017, "The enemy of
/// feature visualization" and "Preconditioning and parameterization".
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `sd` | 0.01 | standard deviation of the start | finite, at least 0 |
/// | `decay` | 1 | exponent of 1 / frequency | -4 to 4 |
/// | `decorrelated` | true | optimise decorrelated colours | |
/// | `squash` | sigmoid | how values are brought into 0..=1 | |
/// | `starting_from` | noise | a photograph to start from | of the image's size |
#[derive(Debug, Clone)]
pub struct Fourier {
    size: [usize; 2],
    sd: f32,
    decay: f32,
    colour: Colour,
    start: Option<Picture>,
}

impl Fourier {
    /// Images of that size.
    #[must_use]
    pub const fn new(width: usize, height: usize) -> Self {
        Self {
            size: [height, width],
            sd: 0.01,
            decay: 1.0,
            colour: Colour {
                decorrelated: true,
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

    /// Sets the exponent of 1 / frequency: 0 treats all frequencies alike, more favours coarse
    /// structure.
    #[must_use]
    pub const fn with_decay(mut self, decay: f32) -> Self {
        self.decay = decay;
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

    /// What the latent's coefficient in that row and column is multiplied by.
    fn scale(&self, row: usize, column: usize) -> f64 {
        let [height, width] = self.size;
        // fftfreq: the second half of the rows are negative frequencies.
        let fy = row.min(height - row) as f64 / height as f64;
        let fx = column as f64 / width as f64;
        let frequency = fy.hypot(fx).max(1.0 / width.max(height) as f64);
        let gain = ((width * height) as f64).sqrt() / f64::from(GAIN);
        frequency.powf(-f64::from(self.decay)) * gain
    }
}

impl Parameterization for Fourier {
    fn size(&self) -> [usize; 2] {
        self.size
    }

    fn init(&self, batch: usize, rng: &mut dyn Rng, device: &Device) -> Result<Canvas, ParamError> {
        check(self.size, batch, self.sd)?;
        if !(-LARGEST_DECAY..=LARGEST_DECAY).contains(&self.decay) {
            return Err(ParamError::Number {
                name: "the exponent of 1 / frequency",
                value: self.decay,
                allowed: "between -4 and 4",
            });
        }
        let [height, width] = self.size;
        let shape = [batch, 3, height, width / 2 + 1, 2];
        let plan = Fft2::scaled(height, width, device, |row, column| self.scale(row, column))?;
        let latent = match &self.start {
            Some(picture) => {
                let rgb = photograph(picture, self.size, batch, device)?;
                plan.rfft2(self.colour.from_rgb(rgb))?.reshape([-1])
            }
            None => normal(shape.iter().product(), self.sd, rng, device),
        };
        let to_rgb = self.colour.to_rgb(device);
        Ok(Canvas::new(vec![latent], move |latent| {
            to_rgb(plan.irfft2_unchecked(latent[0].clone().reshape(shape)))
        }))
    }
}

/// A photograph as a batch, checked against the size of the image.
pub(crate) fn photograph(
    picture: &Picture,
    [height, width]: [usize; 2],
    batch: usize,
    device: &Device,
) -> Result<Tensor<4>, ParamError> {
    Backend::of(device)?;
    if (picture.width(), picture.height()) != (width, height) {
        return Err(ParamError::PhotographSize {
            width,
            height,
            found_width: picture.width(),
            found_height: picture.height(),
        });
    }
    Ok(picture.to_tensor(device).repeat_dim(0, batch))
}
