//! The rectified linear unit.

use oneiric_graph::{Relu, ReluGradient};

use super::Operator;
use crate::{
    kernel::{Pointwise, PointwiseKind, Redirect, Step},
    plan::{Backward, Forward},
};

impl Operator for Relu {
    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let input = plan.graph.inputs(node)[0];
        if plan.layout.fused[input].is_some() {
            plan.ready[node] = plan.ready[input];
            return;
        }
        let step = Pointwise {
            kind: PointwiseKind::Relu,
            from: plan.layout.view(input),
            dests: plan.layout.view(node).dests(),
        };
        plan.push(node, Step::Pointwise(step));
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let input = plan.graph.inputs(node)[0];
        let (from, to) = (plan.gradient(node), plan.gradient(input));
        if plan.relu == ReluGradient::Redirected {
            let level = plan.change(&from);
            let step = Step::Redirect(Redirect {
                view: from,
                lanes: plan.graph.lanes[node].clone(),
            });
            plan.program.push(level, node, step);
        }
        // If the ReLU is fused, the last contribution has applied its mask.
        if plan.layout.fused[input].is_none() {
            let kind = match plan.relu {
                ReluGradient::Plain => PointwiseKind::ReluGradient,
                ReluGradient::Redirected => PointwiseKind::Copy,
            };
            plan.pointwise(node, kind, from, to);
        }
    }
}
