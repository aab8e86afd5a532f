//! Concatenation.

use burn::tensor::Tensor;
use oneiric_graph::Concat;

use super::{BurnOp, Inputs, Pass, Value, value::axis};

impl BurnOp for Concat {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let shape = inputs.output();
        let along = axis(&shape, shape.axis(self.axis).expect("checked by the graph"));
        Tensor::cat(inputs.take_all(), along)
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
