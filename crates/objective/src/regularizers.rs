//! Objectives about the image alone, of any number of channels. All sum over the images of the
//! batch.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData, module, ops::ConvOptions};
use oneiric_core::Picture;
use oneiric_model::LayerId;
use oneiric_support::SettingError;

use crate::{Measure, ObjectiveError, Reading, directions::SQUARED_NORM_EPSILON};

/// Added to a squared norm, whose root has no slope at 0. Source: Lucid, `optvis/objectives.py`.
const L2_EPSILON: f32 = 1e-6;

/// Side of the blur that [`Blur`] moves an image towards. Source: Lucid.
const BLUR_SIDE: usize = 3;

/// Blur of [`PenalizeBoundary`], the gray that a boundary is drawn to, and the weight of that.
/// Source: Lucid, `penalize_boundary_complexity`.
const BOUNDARY_BLUR_SIDE: usize = 5;
const BOUNDARY_GRAY: f32 = 0.5;
const BOUNDARY_GRAY_WEIGHT: f32 = 0.8;

/// Index of the alpha channel, after red, green and blue.
const ALPHA: usize = 3;

/// Sum of the absolute differences between neighbors, down and right.
///
/// Source: TensorFlow's `tf.image.total_variation` (anisotropic; Rudin, Osher and Fatemi, 1992,
/// define the isotropic one).
#[derive(Debug)]
pub(crate) struct TotalVariation;

impl Measure for TotalVariation {
    fn layers(&self) -> &[LayerId] {
        &[]
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let along = |axis: usize| {
            let image = reading.image.clone();
            let n = image.dims()[axis];
            if n < 2 {
                return (image * 0.0).sum();
            }
            let later = image.clone().narrow(axis, 1, n - 1);
            (later - image.narrow(axis, 0, n - 1)).abs().sum()
        };
        along(2) + along(3)
    }
}

/// Sum of |x - constant|.
#[derive(Debug)]
pub(crate) struct L1 {
    pub(crate) constant: f32,
}

impl Measure for L1 {
    fn layers(&self) -> &[LayerId] {
        &[]
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        (reading.image.clone() - self.constant).abs().sum()
    }

    fn check(&self, _sizes: &[[usize; 2]]) -> Result<(), ObjectiveError> {
        check_constant(self.constant)
    }
}

/// Sum over images of `sqrt(1e-6 + sum (x - constant)^2)`.
#[derive(Debug)]
pub(crate) struct L2 {
    pub(crate) constant: f32,
}

impl Measure for L2 {
    fn layers(&self) -> &[LayerId] {
        &[]
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let squares = (reading.image.clone() - self.constant).square();
        let per_image = squares.sum_dim(1).sum_dim(2).sum_dim(3);
        (per_image + L2_EPSILON).sqrt().sum()
    }

    fn check(&self, _sizes: &[[usize; 2]]) -> Result<(), ObjectiveError> {
        check_constant(self.constant)
    }
}

/// `0.5 * sum (x - blur(x))^2` with the blurred image held constant: subtracting it blurs the
/// image a little every step.
///
/// The blur weighs a pixel 1 and its eight neighbors 0.5, over the weights that lie inside.
/// Source: Lucid, `optvis/objectives.py`, after Nguyen et al., 2015.
#[derive(Debug)]
pub(crate) struct Blur;

impl Measure for Blur {
    fn layers(&self) -> &[LayerId] {
        &[]
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let image = reading.image.clone();
        let blurred = blur(image.clone().without_autodiff(), BLUR_SIDE);
        (image - blurred).square().sum() * 0.5
    }
}

/// [`Blur`] of the alpha channel alone.
#[derive(Debug)]
pub(crate) struct BlurAlpha;

impl Measure for BlurAlpha {
    fn layers(&self) -> &[LayerId] {
        &[]
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let alpha = reading.image.clone().narrow(1, ALPHA, 1);
        let blurred = blur(alpha.clone().without_autodiff(), BLUR_SIDE);
        (alpha - blurred).square().sum() * 0.5
    }

    fn check_image(&self, [channels, ..]: [usize; 3]) -> Result<(), ObjectiveError> {
        if channels > ALPHA {
            return Ok(());
        }
        Err(ObjectiveError::NoAlpha { channels })
    }
}

/// Minus the sum over the boundary of `(blur(x) - x)^2 + 0.8 (x - 0.5)^2`.
#[derive(Debug)]
pub(crate) struct PenalizeBoundary {
    pub(crate) width: usize,
}

impl Measure for PenalizeBoundary {
    fn layers(&self) -> &[LayerId] {
        &[]
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let image = reading.image.clone();
        let [_, _, height, width] = image.dims();
        let is_near = |at: usize, n: usize| at < self.width || n - at <= self.width;
        let mask = (0..height).flat_map(|y| {
            let row = is_near(y, height);
            (0..width).map(move |x| f32::from(u8::from(row || is_near(x, width))))
        });
        let mask = TensorData::new(mask.collect::<Vec<_>>(), [1, 1, height, width]);
        let mask = Tensor::<4>::from_data(mask, &image.device().without_autodiff());
        let uneven = (blur(image.clone(), BOUNDARY_BLUR_SIDE) - image.clone()).square();
        let colored = (image - BOUNDARY_GRAY).square() * BOUNDARY_GRAY_WEIGHT;
        ((uneven + colored) * mask).sum().neg()
    }
}

/// Sum over images of the root of the mean squared difference from a photograph's pixels.
#[derive(Debug)]
pub(crate) struct InputDifference {
    pub(crate) photograph: Arc<Picture>,
}

impl Measure for InputDifference {
    fn layers(&self) -> &[LayerId] {
        &[]
    }

    fn photograph(&self) -> Option<&Arc<Picture>> {
        Some(&self.photograph)
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let image = reading.image.clone();
        let photograph = self
            .photograph
            .to_tensor(&image.device().without_autodiff());
        let squares = (image - photograph).square();
        let means = squares.mean_dim(1).mean_dim(2).mean_dim(3);
        (means + SQUARED_NORM_EPSILON).sqrt().sum()
    }
}

/// Blurs: every pixel becomes the mean of its neighborhood in a square of an odd side, of which the
/// rim weighs 0.5 and what lies inside 1, over the weights that lie in the image. Source: Lucid,
/// `_tf_blur`.
fn blur(image: Tensor<4>, side: usize) -> Tensor<4> {
    let [n, c, h, w] = image.dims();
    let device = image.device().without_autodiff();
    let is_rim = |at: usize| at == 0 || at == side - 1;
    let weight = |index: usize| {
        if is_rim(index / side) || is_rim(index % side) {
            0.5
        } else {
            1.0
        }
    };
    let kernel: Vec<f32> = (0..side * side).map(weight).collect();
    let kernel = TensorData::new(kernel, [1, 1, side, side]);
    let kernel = Tensor::<4>::from_data(kernel, &device);
    let convolve = |x: Tensor<4>| {
        let options = ConvOptions::new([1; 2], [side / 2; 2], [1; 2], 1);
        module::conv2d(x, kernel.clone(), None, options)
    };
    let weights = convolve(Tensor::ones([1, 1, h, w], &device));
    let sums = convolve(image.reshape([n * c, 1, h, w]));
    (sums / weights).reshape([n, c, h, w])
}

fn check_constant(constant: f32) -> Result<(), ObjectiveError> {
    let (setting, good) = ("the gray that the image is kept near", constant.is_finite());
    Ok(SettingError::require(setting, constant, good, "finite")?)
}
