//! Transposed convolution.

use burn::tensor::{Tensor, module, ops::ConvTransposeOptions};
use oneiric_graph::ConvTranspose;

use super::{BurnOp, Inputs, Pass, Value};

impl BurnOp for ConvTranspose {
    /// Computes the whole output, and then cuts off its padding, which burn has on both sides alike.
    fn run(&self, mut inputs: Inputs<'_>, pass: &Pass<'_>) -> Value {
        let x = inputs.take_maps(0);
        let [_, _, height, width] = x.dims();
        let weight: Tensor<4> = pass.weights.at(self.weight);
        let bias: Option<Tensor<1>> = self.bias.map(|bias| pass.weights.at(bias));
        let [_, _, kernel_height, kernel_width] = weight.dims();
        let axes = self.axes([kernel_height, kernel_width], [height, width]);
        let [rows, columns] = axes.expect("checked by the graph");
        let window = &self.window;
        let options =
            ConvTransposeOptions::new(window.stride, [0, 0], [0, 0], window.dilation, self.groups);
        let mut y = module::conv_transpose2d(x, weight, None, options);
        for (axis, wanted) in [(2, rows), (3, columns)] {
            let dims = y.dims();
            let missing = (wanted.before + wanted.count).saturating_sub(dims[axis]);
            if missing > 0 {
                let mut zeros = dims;
                zeros[axis] = missing;
                y = Tensor::cat(vec![y, Tensor::zeros(zeros, inputs.device())], axis);
            }
            y = y.narrow(axis, wanted.before, wanted.count);
        }
        if let Some(bias) = bias {
            y = y + bias.reshape([1, -1, 1, 1]);
        }
        inputs.maps(y)
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{ConvTranspose, Padding, Window};

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition_for_every_setting() {
        let window = Window::default();
        let doubled = Window {
            stride: [2, 2],
            ..window
        };
        let uneven = Window {
            stride: [2, 3],
            dilation: [1, 2],
            padding: Padding::Explicit([[1, 0], [0, 2]]),
            ..window
        };
        let same = |padding| Window { padding, ..doubled };
        for (name, window, extra, groups, bias) in [
            ("plain", window, [0, 0], 1, true),
            ("doubled", doubled, [0, 0], 1, false),
            ("uneven", uneven, [1, 0], 1, true),
            ("grouped", doubled, [1, 1], 2, true),
            ("much added", doubled, [3, 2], 1, true),
            ("same upper", same(Padding::SameUpper), [0, 0], 1, true),
            ("same lower", same(Padding::SameLower), [0, 0], 4, false),
        ] {
            check(name, 4, &[[3, 4], [2, 5]], |net| {
                let weight = net.weight("kernel", [4, 6 / groups.min(2), 3, 2]);
                let out = 6 / groups.min(2) * groups;
                let op = ConvTranspose {
                    weight,
                    bias: bias.then(|| net.weight("bias", [out])),
                    window,
                    extra,
                    groups,
                };
                net.node("transposed", op, &[net.input()])
            });
        }
    }
}
