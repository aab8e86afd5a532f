//! Local response normalization.

use oneiric_graph::Lrn;

use super::Operator;
use crate::{
    blocked::Blocked,
    kernel::{Lines, LrnForward, LrnGradient, Step},
    plan::{Backward, Forward, bands},
};

impl Operator for Lrn {
    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let input = plan.graph.inputs(node)[0];
        let to = plan.layout.view(node);
        let step = LrnForward {
            lrn: *self,
            from: plan.layout.view(input),
            lines: lines(plan.graph, node, self.radius),
            dests: to.dests(),
            bands: bands(to.height, 1),
        };
        plan.push(node, Step::LrnForward(step));
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let input = plan.graph.inputs(node)[0];
        let (from, to) = (plan.gradient(node), plan.gradient(input));
        let level = plan.after(&[from], &to);
        let step = LrnGradient {
            lrn: *self,
            input: plan.layout.view(input),
            gradient: from,
            lines: lines(plan.graph, node, self.radius),
            dests: plan.write(&to, level),
            bands: bands(to.height, 1),
        };
        plan.program.push(level, node, Step::LrnGradient(step));
    }
}

/// Places of a node's channels in the lines that sums over neighbors are taken of.
fn lines(graph: &Blocked, node: usize, radius: usize) -> Lines {
    Lines {
        first: graph.first_channels(node),
        channels: graph.channels(node),
        radius,
    }
}
