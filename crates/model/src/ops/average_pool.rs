//! Average pooling.

use burn::tensor::{Tensor, TensorData, module, ops::ConvOptions};
use oneiric_graph::AveragePool;

use super::{BurnOp, Inputs, Pass, Value, padding::pads};

impl BurnOp for AveragePool {
    /// The sum over each window is a depthwise convolution with ones: burn's average pooling has no
    /// dilation, and its divisors are those of one rule for partial windows.
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let x = inputs.take_maps(0);
        let [_, channels, height, width] = x.dims();
        let [kernel_height, kernel_width] = self.kernel;
        let device = x.device().without_autodiff();
        let ones = Tensor::ones([channels, 1, kernel_height, kernel_width], &device);
        let window = &self.window;
        let pads = pads(window, self.kernel, [height, width]);
        let options = ConvOptions::new_with_padding(window.stride, pads, window.dilation, channels);
        let sums = module::conv2d(x, ones, None, options);
        let counts = self.counts([height, width]);
        let [rows, columns] = counts.unwrap_or_else(|error| panic!("{error}"));
        let shares = rows.iter().flat_map(|row| {
            let share = move |column: &usize| ((row * column) as f32).recip();
            columns.iter().map(share)
        });
        let shape = [1, 1, rows.len(), columns.len()];
        let shares = TensorData::new(shares.collect::<Vec<f32>>(), shape);
        inputs.maps(sums * Tensor::from_data(shares, &device))
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{AveragePool, Padding, Rounding};

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition_for_every_setting() {
        let three = AveragePool::new([3, 3]);
        let padded = three.padding(Padding::symmetric([1, 1]));
        for (name, pool) in [
            ("plain", three),
            ("same", three.stride([1, 1]).padding(Padding::SameUpper)),
            (
                "padding counts",
                padded.stride([2, 2]).count_include_pad(true),
            ),
            ("ceil", padded.stride([2, 2]).rounding(Rounding::Ceil)),
            (
                "ceil, padding counts",
                padded
                    .stride([2, 2])
                    .rounding(Rounding::Ceil)
                    .count_include_pad(true),
            ),
            ("rectangular", AveragePool::new([2, 4]).stride([1, 3])),
            (
                "dilated",
                AveragePool::new([2, 3]).stride([2, 1]).dilation([3, 2]),
            ),
        ] {
            check(name, 2, &[[6, 7], [9, 8]], |net| {
                net.node("pool", pool, &[net.input()])
            });
        }
    }
}
