//! Addition.

use oneiric_graph::Add;

use super::Operator;
use crate::{
    blocked::blocks,
    kernel::{Step, Sum, Term},
    plan::{Backward, Forward, bands},
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
        let step = Sum {
            terms,
            height: to.height,
            width: to.width,
            dests: to.dests(),
            bands: bands(to.height, to.blocks),
        };
        plan.push(node, Step::Sum(step));
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let graph = plan.graph;
        let from = plan.gradient(node);
        for &input in graph.inputs(node) {
            let to = plan.gradient(input);
            let level = plan.after(&[from], &to);
            let step = Sum {
                terms: vec![Term::new(from, &graph.lanes[node], &graph.lanes[input])],
                height: to.height,
                width: to.width,
                dests: plan.write(&to, level),
                bands: bands(to.height, to.blocks),
            };
            plan.program.push(level, node, Step::Sum(step));
        }
    }
}
