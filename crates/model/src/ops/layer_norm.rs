//! Normalization over axes.

use burn::tensor::Tensor;
use oneiric_graph::LayerNorm;

use super::{BurnOp, Inputs, Pass, Value};

impl BurnOp for LayerNorm {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let shape = inputs.shape(0);
        let axis = shape.axis(self.axis).expect("checked by the graph");
        let run: usize = shape.lengths()[axis..].iter().product();
        let x = inputs.take(0);
        let dims = x.dims();
        let rows = dims.iter().product::<usize>() / run;
        let x: Tensor<2> = x.reshape([rows, run]);
        let mean = x.clone().sum_dim(1) / run as f64;
        let x = x - mean;
        let variance = (x.clone() * x.clone()).sum_dim(1) / run as f64;
        let deviation = variance.add_scalar(self.epsilon.0).sqrt();
        (x / deviation).reshape(dims)
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{LayerNorm, Number};

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition() {
        for axis in [1, -1, 2] {
            check("norm", 3, &[[4, 5], [2, 3]], |net| {
                let norm = LayerNorm {
                    axis,
                    epsilon: Number(1e-3),
                };
                net.node("norm", norm, &[net.input()])
            });
        }
    }
}
