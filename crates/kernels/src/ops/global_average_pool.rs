//! Global average pooling.

use oneiric_graph::GlobalAveragePool;

use super::Operator;
use crate::{
    kernel::{Average, Step},
    plan::{Backward, Forward},
};

impl Operator for GlobalAveragePool {
    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let to = plan.layout.view(node);
        let step = Average {
            positions: plan.layout.view(plan.graph.inputs(node)[0]),
            mean: to,
            dests: to.dests(),
            gradient: false,
        };
        plan.push(node, Step::Average(step));
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let from = plan.gradient(node);
        let to = plan.gradient(plan.graph.inputs(node)[0]);
        let level = plan.after(&[from], &to);
        let step = Average {
            positions: to,
            mean: from,
            dests: plan.write(&to, level),
            gradient: true,
        };
        plan.program.push(level, node, Step::Average(step));
    }
}
