//! Normalization over the channels of each position.

use oneiric_graph::LayerNorm;

use super::Operator;
use crate::{
    kernel::{self, Step},
    plan::{Backward, Forward, position_bands},
};

impl Operator for LayerNorm {
    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let to = plan.layout.view(node);
        let step = kernel::LayerNorm {
            epsilon: self.epsilon.0 as f32,
            from: plan.layout.view(plan.graph.inputs(node)[0]),
            known: None,
            lanes: plan.graph.lanes[node].clone(),
            dests: to.dests(),
            bands: position_bands(&to),
        };
        plan.push(node, Step::LayerNorm(step));
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let input = plan.graph.inputs(node)[0];
        let (from, to) = (plan.gradient(node), plan.gradient(input));
        let level = plan.after(&[from], &to);
        let step = kernel::LayerNorm {
            epsilon: self.epsilon.0 as f32,
            from,
            known: Some([input, node].map(|node| plan.layout.view(node))),
            lanes: plan.graph.lanes[node].clone(),
            dests: plan.write(&to, level),
            bands: position_bands(&to),
        };
        plan.program.push(level, node, Step::LayerNorm(step));
    }
}
