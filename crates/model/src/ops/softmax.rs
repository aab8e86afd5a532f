//! Softmax.

use burn::tensor::activation;
use oneiric_graph::Softmax;

use super::{BurnOp, Inputs, Pass, Value, value::axis};

impl BurnOp for Softmax {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let shape = inputs.output();
        let along = shape.axis(self.axis).expect("checked by the graph");
        activation::softmax(inputs.take(0), axis(&shape, along))
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::Softmax;

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition_along_every_axis() {
        for axis in [1, 2, -1] {
            check("softmax", 5, &[[1, 1], [3, 2]], |net| {
                net.node("softmax", Softmax { axis }, &[net.input()])
            });
        }
    }
}
