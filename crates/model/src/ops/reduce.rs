//! Reductions.

use oneiric_graph::{Reduce, Reduction};

use super::{
    BurnOp, Inputs, Pass, Value, lengths,
    value::{AXES, axis},
};

impl BurnOp for Reduce {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let shape = inputs.shape(0);
        let along = self.along(shape).expect("checked by the graph");
        let x = inputs.take(0);
        let [images, ..] = x.dims();
        // Along an axis of one position there is nothing to do; the first of six is such a one.
        let axes: Vec<usize> = (0..along.len())
            .filter(|&at| along[at] && shape.lengths()[at] != 1)
            .map(|at| axis(&shape, at))
            .collect();
        let sum = |x: Value| axes.iter().fold(x, |x, &axis| x.sum_dim(axis));
        let largest = |x: Value| axes.iter().fold(x, |x, &axis| x.max_dim(axis));
        let y = match self.reduction {
            Reduction::Sum => sum(x),
            Reduction::Mean => {
                let dims = x.dims();
                let count: usize = axes.iter().map(|&axis| dims[axis]).product();
                sum(x) / count as f64
            }
            Reduction::Max => largest(x),
            Reduction::Min => largest(x.neg()).neg(),
            Reduction::Product => axes.iter().fold(x, |x, &axis| product(&x, axis)),
            Reduction::SumSquare => sum(x.clone() * x),
            Reduction::L1 => sum(x.abs()),
            Reduction::L2 => sum(x.clone() * x).sqrt(),
            Reduction::LogSum => sum(x).log(),
            Reduction::LogSumExp => {
                let most = largest(x.clone().detach());
                sum((x - most.clone()).exp()).log() + most
            }
            _ => unreachable!("burn_op has checked it"),
        };
        y.reshape(lengths(images, inputs.output()))
    }
}

/// The product along an axis, factor by factor: burn's gradient of its own divides by the factors.
fn product(x: &Value, axis: usize) -> Value {
    debug_assert!(axis < AXES);
    let factors = (0..x.dims()[axis]).map(|at| x.clone().narrow(axis, at, 1));
    let product = factors.reduce(|product, factor| product * factor);
    product.expect("an axis of two positions or more")
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{Reduce, Reduction, Unary};

    use crate::ops::testing::check;

    #[test]
    fn they_are_their_definitions_along_any_axes() {
        for reduction in [
            Reduction::Sum,
            Reduction::Mean,
            Reduction::Max,
            Reduction::Min,
            Reduction::Product,
            Reduction::SumSquare,
            Reduction::L1,
            Reduction::L2,
            Reduction::LogSum,
            Reduction::LogSumExp,
        ] {
            for (axes, keep) in [
                (None, false),
                (Some(vec![1]), true),
                (Some(vec![-1, 2]), false),
                (Some(vec![0, 2]), true),
            ] {
                let what = format!("{reduction:?} along {axes:?}");
                check(&what, 3, &[[4, 5], [1, 2]], |net| {
                    let x = net.node("exp", Unary::Exp, &[net.input()]);
                    let reduce = Reduce {
                        reduction,
                        axes,
                        keep,
                    };
                    net.node("reduce", reduce, &[x])
                });
            }
        }
    }
}
