//! Softmax.

use burn::tensor::{Tensor, activation};
use oneiric_graph::Softmax;

use super::{BurnOp, Pass, only};

impl BurnOp for Softmax {
    fn run(&self, inputs: Vec<Tensor<4>>, _: &Pass<'_>) -> Tensor<4> {
        activation::softmax(only(inputs), 1)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition() {
        check("softmax", 5, &[[1, 1], [3, 2]], |net| {
            net.softmax("softmax", net.input())
        });
    }
}
