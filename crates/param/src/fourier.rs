//! A Fourier spectrum with coefficients scaled by 1 / frequency.

use burn::tensor::{Device, Tensor};
use oneiric_support::SettingError;
use rand::Rng;

use crate::{
    Fft2, ImageSpec, InBasis, ParamError,
    basis::{Basis, PreparedBasis, check_sd, normal},
};

/// Divisor of the image, which makes the initial image a soft gray. Source: Lucid,
/// `optvis/param/spatial.py`.
const GAIN: f32 = 4.0;

/// Largest magnitude of the exponent. Useful values are far smaller; the scale stays within f32 for
/// every size.
const LARGEST_DECAY: f32 = 4.0;

/// The Fourier basis: the latent is a half spectrum [n, channels, height, width / 2 + 1, 2] (real
/// and imaginary part last) of decorrelated colors, and
/// `image = sigmoid(M irfft2(scale * latent) / 4)` with
/// `scale = (1 / max(f, 1 / max(width, height)))^decay * sqrt(width * height)`. Here f is the
/// frequency in cycles per pixel, M mixes the colors, and `irfft2` is normalized by
/// `1 / (width * height)`. Sides may be odd.
///
/// Source: Lucid, `optvis/param/spatial.py` and `color.py`; Olah et al. 2017, "The enemy of
/// feature visualization" and "Preconditioning and parameterization".
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `sd` | 0.01 | standard deviation of the start | 0..=1000 |
/// | `decay` | 1 | exponent of 1 / frequency | -4 to 4 |
/// | `decorrelated` | true | optimize decorrelated colors | |
///
/// The settings of every [`InBasis`] apply too.
pub type Fourier = InBasis<Spectrum>;

/// The basis of [`Fourier`].
#[derive(Debug, Clone)]
pub struct Spectrum {
    sd: f32,
    decay: f32,
}

impl Fourier {
    /// Creates a parameterization of images of a size.
    #[must_use]
    pub const fn new(width: usize, height: usize) -> Self {
        let basis = Spectrum {
            sd: 0.01,
            decay: 1.0,
        };
        Self::of(basis, width, height)
    }

    /// Sets the standard deviation of the initial coefficients.
    #[must_use]
    pub const fn sd(mut self, sd: f32) -> Self {
        self.basis.sd = sd;
        self
    }

    /// Sets the exponent of 1 / frequency. With 0 all frequencies are scaled alike; larger values
    /// favor coarse structure.
    #[must_use]
    pub const fn decay(mut self, decay: f32) -> Self {
        self.basis.decay = decay;
        self
    }
}

impl Basis for Spectrum {
    fn prepare(&self, spec: &ImageSpec<'_>) -> Result<Box<dyn PreparedBasis>, ParamError> {
        check_sd(self.sd)?;
        let (decay, name) = (self.decay, "the exponent of 1 / frequency");
        let good = (-LARGEST_DECAY..=LARGEST_DECAY).contains(&decay);
        SettingError::require(name, decay, good, "between -4 and 4")?;
        let [n, channels, height, width] = spec.shape;
        let fft = Fft2::scaled(height, width, spec.device, |row, column| {
            scale([height, width], self.decay, row, column)
        })?;
        Ok(Box::new(PreparedSpectrum {
            shape: [n, channels, height, width / 2 + 1, 2],
            sd: self.sd,
            fft,
            device: spec.device.clone(),
        }))
    }
}

/// Returns the scale of the coefficient in a row and a column of a half spectrum.
pub(crate) fn scale([height, width]: [usize; 2], decay: f32, row: usize, column: usize) -> f64 {
    // As in NumPy's `fftfreq`, the second half of the rows holds negative frequencies.
    let fy = row.min(height - row) as f64 / height as f64;
    let fx = column as f64 / width as f64;
    let frequency = fy.hypot(fx).max(1.0 / width.max(height) as f64);
    let gain = ((width * height) as f64).sqrt() / f64::from(GAIN);
    frequency.powf(-f64::from(decay)) * gain
}

/// [`Spectrum`] for one batch.
#[derive(Debug)]
struct PreparedSpectrum {
    shape: [usize; 5],
    sd: f32,
    fft: Fft2,
    device: Device,
}

impl PreparedBasis for PreparedSpectrum {
    fn start(&self, rng: &mut dyn Rng) -> Result<Vec<Tensor<1>>, ParamError> {
        let count = self.shape.iter().product();
        Ok(vec![normal(count, self.sd, rng, &self.device)])
    }

    fn decode(&self, latent: &[Tensor<1>]) -> Tensor<4> {
        let spectrum = latent[0].clone().reshape(self.shape);
        self.fft.irfft2_unchecked(spectrum)
    }

    fn encode(&self, values: Tensor<4>) -> Result<Vec<Tensor<1>>, ParamError> {
        Ok(vec![self.fft.rfft2(values)?.reshape([-1])])
    }
}
