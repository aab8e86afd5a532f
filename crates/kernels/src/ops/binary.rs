//! Functions of two values: the product.

use oneiric_graph::Binary;

use super::Operator;
use crate::{
    kernel::{Product, ProductSum, Step},
    plan::{Backward, Forward, bands},
    view::View,
};

impl Operator for Binary {
    fn unsupported(&self, _: &[&[usize]]) -> Option<&'static str> {
        let is_product = *self == Self::Mul;
        (!is_product)
            .then_some("of the functions of two tensors, the kernels have the product only")
    }

    fn needs_equal_blocks(&self) -> bool {
        true
    }

    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let inputs = plan.graph.inputs(node);
        let views = [0, 1].map(|at| plan.layout.view(inputs[at]));
        let to = plan.layout.view(node);
        let first = usize::from(size(&views[0]) != size(&to));
        let step = Product {
            from: views[first],
            factor: views[1 - first],
            of_activations: false,
            dests: to.dests(),
            bands: bands(to.height, to.blocks),
        };
        plan.push(node, Step::Product(step));
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let graph = plan.graph;
        let from = plan.gradient(node);
        let inputs = graph.inputs(node);
        for at in [0, 1] {
            let (to, factor) = (plan.gradient(inputs[at]), inputs[1 - at]);
            let factor = plan.layout.view(factor);
            let level = plan.after(&[from], &to);
            let dests = plan.write(&to, level);
            let step = if size(&to) == size(&from) {
                Step::Product(Product {
                    from,
                    factor,
                    of_activations: true,
                    dests,
                    bands: bands(to.height, to.blocks),
                })
            } else {
                Step::ProductSum(ProductSum {
                    from,
                    factor,
                    dests,
                })
            };
            plan.program.push(level, node, step);
        }
    }
}

fn size(view: &View) -> [usize; 2] {
    [view.height, view.width]
}
