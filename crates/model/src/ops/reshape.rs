//! Other axes for the same values.

use oneiric_graph::Reshape;

use super::{BurnOp, Inputs, Pass, Value, lengths};

impl BurnOp for Reshape {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let x = inputs.take(0);
        let [images, ..] = x.dims();
        x.reshape(lengths(images, inputs.output()))
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{Constant, Reshape, ShapeOf};

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition_for_every_kind() {
        for (name, reshape) in [
            ("flatten", Reshape::Flatten { axis: 1 }),
            ("flatten all", Reshape::Flatten { axis: 0 }),
            ("flatten from the end", Reshape::Flatten { axis: -1 }),
            ("squeeze", Reshape::Squeeze { axes: None }),
            ("unsqueeze", Reshape::Unsqueeze { axes: vec![-1, 2] }),
        ] {
            check(name, 3, &[[1, 1], [4, 5]], |net| {
                let reshaped = net.node("reshape", reshape, &[net.input()]);
                net.relu("relu", reshaped)
            });
        }
        check("to", 6, &[[4, 5], [1, 3]], |net| {
            let to = net.node("to", Constant::vector(&[0, 2, -1, 3]), &[]);
            let reshape = Reshape::To { zero_copies: true };
            net.node("reshape", reshape, &[net.input(), to])
        });
        check("to a shape of the graph", 6, &[[4, 5], [1, 3]], |net| {
            let flat = net.node("flat", Reshape::Flatten { axis: 2 }, &[net.input()]);
            let shape = net.node("shape", ShapeOf::ALL, &[net.input()]);
            let reshape = Reshape::To { zero_copies: false };
            net.node("reshape", reshape, &[flat, shape])
        });
    }
}
