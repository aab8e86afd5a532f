//! Random changes of colors.

use std::f64::consts::TAU;

use burn::tensor::{Tensor, TensorData};
use rand::RngExt;

use crate::{
    Transform, TransformContext, TransformError,
    settings::{check_share, require, wrong_channels},
};

/// Weights of red, green and blue in luma (ITU-R BT.601); they sum to 1.
const LUMA: [f64; 3] = [0.299, 0.587, 0.114];

type Matrix = [[f64; 3]; 3];

/// Changes brightness, contrast, saturation and hue, in this order, each drawn uniformly in each
/// step; values are clamped to 0..=1 at the end. Takes images of 3 channels, RGB, or 4, RGB and
/// alpha; alpha is unchanged.
///
/// Brightness multiplies the values. Contrast multiplies the distance from the image's mean gray,
/// saturation the distance from each pixel's own gray, where gray is `0.299 R + 0.587 G + 0.114 B`.
/// Hue rotates colors about the axis of grays.
///
/// The settings are those of torchvision's `ColorJitter`, which also draws the order, clamps after
/// each change, and rotates the hue in HSV, where the gradient is discontinuous.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `brightness` | 0.2 | half width of the factor's range around 1 | 0..=1 |
/// | `contrast` | 0.2 | half width of the factor's range around 1 | 0..=1 |
/// | `saturation` | 0.2 | half width of the factor's range around 1 | 0..=1 |
/// | `hue` | 0 | largest rotation in either direction, as a share of a full turn | 0..=0.5 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColorJitter {
    brightness: f32,
    contrast: f32,
    saturation: f32,
    hue: f32,
}

impl ColorJitter {
    /// Creates a jitter of 0.2 for brightness, contrast and saturation, and no change of hue.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            brightness: 0.2,
            contrast: 0.2,
            saturation: 0.2,
            hue: 0.0,
        }
    }

    /// Sets the half width of the range of the brightness factor, around 1.
    #[must_use]
    pub const fn brightness(mut self, amount: f32) -> Self {
        self.brightness = amount;
        self
    }

    /// Sets the half width of the range of the contrast factor, around 1.
    #[must_use]
    pub const fn contrast(mut self, amount: f32) -> Self {
        self.contrast = amount;
        self
    }

    /// Sets the half width of the range of the saturation factor, around 1.
    #[must_use]
    pub const fn saturation(mut self, amount: f32) -> Self {
        self.saturation = amount;
        self
    }

    /// Sets the largest rotation of the hue in either direction, as a share of a full turn.
    #[must_use]
    pub const fn hue(mut self, amount: f32) -> Self {
        self.hue = amount;
        self
    }
}

impl Default for ColorJitter {
    fn default() -> Self {
        Self::new()
    }
}

/// One draw: factors, and the rotation of the hue as a share of a full turn.
#[derive(Debug, Clone, Copy)]
struct Change {
    brightness: f64,
    contrast: f64,
    saturation: f64,
    turn: f64,
}

impl Change {
    /// Returns the matrix for a pixel's colors: hue after saturation after contrast after
    /// brightness. The gray that contrast adds is unchanged by saturation and hue.
    fn matrix(self) -> Matrix {
        let factor = self.brightness * self.contrast;
        multiplied(hue(self.turn), saturation(self.saturation)).map(|row| row.map(|v| v * factor))
    }

    /// Returns the factor of the image's mean gray in the addition to every value.
    fn mean_factor(self) -> f64 {
        self.brightness * (1.0 - self.contrast)
    }

    /// Applies the changes to images [n, 3, h, w].
    fn apply(self, rgb: Tensor<4>) -> Tensor<4> {
        let [n, _, h, w] = rgb.dims();
        let device = rgb.device().without_autodiff();
        let constant = |values: Vec<f64>, shape: [usize; 3]| {
            let values: Vec<f32> = values.into_iter().map(|v| v as f32).collect();
            Tensor::<3>::from_data(TensorData::new(values, shape), &device)
        };
        let rgb: Tensor<3> = rgb.reshape([n, 3, h * w]);
        let luma = constant(LUMA.to_vec(), [1, 3, 1]);
        let mean = (rgb.clone() * luma).sum_dim(1).mean_dim(2);
        let matrix = constant(self.matrix().concat(), [1, 3, 3]).repeat_dim(0, n);
        let changed = matrix.matmul(rgb) + mean.mul_scalar(self.mean_factor());
        changed.clamp(0.0, 1.0).reshape([n, 3, h, w])
    }
}

/// Returns the matrix that scales the distance of colors from their gray.
fn saturation(factor: f64) -> Matrix {
    let mut matrix = [LUMA.map(|v| v * (1.0 - factor)); 3];
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += factor;
    }
    matrix
}

/// Returns the rotation about (1, 1, 1), by Rodrigues' formula. A third of a turn maps red to
/// green.
fn hue(turn: f64) -> Matrix {
    let (sin, cos) = (turn * TAU).sin_cos();
    let gray = (1.0 - cos) / 3.0;
    let across = sin / 3.0_f64.sqrt();
    let [own, next, last] = [cos + gray, gray + across, gray - across];
    [[own, last, next], [next, own, last], [last, next, own]]
}

fn multiplied(a: Matrix, b: Matrix) -> Matrix {
    a.map(|row| [0, 1, 2].map(|column| (0..3).map(|k| row[k] * b[k][column]).sum()))
}

impl Transform for ColorJitter {
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
        let mut within =
            |amount: f32| f64::from(amount) * (2.0 * context.rng.random::<f64>() - 1.0);
        let change = Change {
            brightness: 1.0 + within(self.brightness),
            contrast: 1.0 + within(self.contrast),
            saturation: 1.0 + within(self.saturation),
            turn: within(self.hue),
        };
        let channels = images.dims()[1];
        if channels == 3 {
            return change.apply(images);
        }
        let rgb = images.clone().narrow(1, 0, 3);
        let rest = images.narrow(1, 3, channels - 3);
        Tensor::cat(vec![change.apply(rgb), rest], 1)
    }

    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        check_share(self, "brightness", self.brightness)?;
        check_share(self, "contrast", self.contrast)?;
        check_share(self, "saturation", self.saturation)?;
        let good = (0.0..=0.5).contains(&self.hue);
        require(self, "hue", self.hue, good, "in 0..=0.5")?;
        Ok(size)
    }

    fn output_channels(&self, channels: usize) -> Result<usize, TransformError> {
        match channels {
            3 | 4 => Ok(channels),
            _ => Err(wrong_channels(self, channels, "3 channels or 4")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, LUMA};
    use oneiric_testkit::{Array, Tolerance, assert_close, devices};

    const NOTHING: Change = Change {
        brightness: 1.0,
        contrast: 1.0,
        saturation: 1.0,
        turn: 0.0,
    };

    fn assert_changes(change: Change, image: &Array, expected: &[f64]) {
        let expected = expected.iter().map(|v| *v as f32).collect();
        let expected = Array::new(image.shape.clone(), expected);
        for (backend, device) in devices() {
            let actual = Array::of(change.apply(image.tensor(&device)));
            let what = format!("{backend} {change:?}");
            assert_close(&what, &actual, &expected, Tolerance::ARITHMETIC);
        }
    }

    #[test]
    fn each_change_is_as_worked_out_by_hand() {
        // Two pixels: (0.2, 0.4, 0.6), gray 0.363, and (0.5, 0.5, 0.1), gray 0.4544.
        let image = Array::new([1, 3, 1, 2], vec![0.2, 0.5, 0.4, 0.5, 0.6, 0.1]);
        assert_changes(NOTHING, &image, &[0.2, 0.5, 0.4, 0.5, 0.6, 0.1]);
        let brightness = 1.5;
        let bright = Change {
            brightness,
            ..NOTHING
        };
        assert_changes(bright, &image, &[0.3, 0.75, 0.6, 0.75, 0.9, 0.15]);
        // Half way to the mean gray, 0.4087.
        let contrast = 0.5;
        let faint = Change {
            contrast,
            ..NOTHING
        };
        let expected = [0.30435, 0.45435, 0.40435, 0.45435, 0.50435, 0.25435];
        assert_changes(faint, &image, &expected);
        let saturation = 0.5;
        let pale = Change {
            saturation,
            ..NOTHING
        };
        let expected = [0.2815, 0.4772, 0.3815, 0.4772, 0.4815, 0.2772];
        assert_changes(pale, &image, &expected);
        // Red becomes green, green blue, blue red.
        let turn = 1.0 / 3.0;
        let turned = Change { turn, ..NOTHING };
        assert_changes(turned, &image, &[0.6, 0.1, 0.2, 0.5, 0.4, 0.5]);
        // Clamped at 1.
        let brightness = 2.0;
        let glaring = Change {
            brightness,
            ..NOTHING
        };
        assert_changes(glaring, &image, &[0.4, 1.0, 0.8, 1.0, 1.0, 0.2]);
    }

    #[test]
    fn all_at_once_is_one_after_the_other() {
        let change = Change {
            brightness: 0.8,
            contrast: 1.3,
            saturation: 0.7,
            turn: 0.1,
        };
        let noise = Array::noise([2, 3, 4, 5], 1).values;
        // Around 0.5, so that no value is clamped.
        let middle = noise.iter().map(|v| 0.5 + 0.2 * v).collect();
        let image = Array::new([2, 3, 4, 5], middle);
        let mut expected: Vec<f64> = image.values.iter().map(|v| f64::from(*v)).collect();
        let (sin, cos) = (0.1 * std::f64::consts::TAU).sin_cos();
        for image in expected.chunks_exact_mut(60) {
            let gray = |image: &[f64], at: usize| -> f64 {
                (0..3).map(|c| LUMA[c] * image[20 * c + at]).sum()
            };
            for value in &mut *image {
                *value *= 0.8;
            }
            let mean = (0..20).map(|at| gray(image, at)).sum::<f64>() / 20.0;
            for value in &mut *image {
                *value = mean + 1.3 * (*value - mean);
            }
            for at in 0..20 {
                let gray = gray(image, at);
                let [r, g, b] = [0, 1, 2].map(|c| gray + 0.7 * (image[20 * c + at] - gray));
                // v cos + (k x v) sin + k (k . v) (1 - cos), k = (1, 1, 1) / sqrt 3.
                let along = (r + g + b) / 3.0 * (1.0 - cos);
                let root = 3.0_f64.sqrt();
                image[at] = r * cos + (b - g) / root * sin + along;
                image[20 + at] = g * cos + (r - b) / root * sin + along;
                image[40 + at] = b * cos + (g - r) / root * sin + along;
            }
        }
        assert_changes(change, &image, &expected);
    }
}
