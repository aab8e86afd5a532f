//! Depthwise convolutions.

use oneiric_graph::Op;

use super::{
    axes,
    gradient::{gradient_out, phase_places},
    outs,
};
use crate::{
    blocked::Blocked,
    kernel::{ChannelTap, Depthwise, Out, Step},
    lanes::LANES,
    pack::Taps,
    plan::{Backward, Forward, bands},
    view::View,
};

/// Adds the step that computes a node.
pub(super) fn forward(plan: &mut Forward<'_>, node: usize) {
    let (graph, layout) = (plan.graph, plan.layout);
    let from = layout.view(graph.inputs(node)[0]);
    let [y, x] = axes(graph, &layout.sizes, node);
    let kernel = kernel(graph, node);
    let rows = Taps::forward(kernel[0], y.dilation);
    let columns = Taps::forward(kernel[1], x.dilation);
    let before = (-(y.before as isize), -(x.before as isize));
    let [height, width] = layout.sizes[node];
    let step = Depthwise {
        taps: taps(&from, [&rows, &columns], before, kernel[1]),
        block: from.block,
        row: from.row * y.stride,
        x_step: from.pixel * x.stride,
        weights: plan.weights.depthwise(node),
        weights_block: kernel[0] * kernel[1] * LANES,
        outs: outs(graph, plan.weights, layout, node),
        height,
        width,
        out_step: LANES,
        bands: bands(height, from.blocks),
    };
    plan.push(node, Step::Depthwise(step));
}

/// Adds the steps of the input's gradient: one for each phase of the stride.
pub(super) fn backward(plan: &mut Backward<'_>, node: usize) {
    let graph = plan.graph;
    let (from, to) = (plan.gradient(node), plan.gradient(graph.inputs(node)[0]));
    let [y, x] = axes(graph, &plan.layout.sizes, node);
    let kernel = kernel(graph, node);
    let level = plan.after(&[from], &to);
    let dests = plan.write(&to, level);
    for place in phase_places([y, x], &to, &dests) {
        let phases = [place.number / x.stride, place.number % x.stride];
        let rows = Taps::backward(kernel[0], y.dilation, y.stride, phases[0]);
        let columns = Taps::backward(kernel[1], x.dilation, x.stride, phases[1]);
        let first = (
            place.first.0 as isize + 1 - rows.extent as isize,
            place.first.1 as isize + 1 - columns.extent as isize,
        );
        let outs: Vec<Out> = place.dests.iter().map(|&dest| gradient_out(dest)).collect();
        let step = Depthwise {
            taps: taps(&from, [&rows, &columns], first, kernel[1]),
            block: from.block,
            row: from.row,
            x_step: LANES,
            weights: plan.weights.depthwise(node),
            weights_block: kernel[0] * kernel[1] * LANES,
            outs,
            height: place.grid.height,
            width: place.grid.width,
            out_step: LANES * x.stride,
            bands: bands(place.grid.height, from.blocks),
        };
        plan.program.push(level, node, Step::Depthwise(step));
    }
}

fn kernel(graph: &Blocked, node: usize) -> [usize; 2] {
    let Op::Conv(conv) = graph.op(node) else {
        unreachable!("node {node} is no convolution");
    };
    conv.kernel(graph.graph.weights())
}

/// Taps over a tensor, where the window of position (0, 0) begins at (row, column).
fn taps(
    from: &View,
    [rows, columns]: [&Taps; 2],
    (row, column): (isize, isize),
    kernel_columns: usize,
) -> Vec<ChannelTap> {
    let mut taps = Vec::with_capacity(rows.taps.len() * columns.taps.len());
    for &(ky, y) in &rows.taps {
        for &(kx, x) in &columns.taps {
            let row = (row + y as isize) * from.row as isize;
            let column = (column + x as isize) * from.pixel as isize;
            taps.push(ChannelTap {
                offset: from.offset as isize + row + column,
                weights: (ky * kernel_columns + kx) * LANES,
            });
        }
    }
    taps
}
