//! MACO: a spectrum with fixed magnitudes whose phases are optimized.

use std::f32::consts::PI;

use burn::tensor::{Device, Tensor, TensorData};
use oneiric_core::{Picture, read};
use rand::Rng;
use rand_distr::{Distribution, Uniform};

use crate::{
    Fft2, ImageSpec, InBasis, ParamError,
    basis::{Basis, PreparedBasis},
    fourier::scale,
    in_basis::photograph,
};

/// Added to the standard deviation by which images are divided. Source: Horama, `common.py`.
const STD_EPSILON: f32 = 1e-4;

/// Added to the variance, so that its square root has a gradient where an image is flat.
const VARIANCE_EPSILON: f32 = 1e-12;

/// Photographs are flat if an image with their magnitudes has a smaller standard deviation: ten
/// times `STD_EPSILON`.
const FLAT: f64 = 1e-3;

/// MACO, the phases of a spectrum with fixed magnitudes. The latent is a phase for each coefficient
/// of a half spectrum, [n, channels, height, width / 2 + 1], initially uniform in -pi..pi, and
/// `image = sigmoid(M standardized(irfft2(magnitude * exp(i phase))))`. To standardize an image,
/// the mean of all its values is subtracted and the result is divided by their standard deviation +
/// 1e-4. The magnitudes of natural images keep the optimizer from high frequencies, at any
/// resolution.
///
/// Without photographs, the magnitudes are 1 / frequency, as in the scale of
/// [`Fourier`](crate::Fourier). The authors use the mean magnitudes of ImageNet's training images;
/// [`magnitudes_of`](Maco::magnitudes_of) takes photographs of yours. Use a learning rate near 1.
///
/// Source: Fel et al., "Unlocking Feature Visualization for Deeper Networks with MAgnitude
/// Constrained Optimization" (NeurIPS 2023), and the authors' Horama, `maco_fv.py`, which starts at
/// normally distributed phases and also standardizes the phases; here phases are not standardized.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `magnitudes_of` | 1 / frequency | photographs whose mean magnitudes are used | same channels |
/// | `decorrelated` | true | optimize decorrelated colors | |
///
/// The settings of every [`InBasis`] apply too. Only the phases of a photograph to start from are
/// used: the initial image equals the photograph only as far as magnitudes and contrast agree.
pub type Maco = InBasis<Phases>;

/// The basis of [`Maco`].
#[derive(Debug, Clone)]
pub struct Phases {
    photographs: Option<Vec<Picture>>,
}

impl Maco {
    /// Creates a parameterization of images of a size.
    #[must_use]
    pub const fn new(width: usize, height: usize) -> Self {
        Self::of(Phases { photographs: None }, width, height)
    }

    /// Sets photographs whose mean magnitudes the spectrum has. Magnitudes are those of
    /// decorrelated colors before the sigmoid. Photographs of another size are resized.
    #[must_use]
    pub fn magnitudes_of(mut self, photographs: &[Picture]) -> Self {
        self.basis.photographs = Some(photographs.to_vec());
        self
    }
}

impl Basis for Phases {
    fn prepare(&self, spec: &ImageSpec<'_>) -> Result<Box<dyn PreparedBasis>, ParamError> {
        let [n, channels, height, width] = spec.shape;
        let fft = Fft2::new(height, width, spec.device)?;
        let magnitude = match &self.photographs {
            Some(photographs) => mean_magnitude(photographs, &fft, spec)?,
            None => {
                let at = (0..height).flat_map(|y| (0..=width / 2).map(move |x| (y, x)));
                let values = at.map(|(y, x)| scale([height, width], 1.0, y, x) as f32);
                let shape = [1, 1, height, width / 2 + 1];
                let data = TensorData::new(values.collect::<Vec<f32>>(), shape);
                Tensor::<4>::from_data(data, spec.device).repeat_dim(1, channels)
            }
        };
        Ok(Box::new(PreparedPhases {
            shape: [n, channels, height, width / 2 + 1],
            magnitude: magnitude.unsqueeze_dim(4),
            fft,
            device: spec.device.clone(),
        }))
    }
}

/// Computes the mean magnitudes of photographs, [1, channels, height, width / 2 + 1].
fn mean_magnitude(
    photographs: &[Picture],
    fft: &Fft2,
    spec: &ImageSpec<'_>,
) -> Result<Tensor<4>, ParamError> {
    let [_, channels, height, width] = spec.shape;
    let mut sum: Option<Tensor<4>> = None;
    for picture in photographs {
        let resized = picture.resize(width, height)?;
        let values = photograph(&resized, [channels, height, width], spec.device)?;
        let spectrum = fft.rfft2(spec.color.from_rgb(values))?;
        let squares = (spectrum.clone() * spectrum).sum_dim(4);
        let magnitude = squares.sqrt().squeeze_dim(4);
        sum = Some(match sum {
            Some(sum) => sum + magnitude,
            None => magnitude,
        });
    }
    let sum = sum.ok_or(ParamError::NoPhotographs)?;
    let mean = sum / photographs.len() as f32;
    let values = read(mean.clone())?;
    // Parseval's theorem, without the constant part of each channel. Mirrored columns count once.
    let plane = height * (width / 2 + 1);
    let structure: f64 = values
        .chunks_exact(plane)
        .flat_map(|channel| &channel[1..])
        .map(|&magnitude| f64::from(magnitude).powi(2))
        .sum();
    if structure.sqrt() / ((height * width) as f64) < FLAT {
        return Err(ParamError::FlatPhotographs);
    }
    Ok(mean)
}

/// [`Phases`] for one batch.
#[derive(Debug)]
struct PreparedPhases {
    shape: [usize; 4],
    /// Magnitudes, [1, channels, height, width / 2 + 1, 1].
    magnitude: Tensor<5>,
    fft: Fft2,
    device: Device,
}

impl PreparedBasis for PreparedPhases {
    fn start(&self, rng: &mut dyn Rng) -> Result<Vec<Tensor<1>>, ParamError> {
        let uniform = Uniform::new(-PI, PI).expect("a range that is not empty");
        let count = self.shape.iter().product();
        let values: Vec<f32> = uniform.sample_iter(rng).take(count).collect();
        let data = TensorData::new(values, [count]);
        Ok(vec![Tensor::from_data(data, &self.device)])
    }

    fn decode(&self, latent: &[Tensor<1>]) -> Tensor<4> {
        let phase = latent[0].clone().reshape(self.shape);
        let turned = Tensor::stack::<5>(vec![phase.clone().cos(), phase.sin()], 4);
        let spectrum = turned * self.magnitude.clone();
        standardized(self.fft.irfft2_unchecked(spectrum))
    }

    /// Encodes the phases alone.
    fn encode(&self, values: Tensor<4>) -> Result<Vec<Tensor<1>>, ParamError> {
        let spectrum = read(self.fft.rfft2(values)?)?;
        let phases = spectrum.chunks_exact(2).map(|part| part[1].atan2(part[0]));
        let phases: Vec<f32> = phases.collect();
        let count = phases.len();
        let data = TensorData::new(phases, [count]);
        Ok(vec![Tensor::from_data(data, &self.device)])
    }
}

/// Standardizes each image to mean 0 and a standard deviation of nearly 1.
fn standardized(values: Tensor<4>) -> Tensor<4> {
    let [n, channels, height, width] = values.dims();
    let values = values.reshape([n, channels * height * width]);
    let centered = values.clone() - values.mean_dim(1);
    let variance = (centered.clone() * centered.clone()).mean_dim(1);
    let spread = (variance + VARIANCE_EPSILON).sqrt() + STD_EPSILON;
    (centered / spread).reshape([n, channels, height, width])
}
