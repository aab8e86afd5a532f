//! Objectives about the image alone, to be subtracted. All sum over the images of the batch.

use burn::tensor::{Tensor, TensorData, module, ops::ConvOptions};
use oneiric_model::LayerId;

use crate::{Measure, ObjectiveError, Reading};

/// Added to a squared norm, whose root has no slope at 0. Source: Lucid, `optvis/objectives.py`.
const L2_EPSILON: f32 = 1e-6;

/// Sum of the absolute differences between neighbours, down and right.
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
/// The blur weighs a pixel 1 and its eight neighbours 0.5, over the weights that lie inside.
/// Source: Lucid, `optvis/objectives.py`, after Nguyen et al., 2015.
#[derive(Debug)]
pub(crate) struct Blur;

impl Measure for Blur {
    fn layers(&self) -> &[LayerId] {
        &[]
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        let image = reading.image.clone();
        let blurred = blur(image.clone().without_autodiff());
        (image - blurred).square().sum() * 0.5
    }
}

fn blur(image: Tensor<4>) -> Tensor<4> {
    let [n, c, h, w] = image.dims();
    let device = image.device();
    let mut kernel = vec![0.5; 9];
    kernel[4] = 1.0;
    let kernel = Tensor::<4>::from_data(TensorData::new(kernel, [1, 1, 3, 3]), &device);
    let convolve = |x: Tensor<4>| {
        let options = ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
        module::conv2d(x, kernel.clone(), None, options)
    };
    let weights = convolve(Tensor::ones([1, 1, h, w], &device));
    let sums = convolve(image.reshape([n * c, 1, h, w]));
    (sums / weights).reshape([n, c, h, w])
}

fn check_constant(constant: f32) -> Result<(), ObjectiveError> {
    if constant.is_finite() {
        return Ok(());
    }
    Err(ObjectiveError::Number {
        name: "the grey that the image is kept near",
        value: f64::from(constant),
        allowed: "finite",
    })
}
