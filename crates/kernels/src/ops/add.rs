//! Addition.

use oneiric_graph::Add;

use super::Operator;
use crate::{
    blocked::blocks,
    kernel::{Step, Sum, Term},
    plan::{Backward, Forward, bands},
    view::{Dest, View},
};

impl Operator for Add {
    /// The blocks of the inputs if all have the same, else full blocks.
    fn lanes(&self, inputs: &[&[usize]], channels: usize) -> Vec<usize> {
        let first = inputs[0];
        if inputs.iter().all(|&input| input == first) {
            first.to_vec()
        } else {
            blocks(channels)
        }
    }

    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let lanes = &plan.graph.lanes;
        let inputs = plan.graph.inputs(node).iter();
        let terms = inputs
            .map(|&input| Term::new(plan.layout.view(input), &lanes[input], &lanes[node]))
            .collect();
        let to = plan.layout.view(node);
        let step = sum_to(terms, &to, to.dests());
        plan.push(node, step);
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let graph = plan.graph;
        let from = plan.gradient(node);
        for &input in graph.inputs(node) {
            let to = plan.gradient(input);
            let level = plan.after(&[from], &to);
            let step = sum_to(
                vec![Term::new(from, &graph.lanes[node], &graph.lanes[input])],
                &to,
                plan.write(&to, level),
            );
            plan.program.push(level, node, step);
        }
    }
}

/// A sum that goes to the blocks of a tensor.
pub(super) fn sum_to(terms: Vec<Term>, to: &View, dests: Vec<Dest>) -> Step {
    Step::Sum(Sum {
        terms,
        height: to.height,
        width: to.width,
        dests,
        bands: bands(to.height, to.blocks),
    })
}
