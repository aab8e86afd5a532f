//! A fully connected layer.

use oneiric_graph::Gemm;

use super::Operator;
use crate::{
    blocked::blocks,
    kernel::{self, GemmGradient, Step},
    pack::Packing,
    plan::{Backward, Forward, parts},
};

impl Operator for Gemm {
    fn lanes(&self, _: &[&[usize]], channels: usize) -> Vec<usize> {
        blocks(channels)
    }

    fn pack(&self, packing: &mut Packing<'_>, node: usize) {
        packing.matrix(self, node);
    }

    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let input = plan.graph.inputs(node)[0];
        let step = kernel::Gemm {
            matrix: plan.weights.matrix(node),
            from: plan.layout.view(input),
            parts: parts(plan.graph, input),
            outputs: parts(plan.graph, node),
            dests: plan.layout.view(node).dests(),
        };
        plan.push(node, Step::Gemm(step));
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let input = plan.graph.inputs(node)[0];
        let (from, to) = (plan.gradient(node), plan.gradient(input));
        let level = plan.after(&[from], &to);
        let step = GemmGradient {
            matrix: plan.weights.matrix(node),
            from,
            outputs: parts(plan.graph, node),
            to,
            parts: parts(plan.graph, input),
            dests: plan.write(&to, level),
        };
        plan.program.push(level, node, Step::GemmGradient(step));
    }
}
