//! The positions of a map as a row of tokens.

use oneiric_graph::Tokens;

use super::{Operator, add::sum_to};
use crate::{
    kernel::{self, Step, Term},
    pack::Packing,
    plan::{Backward, Forward},
    view::View,
};

impl Operator for Tokens {
    fn pack(&self, packing: &mut Packing<'_>, node: usize) {
        packing.tokens(self, node);
    }

    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let step = kernel::Tokens {
            from: plan.layout.view(plan.graph.inputs(node)[0]),
            packed: plan.weights.tokens(node),
            dests: plan.layout.view(node).dests(),
        };
        plan.push(node, Step::Tokens(step));
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let input = plan.graph.inputs(node)[0];
        let (all, to) = (plan.gradient(node), plan.gradient(input));
        // The tokens of the map, as its rows.
        let from = View {
            offset: all.offset + plan.weights.tokens(node).before * all.pixel,
            row: to.width * all.pixel,
            height: to.height,
            width: to.width,
            ..all
        };
        let lanes = &plan.graph.lanes;
        let level = plan.after(&[all], &to);
        let step = sum_to(
            vec![Term::new(from, &lanes[node], &lanes[input])],
            &to,
            plan.write(&to, level),
        );
        plan.program.push(level, node, step);
    }
}
