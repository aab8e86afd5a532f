//! Convolution.

use burn::tensor::{Tensor, module, ops::ConvOptions};
use oneiric_graph::Conv;

use super::{BurnOp, Inputs, Pass, Value, padding::pads};

impl BurnOp for Conv {
    fn run(&self, mut inputs: Inputs<'_>, pass: &Pass<'_>) -> Value {
        let x = inputs.take_maps(0);
        let [_, _, height, width] = x.dims();
        let weight: Tensor<4> = pass.weights.at(self.weight);
        let bias = self.bias.map(|bias| pass.weights.at(bias));
        let [_, _, kernel_height, kernel_width] = weight.dims();
        let window = &self.window;
        let pads = pads(window, [kernel_height, kernel_width], [height, width]);
        let options =
            ConvOptions::new_with_padding(window.stride, pads, window.dilation, self.groups);
        inputs.maps(module::conv2d(x, weight, bias, options))
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{ConvConfig, Padding};

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition_for_every_setting() {
        let asymmetric = Padding::Explicit([[2, 0], [1, 3]]);
        for (name, config) in [
            ("1x1", ConvConfig::new(5, [1, 1])),
            (
                "3x3 same",
                ConvConfig::new(4, [3, 3]).padding(Padding::SameUpper),
            ),
            (
                "7x7/2",
                ConvConfig::new(4, [7, 7])
                    .stride([2, 2])
                    .padding(Padding::symmetric([3, 3])),
            ),
            (
                "3x3/2 same",
                ConvConfig::new(4, [3, 3])
                    .stride([2, 2])
                    .padding(Padding::SameUpper),
            ),
            (
                "4x3/2 lower",
                ConvConfig::new(4, [4, 3])
                    .stride([2, 1])
                    .padding(Padding::SameLower),
            ),
            (
                "rectangular",
                ConvConfig::new(3, [2, 5])
                    .stride([1, 3])
                    .padding(asymmetric),
            ),
            (
                "dilated",
                ConvConfig::new(3, [3, 2])
                    .dilation([2, 3])
                    .padding(asymmetric),
            ),
            (
                "grouped",
                ConvConfig::new(6, [3, 3])
                    .groups(3)
                    .padding(Padding::symmetric([1, 1])),
            ),
            (
                "depthwise",
                ConvConfig::new(6, [3, 1])
                    .groups(6)
                    .stride([2, 2])
                    .padding(asymmetric),
            ),
            (
                "without bias",
                ConvConfig::new(3, [3, 3])
                    .without_bias()
                    .padding(asymmetric),
            ),
        ] {
            check(name, 6, &[[7, 9], [8, 6]], |net| {
                net.conv("conv", net.input(), config)
            });
        }
    }
}
