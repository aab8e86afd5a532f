//! Concatenation.

use burn::tensor::Tensor;
use oneiric_graph::Concat;

use super::{BurnOp, Pass};

impl BurnOp for Concat {
    fn run(&self, inputs: Vec<Tensor<4>>, _: &Pass<'_>) -> Tensor<4> {
        Tensor::cat(inputs, 1)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition() {
        check("concat", 3, &[[1, 1], [5, 3]], |net| {
            let relu = net.relu("relu", net.input());
            net.concat("both", &[relu, net.input(), relu])
        });
    }
}
