//! Mapping of (decorrelated) colors without bounds to RGB in 0..=1, and back.

use burn::tensor::{Device, Tensor, TensorData, activation};
use oneiric_core::is_host;

use crate::mixed_sigmoid::mixed_sigmoid;

/// Shares of red, green and blue (rows) in each decorrelated channel (columns), from the color
/// covariance of ImageNet. Source: Lucid, `optvis/param/color.py`.
const CORRELATION: [[f64; 3]; 3] = [[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]];

/// Mean color of ImageNet, RGB in 0..=1. Source: the same file.
const MEAN: [f32; 3] = [0.48, 0.46, 0.41];

/// Added to channels that are not colors by [`Squash::Clamp`], which adds the mean color to those
/// that are.
const GRAY: f32 = 0.5;

/// Number of channels of RGB, and of RGB with alpha.
const RGB: usize = 3;
const RGBA: usize = 4;

/// Smallest distance from 0 and 1 that values of a photograph keep, so that the sigmoid can be
/// inverted: half a step of an 8-bit file.
const MARGIN: f32 = 0.5 / 255.0;

/// The function that maps values without bounds to 0..=1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Squash {
    /// `1 / (1 + exp(-x))`.
    #[default]
    Sigmoid,
    /// Adds the mean color of ImageNet (0.5 to channels that are not colors) and clamps: Lucid's
    /// choice without a sigmoid. An alpha channel still goes through the sigmoid, as in Lucid.
    Clamp,
}

/// The mapping from the channels that are optimized to those of an image in 0..=1, and its inverse.
///
/// The colors are all channels of an image of three, RGB, and the first three of an image of four,
/// whose last is alpha. In images of any other number of channels nothing is mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColorMapping {
    /// True if the colors are decorrelated and must be mixed into red, green and blue.
    pub decorrelated: bool,
    /// Function that maps the mixed values to 0..=1.
    pub squash: Squash,
}

impl ColorMapping {
    /// Returns the function from unbounded channels [n, channels, h, w] to the image in 0..=1. The
    /// constants are created on the device once.
    pub fn to_rgb(self, device: &Device) -> impl Fn(Tensor<4>) -> Tensor<4> + Send + use<> {
        let colors = self.colors(device);
        move |x| match x.dims()[1] {
            RGB => colors(x),
            RGBA => {
                let alpha = activation::sigmoid(x.clone().narrow(1, RGB, 1));
                Tensor::cat(vec![colors(x.narrow(1, 0, RGB)), alpha], 1)
            }
            _ => match self.squash {
                Squash::Sigmoid => activation::sigmoid(x),
                Squash::Clamp => (x + GRAY).clamp(0.0, 1.0),
            },
        }
    }

    /// Returns the function from unbounded colors [n, 3, h, w] to RGB in 0..=1.
    fn colors(self, device: &Device) -> impl Fn(Tensor<4>) -> Tensor<4> + Send + use<> {
        let is_host = is_host(device);
        let mix = self.decorrelated.then(|| matrix(normalized(), device));
        let mean = channels(MEAN, device);
        move |x| {
            if is_host && self.squash == Squash::Sigmoid {
                return mixed_sigmoid(x, self.mix());
            }
            let x = match &mix {
                Some(mix) => apply(mix, x),
                None => x,
            };
            match self.squash {
                Squash::Sigmoid => activation::sigmoid(x),
                Squash::Clamp => (x + mean.clone()).clamp(0.0, 1.0),
            }
        }
    }

    /// Returns the mixing matrix; its rows are the weights of the channels in red, green and blue.
    fn mix(self) -> [[f32; 3]; 3] {
        if self.decorrelated {
            normalized().map(|row| row.map(|v| v as f32))
        } else {
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        }
    }

    /// Maps an image [n, channels, h, w] in 0..=1 to the channels that are optimized: the inverse.
    #[must_use]
    pub fn from_rgb(self, image: Tensor<4>) -> Tensor<4> {
        match image.dims()[1] {
            RGB => self.undo_colors(image),
            RGBA => {
                let alpha = logit(image.clone().narrow(1, RGB, 1));
                Tensor::cat(vec![self.undo_colors(image.narrow(1, 0, RGB)), alpha], 1)
            }
            _ => match self.squash {
                Squash::Sigmoid => logit(image),
                Squash::Clamp => image - GRAY,
            },
        }
    }

    /// Maps RGB in 0..=1 to unbounded colors: the inverse of [`colors`](Self::colors).
    fn undo_colors(self, rgb: Tensor<4>) -> Tensor<4> {
        let device = rgb.device();
        let x = match self.squash {
            Squash::Sigmoid => logit(rgb),
            Squash::Clamp => rgb - channels(MEAN, &device),
        };
        if self.decorrelated {
            apply(&matrix(inverse(normalized()), &device), x)
        } else {
            x
        }
    }
}

/// Computes the inverse of the sigmoid.
fn logit(image: Tensor<4>) -> Tensor<4> {
    let p = image.clamp(MARGIN, 1.0 - MARGIN);
    (p.clone() / (p.neg() + 1.0)).log()
}

/// Divides the correlation by its largest column norm, so that no channel is amplified.
fn normalized() -> [[f64; 3]; 3] {
    let norm = |column: usize| {
        CORRELATION
            .iter()
            .map(|row| row[column].powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let largest = (0..3).map(norm).fold(0.0, f64::max);
    CORRELATION.map(|row| row.map(|v| v / largest))
}

fn inverse(m: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    // The cyclic indices give each cofactor its sign.
    let cofactor = |i: usize, j: usize| {
        let (a, b, c, d) = ((i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3);
        m[a][c] * m[b][d] - m[a][d] * m[b][c]
    };
    let determinant: f64 = (0..3).map(|j| m[0][j] * cofactor(0, j)).sum();
    let mut inverse = [[0.0; 3]; 3];
    for (i, row) in inverse.iter_mut().enumerate() {
        for (j, value) in row.iter_mut().enumerate() {
            *value = cofactor(j, i) / determinant;
        }
    }
    inverse
}

fn matrix(m: [[f64; 3]; 3], device: &Device) -> Tensor<3> {
    let values: Vec<f32> = m.as_flattened().iter().map(|&v| v as f32).collect();
    Tensor::from_data(TensorData::new(values, [1, 3, 3]), device)
}

fn channels(values: [f32; 3], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), [1, 3, 1, 1]), device)
}

/// Multiplies the channels of every pixel by a matrix.
fn apply(matrix: &Tensor<3>, x: Tensor<4>) -> Tensor<4> {
    let [n, _, h, w] = x.dims();
    let mixed = matrix
        .clone()
        .repeat_dim(0, n)
        .matmul(x.reshape([n, 3, h * w]));
    mixed.reshape([n, 3, h, w])
}

#[cfg(test)]
mod tests {
    use super::{ColorMapping, Squash, inverse, normalized};
    use oneiric_testkit::{Array, Tolerance, assert_close, assert_gradient, devices};

    #[test]
    fn the_largest_column_norm_is_the_published_one() {
        let first = normalized()[0][0];
        assert!(
            (0.26 / first - 0.461_952_4).abs() < 1e-6,
            "{}",
            0.26 / first
        );
    }

    #[test]
    fn the_inverse_is_one() {
        let inverse = inverse(normalized());
        for (y, row) in normalized().iter().enumerate() {
            let products = [0, 1, 2].map(|x| -> f64 {
                row.iter()
                    .zip(&inverse)
                    .map(|(m, column)| m * column[x])
                    .sum()
            });
            for (x, product) in products.into_iter().enumerate() {
                let expected = if x == y { 1.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_pixel_by_hand() {
        // M (1, 2, -1) = (.26 + .18 - .02, .27 + 0 + .05, .27 - .18 - .03) / .4619524
        let logits = [0.42, 0.32, 0.06].map(|v: f64| v / 0.461_952_4);
        let expected = logits.map(|v| (1.0 / (1.0 + (-v).exp())) as f32);
        for (backend, device) in devices() {
            let x = Array::new([1, 3, 1, 1], vec![1.0, 2.0, -1.0]);
            let color = ColorMapping {
                decorrelated: true,
                squash: Squash::Sigmoid,
            };
            let rgb = Array::of(color.to_rgb(&device)(x.tensor(&device)));
            let expected = Array::new([1, 3, 1, 1], expected.to_vec());
            assert_close(backend.name(), &rgb, &expected, Tolerance::ARITHMETIC);
        }
    }

    #[test]
    fn alpha_is_not_mixed() {
        // The pixel above. The sigmoid of ln 3 is 3 / (3 + 1).
        for (backend, device) in devices() {
            for n in [1, 2] {
                let pixel = [1.0, 2.0, -1.0, 3.0_f32.ln()];
                let x = Array::new([n, 4, 1, 1], pixel.repeat(n));
                for squash in [Squash::Sigmoid, Squash::Clamp] {
                    let color = ColorMapping {
                        decorrelated: true,
                        squash,
                    };
                    let to_rgb = color.to_rgb(&device);
                    let colors = Array::of(to_rgb(x.tensor(&device).narrow(1, 0, 3)));
                    let rgba = Array::of(to_rgb(x.tensor(&device)));
                    let expected = (0..n).flat_map(|image| {
                        let rgb = &colors.values[image * 3..][..3];
                        rgb.iter().copied().chain([0.75])
                    });
                    let expected = Array::new([n, 4, 1, 1], expected.collect());
                    assert_close(backend.name(), &rgba, &expected, Tolerance::ARITHMETIC);
                }
            }
        }
    }

    #[test]
    fn what_is_no_color_is_squashed_alone() {
        for (backend, device) in devices() {
            for channels in [1, 2, 7] {
                let x = Array::noise([2, channels, 3, 2], 3);
                let expected = |f: fn(f32) -> f32| {
                    let values = x.values.iter().map(|&v| f(2.0 * v)).collect();
                    Array::new([2, channels, 3, 2], values)
                };
                let actual = |squash| {
                    let color = ColorMapping {
                        decorrelated: true,
                        squash,
                    };
                    Array::of(color.to_rgb(&device)(x.tensor(&device) * 2.0))
                };
                let what = format!("{backend}, {channels} channels");
                let sigmoid = expected(|v| 1.0 / (1.0 + (-v).exp()));
                assert_close(
                    &what,
                    &actual(Squash::Sigmoid),
                    &sigmoid,
                    Tolerance::ARITHMETIC,
                );
                let clamp = expected(|v| (v + 0.5).clamp(0.0, 1.0));
                assert_close(&what, &actual(Squash::Clamp), &clamp, Tolerance::ARITHMETIC);
            }
        }
    }

    #[test]
    fn every_combination_has_its_inverse() {
        for (backend, device) in devices() {
            for (decorrelated, channels) in [false, true]
                .into_iter()
                .flat_map(|d| [1, 2, 3, 4, 5].map(|c| (d, c)))
            {
                for squash in [Squash::Sigmoid, Squash::Clamp] {
                    let color = ColorMapping {
                        decorrelated,
                        squash,
                    };
                    let shape = [2, channels, 4, 5];
                    let noise = Array::noise(shape, 3);
                    let rgb = noise.values.iter().map(|v| 0.5 + 0.45 * v).collect();
                    let rgb = Array::new(shape, rgb);
                    let back = color.to_rgb(&device)(color.from_rgb(rgb.tensor(&device)));
                    let what = format!("{backend} {color:?}, {channels} channels");
                    assert_close(&what, &Array::of(back), &rgb, Tolerance::OfLargest(1e-5));
                }
            }
        }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        for (backend, device) in devices() {
            let color = ColorMapping {
                decorrelated: true,
                squash: Squash::Sigmoid,
            };
            let to_rgb = color.to_rgb(&device);
            for channels in [1, 3, 4, 5] {
                let weights = Array::noise([2, channels, 4, 5], 9);
                let at = Array::noise([2, channels, 4, 5], 3);
                let what = format!("{backend}, {channels} channels");
                assert_gradient(&what, &at, 1e-2, &device, |x| {
                    (to_rgb(x) * weights.tensor(&device)).sum()
                });
            }
        }
    }
}
