//! Mixing of channels and the sigmoid on the host, with the gradient, in one pass over the memory
//! instead of one for each of burn's operations.

use burn::tensor::Tensor;
use oneiric_core::{custom_gradient, map_host, with_host};
use rayon::prelude::*;

use crate::sigmoid::sigmoid;

/// Pixels that a thread processes at a time.
const BLOCK: usize = 8192;

/// Matrix from the three channels to red, green and blue, row by row.
pub(crate) type Mix = [[f32; 3]; 3];

/// Computes `sigmoid(mix * x)` for the three channels of every pixel of [n, 3, h, w].
///
/// # Panics
///
/// Panics if the tensor is not in the host's memory.
pub(crate) fn mixed_sigmoid(x: Tensor<4>, mix: Mix) -> Tensor<4> {
    let shape = x.dims();
    let pixels = shape[2] * shape[3];
    custom_gradient(x, |x| {
        let rgb = map_host(x, shape, |x| forward(x, pixels, mix));
        let result = rgb.clone();
        let pullback = move |gradient| {
            with_host(result.clone(), |rgb| {
                map_host(gradient, shape, |gradient| {
                    backward(rgb, gradient, pixels, mix)
                })
            })
        };
        (rgb, pullback)
    })
}

fn forward(x: &[f32], pixels: usize, mix: Mix) -> Vec<f32> {
    let mut rgb = vec![0.0; x.len()];
    for_each_block(&mut rgb, pixels, |image, channel, first, rgb| {
        let [m0, m1, m2] = mix[channel];
        let count = rgb.len();
        let [x0, x1, x2] = channels(x, pixels, image).map(|plane| &plane[first..][..count]);
        for (i, value) in rgb.iter_mut().enumerate() {
            *value = sigmoid(m0 * x0[i] + m1 * x1[i] + m2 * x2[i]);
        }
    });
    rgb
}

/// Computes the transposed mix times the gradient before the sigmoid. The sigmoid's result is
/// `rgb`.
fn backward(rgb: &[f32], gradient: &[f32], pixels: usize, mix: Mix) -> Vec<f32> {
    let mut mixed = vec![0.0; rgb.len()];
    for_each_block(&mut mixed, pixels, |image, channel, first, mixed| {
        let [m0, m1, m2] = mix.map(|row| row[channel]);
        let count = mixed.len();
        let [y0, y1, y2] = channels(rgb, pixels, image).map(|plane| &plane[first..][..count]);
        let [g0, g1, g2] = channels(gradient, pixels, image).map(|plane| &plane[first..][..count]);
        for (i, value) in mixed.iter_mut().enumerate() {
            let slope = |y: f32| y * (1.0 - y);
            *value =
                m0 * g0[i] * slope(y0[i]) + m1 * g1[i] * slope(y1[i]) + m2 * g2[i] * slope(y2[i]);
        }
    });
    mixed
}

/// Returns the planes of one image of [n, 3, pixels].
fn channels(values: &[f32], pixels: usize, image: usize) -> [&[f32]; 3] {
    [0, 1, 2].map(|channel| &values[(image * 3 + channel) * pixels..][..pixels])
}

/// Calls `work` in parallel for blocks of [n, 3, pixels], with the indices of the image, the
/// channel and the first pixel, and the values.
fn for_each_block(
    values: &mut [f32],
    pixels: usize,
    work: impl Fn(usize, usize, usize, &mut [f32]) + Sync,
) {
    let planes = values.par_chunks_exact_mut(pixels).enumerate();
    planes.for_each(|(plane, values)| {
        let blocks = values.par_chunks_mut(BLOCK).enumerate();
        blocks.for_each(|(block, values)| work(plane / 3, plane % 3, block * BLOCK, values));
    });
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Mix, backward, forward, mixed_sigmoid};
    use burn::tensor::{Device, Tensor, TensorData, activation};
    use oneiric_core::Backend;
    use oneiric_testkit::{Array, Tolerance, assert_close, assert_gradient, devices};

    const MIX: Mix = [[0.5, 0.2, 0.1], [0.6, 0.0, -0.1], [0.4, -0.3, 0.2]];

    fn host_devices() -> impl Iterator<Item = (Backend, Device)> {
        devices()
            .into_iter()
            .filter(|(backend, _)| backend.is_host())
    }

    /// Composes the same function from burn's operations.
    fn composed(x: Tensor<4>) -> Tensor<4> {
        let [n, _, h, w] = x.dims();
        let mix = TensorData::new(MIX.as_flattened().to_vec(), [1, 3, 3]);
        let mix = Tensor::<3>::from_data(mix, &x.device()).repeat_dim(0, n);
        activation::sigmoid(mix.matmul(x.reshape([n, 3, h * w])).reshape([n, 3, h, w]))
    }

    fn with_gradient(x: &Array, device: &Device, f: impl Fn(Tensor<4>) -> Tensor<4>) -> [Array; 2] {
        let input = x.tensor::<4>(device).autodiff().require_grad();
        let output = f(input.clone());
        let weights = Array::noise(x.shape.clone(), 9);
        let mut gradients = (output.clone() * weights.tensor(device)).sum().backward();
        let gradient = input.grad_remove(&mut gradients).expect("a gradient");
        [Array::of(output), Array::of(gradient)]
    }

    #[test]
    fn it_is_what_burn_composes() {
        for (backend, device) in host_devices() {
            for shape in [[1, 3, 1, 1], [2, 3, 5, 7], [1, 3, 91, 101]] {
                let x = Array::noise(shape, 3);
                let actual = with_gradient(&x, &device, |x| mixed_sigmoid(x, MIX));
                let expected = with_gradient(&x, &device, composed);
                for (actual, expected) in actual.iter().zip(&expected) {
                    let what = format!("{backend} {shape:?}");
                    assert_close(&what, actual, expected, Tolerance::ARITHMETIC);
                }
            }
        }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        for (backend, device) in host_devices() {
            let at = Array::noise([2, 3, 5, 3], 3);
            let weights = Array::noise([2, 3, 5, 3], 9);
            assert_gradient(backend.name(), &at, 1e-2, &device, |x| {
                (mixed_sigmoid(x, MIX) * weights.tensor(&device)).sum()
            });
        }
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let pixels = 2 * BLOCK + 5;
        let [x, gradient] = [1, 2].map(|seed| Array::noise([2 * 3 * pixels], seed).values);
        let [one, three] = [1, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().expect("threads").install(|| {
                let rgb = forward(&x, pixels, MIX);
                [backward(&rgb, &gradient, pixels, MIX), rgb]
            })
        });
        assert_eq!(one, three);
    }
}
