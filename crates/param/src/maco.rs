//! A spectrum whose magnitudes are given and whose phases are optimized: MACO.

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

/// Added to the standard deviation that images are divided by. Source: Horama, `common.py`.
const STD_EPSILON: f32 = 1e-4;

/// Added to the variance, so that its root has a gradient where an image is flat.
const VARIANCE_EPSILON: f32 = 1e-12;

/// An image of magnitudes that spreads less than this is flat: ten times what is added above.
const FLAT: f64 = 1e-3;

/// The phase of a spectrum whose magnitudes stay (MACO): the latent is a phase for each coefficient
/// of a half spectrum, [n, channels, height, width / 2 + 1], at the start uniform in -pi..pi, and
/// `image = sigmoid(M standardized(irfft2(magnitude * exp(i phase))))`, where an image is
/// standardized by subtracting the mean of all of its values and dividing by their standard
/// deviation + 1e-4. Magnitudes of natural images keep the optimizer from high frequencies, at any
/// resolution.
///
/// Without photographs, magnitudes are 1 / frequency, as the scale of [`Fourier`](crate::Fourier).
/// The authors take the mean magnitudes of ImageNet's training images:
/// [`magnitudes_of`](Maco::magnitudes_of) takes yours. Optimize it with a rate near 1.
///
/// Source: Fel et al., "Unlocking Feature Visualization for Deeper Networks with MAgnitude
/// Constrained Optimization" (NeurIPS 2023), and their Horama, `maco_fv.py`, which starts at
/// normally distributed phases and also standardizes those; ours are phases as they are.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `magnitudes_of` | 1 / frequency | photographs whose mean magnitudes are taken | with the image's channels |
/// | `decorrelated` | true | optimize decorrelated colors | |
///
/// and those of every [`InBasis`]. Of a photograph to start from, the phases are taken: the start
/// is that photograph only as far as magnitudes and contrast agree.
pub type Maco = InBasis<Phases>;

/// The basis of [`Maco`].
#[derive(Debug, Clone)]
pub struct Phases {
    photographs: Option<Vec<Picture>>,
}

impl Maco {
    /// Creates images of a size.
    #[must_use]
    pub const fn new(width: usize, height: usize) -> Self {
        Self::of(Phases { photographs: None }, width, height)
    }

    /// Sets photographs whose mean magnitudes the images have, as decorrelated colors before the
    /// sigmoid. Photographs of another size are resized.
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

/// The mean magnitudes of photographs, [1, channels, height, width / 2 + 1].
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
    // Parseval, without the constant part of each channel; mirrored columns counted once.
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
    /// [1, channels, height, width / 2 + 1, 1].
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

    /// The phases alone.
    fn encode(&self, values: Tensor<4>) -> Result<Vec<Tensor<1>>, ParamError> {
        let spectrum = read(self.fft.rfft2(values)?)?;
        let phases = spectrum.chunks_exact(2).map(|part| part[1].atan2(part[0]));
        let phases: Vec<f32> = phases.collect();
        let count = phases.len();
        let data = TensorData::new(phases, [count]);
        Ok(vec![Tensor::from_data(data, &self.device)])
    }
}

/// Each image with the mean 0 and a standard deviation of almost 1.
fn standardized(values: Tensor<4>) -> Tensor<4> {
    let [n, channels, height, width] = values.dims();
    let values = values.reshape([n, channels * height * width]);
    let centered = values.clone() - values.mean_dim(1);
    let variance = (centered.clone() * centered.clone()).mean_dim(1);
    let spread = (variance + VARIANCE_EPSILON).sqrt() + STD_EPSILON;
    (centered / spread).reshape([n, channels, height, width])
}
