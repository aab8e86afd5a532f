//! Maximum pooling.

use burn::tensor::{module, ops::MaxPoolOptions};
use oneiric_graph::MaxPool;

use super::{BurnOp, Inputs, Pass, Value, padding::pads};

impl BurnOp for MaxPool {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let x = inputs.take_maps(0);
        let [_, _, height, width] = x.dims();
        let options = MaxPoolOptions::new(self.kernel)
            .with_stride(self.window.stride)
            .with_dilation(self.window.dilation)
            .with_padding_pairs(pads(&self.window, self.kernel, [height, width]));
        inputs.maps(module::max_pool2d(x, options))
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{MaxPool, Padding, Rounding};

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition_for_every_setting() {
        let three = MaxPool::new([3, 3]);
        for (name, pool) in [
            ("same", three.stride([1, 1]).padding(Padding::SameUpper)),
            ("same/2", three.stride([2, 2]).padding(Padding::SameUpper)),
            ("lower/2", three.stride([2, 2]).padding(Padding::SameLower)),
            ("ceil", three.stride([2, 2]).rounding(Rounding::Ceil)),
            (
                "ceil, padded",
                three
                    .stride([2, 2])
                    .padding(Padding::symmetric([1, 1]))
                    .rounding(Rounding::Ceil),
            ),
            ("floor", three.stride([2, 2])),
            (
                "small",
                MaxPool::new([1, 1]).stride([2, 3]).rounding(Rounding::Ceil),
            ),
            (
                "rectangular",
                MaxPool::new([2, 4])
                    .stride([1, 3])
                    .padding(Padding::Explicit([[1, 0], [2, 1]])),
            ),
            (
                "dilated",
                MaxPool::new([2, 3])
                    .stride([2, 1])
                    .dilation([3, 2])
                    .padding(Padding::symmetric([1, 1])),
            ),
        ] {
            check(name, 2, &[[6, 7], [9, 8], [10, 5]], |net| {
                net.max_pool("pool", net.input(), pool)
            });
        }
    }
}
