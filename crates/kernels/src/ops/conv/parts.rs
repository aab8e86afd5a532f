//! Convolutions in groups: parts that see no other part, each a dense convolution.

use super::{axes, forward_groups, gradient::phase_sweeps, outs, taps};
use crate::{
    kernel::{Step, Sweep},
    lanes::LANES,
    pack,
    plan::{Backward, Forward},
};

/// Adds one step for each part.
pub(super) fn forward(plan: &mut Forward<'_>, node: usize) {
    let (graph, weights, layout) = (plan.graph, plan.weights, plan.layout);
    let from = layout.view(graph.inputs(node)[0]);
    let [y, x] = axes(graph, &layout.sizes, node);
    let before = (-(y.before as isize), -(x.before as isize));
    let outs = outs(graph, weights, layout, node);
    let parts = weights.parts(node);
    let (inputs, outputs) = (from.blocks / parts, outs.len() / parts);
    let [height, width] = layout.sizes[node];
    for part in 0..parts {
        let packed = &weights.part(node, part).forward;
        let mut taps = taps(packed, &from.part(part * inputs, inputs), before);
        for tap in &mut taps {
            tap.row *= y.stride;
            (tap.weights, tap.weights_block) = (0, 0);
        }
        let step = Sweep {
            taps,
            groups: forward_groups(packed, &outs[part * outputs..][..outputs]),
            height,
            width,
            x_step: from.pixel * x.stride,
            out_step: LANES,
            bands: 1,
        };
        plan.push(node, Step::Sweep(step));
    }
}

/// Adds one step for each part and each phase of the stride.
pub(super) fn backward(plan: &mut Backward<'_>, node: usize) {
    let (graph, weights) = (plan.graph, plan.weights);
    let (from, to) = (plan.gradient(node), plan.gradient(graph.inputs(node)[0]));
    let axes = axes(graph, &plan.layout.sizes, node);
    let parts = weights.parts(node);
    let (inputs, outputs) = (to.blocks / parts, from.blocks / parts);
    let level = plan.after(&[from], &to);
    let dests = plan.write(&to, level);
    for part in 0..parts {
        let pack::Backward::Phases(phases) = &weights.part(node, part).backward else {
            unreachable!("cells are for the image");
        };
        let from = from.part(part * outputs, outputs);
        let dests = &dests[part * inputs..][..inputs];
        let to = to.part(part * inputs, inputs);
        for step in phase_sweeps(phases, axes, (&from, &to), dests) {
            plan.program.push(level, node, Step::Sweep(step));
        }
    }
}
