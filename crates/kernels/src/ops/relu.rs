//! Rectified linear units.

use oneiric_graph::{Relu, ReluGradient};

use super::Operator;
use crate::{
    kernel::{Pointwise, PointwiseKind, Rectifier, Redirect, Step},
    plan::{Backward, Forward},
};

impl Operator for Relu {
    fn rectifier(&self) -> Option<Rectifier> {
        Some(Rectifier::RELU)
    }

    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        forward(plan, node, Rectifier::RELU);
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        backward(plan, node, Rectifier::RELU);
    }
}

/// The output, unless it is fused with what computes the input.
pub(super) fn forward(plan: &mut Forward<'_>, node: usize, rectifier: Rectifier) {
    let input = plan.graph.inputs(node)[0];
    if plan.layout.fused[input].is_some() {
        plan.ready[node] = plan.ready[input];
        return;
    }
    let step = Pointwise {
        kind: PointwiseKind::Rectify(rectifier),
        from: plan.layout.view(input),
        dests: plan.layout.view(node).dests(),
    };
    plan.push(node, Step::Pointwise(step));
}

/// The gradient, plain or redirected.
pub(super) fn backward(plan: &mut Backward<'_>, node: usize, rectifier: Rectifier) {
    let input = plan.graph.inputs(node)[0];
    let (from, to) = (plan.gradient(node), plan.gradient(input));
    if plan.relu == ReluGradient::Redirected {
        let level = plan.change(&from);
        let step = Step::Redirect(Redirect {
            rectifier,
            view: from,
            lanes: plan.graph.lanes[node].clone(),
        });
        plan.program.push(level, node, step);
    }
    // If the unit is fused, the last contribution has applied its mask.
    if plan.layout.fused[input].is_none() {
        let kind = match plan.relu {
            ReluGradient::Plain => PointwiseKind::Gate(rectifier),
            ReluGradient::Redirected => PointwiseKind::Copy,
        };
        plan.pointwise(node, kind, from, to);
    }
}
