//! Pooling.

use burn::tensor::{Tensor, module, ops::MaxPoolOptions};

use crate::config::Padding;

/// Maximum over windows; padding never wins.
pub(crate) fn max_pool(x: Tensor<4>, kernel: usize, stride: usize, padding: Padding) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    let pads = [height, width].map(|n| padding.pool(n, kernel, stride));
    let options = MaxPoolOptions::new([kernel; 2])
        .with_stride([stride; 2])
        .with_padding_pairs(pads);
    module::max_pool2d(x, options)
}

/// Mean over all positions: [n, c, h, w] to [n, c, 1, 1].
///
/// At 224x224 this is the 7x7 average pooling of the original networks; other sizes are averaged
/// whole, so that a classifier exists for every size.
pub(crate) fn global_average_pool(x: Tensor<4>) -> Tensor<4> {
    mean_over(mean_over(x, 2), 3)
}

/// The mean over an axis. Over an axis of one it is the tensor itself, which burn-cubecl 0.22.1 gets
/// wrong where a convolution left the tensor permuted in memory.
fn mean_over(x: Tensor<4>, axis: usize) -> Tensor<4> {
    match x.dims()[axis] {
        1 => x,
        _ => x.mean_dim(axis),
    }
}

#[cfg(test)]
mod tests {
    use super::max_pool;
    use crate::config::Padding;
    use oneiric_testkit::{Array, Tolerance, assert_close, assert_gradient, devices};

    /// Maximum over what of each window lies inside.
    fn naive(x: &Array, k: usize, s: usize, padding: Padding) -> Array {
        let [n, c, h, w] = x.shape[..] else {
            panic!("{:?}", x.shape)
        };
        let pads = [padding.pool(h, k, s), padding.pool(w, k, s)];
        let out = |n: usize, (before, after): (usize, usize)| (n + before + after - k) / s + 1;
        let (oh, ow) = (out(h, pads[0]), out(w, pads[1]));
        let mut values = Vec::new();
        for plane in 0..n * c {
            for oy in 0..oh {
                for ox in 0..ow {
                    let rows = (oy * s..oy * s + k).filter_map(|y| y.checked_sub(pads[0].0));
                    let best = rows
                        .filter(|y| *y < h)
                        .flat_map(|y| {
                            let columns = ox * s..ox * s + k;
                            let columns = columns.filter_map(|x| x.checked_sub(pads[1].0));
                            columns.filter(|x| *x < w).map(move |x| (y, x))
                        })
                        .map(|(y, column)| x.values[(plane * h + y) * w + column])
                        .fold(f32::NEG_INFINITY, f32::max);
                    values.push(best);
                }
            }
        }
        Array::new([n, c, oh, ow], values)
    }

    #[test]
    fn pooling_takes_the_largest_inside_for_every_size() {
        for (backend, device) in devices() {
            for padding in [Padding::Same, Padding::Caffe] {
                for stride in [1, 2] {
                    for (h, w) in [(2, 2), (3, 3), (4, 7), (8, 5), (10, 10)] {
                        // All negative, so that padding with 0 would show.
                        let noise = Array::noise([1, 2, h, w], 3).values;
                        let values = noise.iter().map(|v| v - 2.0).collect();
                        let x = Array::new([1, 2, h, w], values);
                        let y = Array::of(max_pool(x.tensor(&device), 3, stride, padding));
                        let what = format!("{padding:?} {stride} {h}x{w} on {backend}");
                        let expected = naive(&x, 3, stride, padding);
                        assert_close(&what, &y, &expected, Tolerance::ARITHMETIC);
                    }
                }
            }
        }
    }

    #[test]
    fn the_gradient_goes_to_the_largest() {
        for (backend, device) in devices() {
            for (padding, stride) in [(Padding::Same, 2), (Padding::Caffe, 2), (Padding::Same, 1)] {
                let x = Array::noise([1, 2, 6, 7], 4);
                let size = max_pool(x.tensor(&device), 3, stride, padding).dims();
                let weights = Array::noise(size.to_vec(), 5);
                let what = format!("{padding:?} {stride} on {backend}");
                // Small enough a step that no other value becomes the largest.
                assert_gradient(&what, &x, 1e-3, &device, |x| {
                    (max_pool(x, 3, stride, padding) * weights.tensor(&device)).sum()
                });
            }
        }
    }
}
