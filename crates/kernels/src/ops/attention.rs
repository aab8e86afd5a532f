//! Attention of positions to positions.

use oneiric_graph::Attention;

use super::Operator;
use crate::{
    blocked::blocks,
    kernel::{self, AttentionGradient, Step},
    plan::{Backward, Forward},
    tuning::STEP_TASKS,
    view::{Dest, View},
};

impl Operator for Attention {
    fn unsupported(&self, inputs: &[&[usize]]) -> Option<&'static str> {
        let full = |lanes: &&[usize]| **lanes == blocks(lanes.iter().sum())[..];
        let fits = inputs.iter().all(full);
        (!fits).then_some("its channels lie in blocks that are filled in part")
    }

    /// As the values.
    fn lanes(&self, inputs: &[&[usize]], _: usize) -> Vec<usize> {
        inputs[2].to_vec()
    }

    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let inputs = plan.graph.inputs(node);
        let to = plan.layout.view(node);
        let step = kernel::Attention {
            heads: self.heads,
            scale: self.scale.0 as f32,
            inputs: [0, 1, 2].map(|at| plan.layout.view(inputs[at])),
            sizes: [0, 1, 2].map(|at| plan.graph.channels(inputs[at])),
            dests: to.dests(),
            bands: STEP_TASKS.div_ceil(self.heads),
        };
        plan.push(node, Step::Attention(step));
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let inputs = plan.graph.inputs(node);
        let from = plan.gradient(node);
        let own = [0, 1, 2].map(|at| plan.layout.view(inputs[at]));
        let to = [0, 1, 2].map(|at| plan.gradient(inputs[at]));
        let sizes = [0, 1, 2].map(|at| plan.graph.channels(inputs[at]));
        let step = |dests: [Option<Vec<Dest>>; 3]| {
            Step::AttentionGradient(AttentionGradient {
                heads: self.heads,
                scale: self.scale.0 as f32,
                inputs: own,
                sizes,
                from,
                dests,
            })
        };
        let meet = |a: &View, b: &View| {
            let ends = |view: &View| view.block_offset(0)..view.block_offset(view.blocks);
            a.row == b.row && ends(a).start < ends(b).end && ends(b).start < ends(a).end
        };
        let [q, k, v] = &to;
        if meet(q, k) || meet(q, v) || meet(k, v) {
            // Gradients of one tensor, one after the other.
            for at in 0..3 {
                let level = plan.after(&[from], &to[at]);
                let mut dests = [None, None, None];
                dests[at] = Some(plan.write(&to[at], level));
                plan.program.push(level, node, step(dests));
            }
            return;
        }
        let level = to.iter().map(|to| plan.after(&[from], to)).max();
        let level = level.unwrap_or(0);
        let dests = [0, 1, 2].map(|at| Some(plan.write(&to[at], level)));
        plan.program.push(level, node, step(dests));
    }
}
