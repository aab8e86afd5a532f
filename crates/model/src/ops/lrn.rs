//! Local response normalisation across channels.

use burn::tensor::{Device, Tensor, TensorData, module, ops::ConvOptions};

use crate::config::Lrn;

/// [`Lrn`] for a number of channels.
///
/// The sum over neighbouring channels is a 1x1 convolution with a band matrix: exact, one matrix
/// product, and several times faster than burn's average pooling over the channel axis.
#[derive(Debug, Clone)]
pub(crate) struct LrnKernel {
    /// [c, c, 1, 1]: alpha where |i - j| <= radius.
    band: Tensor<4>,
    /// [c].
    bias: Tensor<1>,
    beta: f32,
}

impl LrnKernel {
    pub(crate) fn new(lrn: &Lrn, channels: usize, device: &Device) -> Self {
        let band: Vec<f32> = (0..channels * channels)
            .map(|at| {
                let (i, j) = (at / channels, at % channels);
                if i.abs_diff(j) <= lrn.radius {
                    lrn.alpha
                } else {
                    0.0
                }
            })
            .collect();
        let bias = TensorData::new(vec![lrn.bias; channels], [channels]);
        Self {
            band: Tensor::from_data(TensorData::new(band, [channels, channels, 1, 1]), device),
            bias: Tensor::from_data(bias, device),
            beta: lrn.beta,
        }
    }

    pub(crate) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let options = ConvOptions::new([1; 2], [0; 2], [1; 2], 1);
        let squares = x.clone() * x.clone();
        let base = module::conv2d(squares, self.band.clone(), Some(self.bias.clone()), options);
        x * base.powf_scalar(-self.beta)
    }
}

#[cfg(test)]
mod tests {
    use super::LrnKernel;
    use crate::config::Lrn;
    use oneiric_testkit::{Array, Tolerance, assert_close, assert_gradient, devices};

    const FORMS: [Lrn; 2] = [
        Lrn {
            radius: 5,
            bias: 2.0,
            alpha: 1e-4,
            beta: 0.5,
        },
        Lrn::caffe(5, 1e-4, 0.75, 1.0),
    ];

    /// The definition, in f64.
    fn naive(x: &Array, lrn: &Lrn) -> Array {
        let [n, c, h, w] = x.shape[..] else {
            panic!("{:?}", x.shape)
        };
        let plane = h * w;
        let value = |item: usize, channel: usize, at: usize| {
            f64::from(x.values[(item * c + channel) * plane + at])
        };
        let mut values = Vec::with_capacity(x.values.len());
        for item in 0..n {
            for i in 0..c {
                for at in 0..plane {
                    let sum: f64 = (0..c)
                        .filter(|j| i.abs_diff(*j) <= lrn.radius)
                        .map(|j| value(item, j, at).powi(2))
                        .sum();
                    let base = f64::from(lrn.bias) + f64::from(lrn.alpha) * sum;
                    values.push((value(item, i, at) / base.powf(f64::from(lrn.beta))) as f32);
                }
            }
        }
        Array::new(x.shape.clone(), values)
    }

    /// Activations as large as the networks', so that the sum matters.
    fn activations(channels: usize) -> Array {
        let noise = Array::noise([2, channels, 3, 4], 1);
        let values = noise.values.iter().map(|v| (v * 300.0).max(0.0)).collect();
        Array::new(noise.shape, values)
    }

    #[test]
    fn both_forms_are_their_definition() {
        for (backend, device) in devices() {
            for lrn in FORMS {
                let x = activations(16);
                let y = LrnKernel::new(&lrn, 16, &device).apply(x.tensor(&device));
                let tolerance = if backend.is_host() {
                    Tolerance::ARITHMETIC
                } else {
                    Tolerance::ACTIVATIONS_GPU
                };
                let what = format!("{lrn:?} on {backend}");
                assert_close(&what, &Array::of(y), &naive(&x, &lrn), tolerance);
            }
        }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        for (backend, device) in devices() {
            for lrn in FORMS {
                let kernel = LrnKernel::new(&lrn, 8, &device);
                let weights = Array::noise([2, 8, 3, 4], 2);
                let what = format!("{lrn:?} on {backend}");
                assert_gradient(&what, &activations(8), 1.0, &device, |x| {
                    (kernel.apply(x) * weights.tensor(&device)).sum()
                });
            }
        }
    }
}
