//! Fully connected layer.

use burn::tensor::Tensor;
use oneiric_graph::Gemm;

use super::{BurnOp, Inputs, Pass, Value, lengths};

impl BurnOp for Gemm {
    fn run(&self, mut inputs: Inputs<'_>, pass: &Pass<'_>) -> Value {
        let x = inputs.take(0);
        let [images, ..] = x.dims();
        let input = inputs.shape(0);
        let rows = input.lengths()[0];
        let x: Tensor<2> = x.reshape([images * rows, input.count() / rows]);
        let matrix: Tensor<2> = pass.weights.at(self.weight);
        let matrix = if self.transposed {
            matrix
        } else {
            matrix.transpose()
        };
        let mut y = x.matmul(matrix) * self.alpha;
        if let Some(bias) = self.bias {
            let bias: Tensor<1> = pass.weights.at(bias);
            y = y + (bias * self.beta).unsqueeze::<2>();
        }
        y.reshape(lengths(images, inputs.output()))
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::Gemm;

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition_for_every_setting() {
        let (channels, size, out) = (3, [2, 5], 7);
        let features = channels * size[0] * size[1];
        for (name, transposed, has_bias) in [
            ("rows are outputs", false, true),
            ("transposed", true, true),
            ("without bias", false, false),
        ] {
            check(name, channels, &[size], |net| {
                let shape = if transposed {
                    [features, out]
                } else {
                    [out, features]
                };
                let weight = net.weight("fc.weight", shape);
                let bias = has_bias.then(|| net.weight("fc.bias", [out]));
                let gemm = Gemm {
                    weight,
                    bias,
                    alpha: 0.5,
                    beta: 1.5,
                    transposed,
                };
                let relu = net.relu("relu", net.input());
                net.node("fc", gemm, &[relu])
            });
        }
    }
}
