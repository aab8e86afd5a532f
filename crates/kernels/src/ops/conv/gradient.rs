//! The gradient of convolutions with respect to their input.

use oneiric_graph::Op;

use super::{axes, cells, taps};
use crate::{
    kernel::{GradientSource, Group, Out, Step, Sweep},
    lanes::LANES,
    pack::{self, Packed, groups},
    plan::{Backward, filtering},
    transformed::Way,
    view::{Dest, View},
};

/// Adds all convolutions of stride 1 that read the same input as one step, when the first of
/// them, which is the last in this direction, is reached.
pub(super) fn together(plan: &mut Backward<'_>, node: usize) {
    let input = plan.graph.inputs(node)[0];
    let nodes: Vec<usize> = (0..plan.graph.len())
        .filter(|&other| {
            let Op::Conv(conv) = plan.graph.op(other) else {
                return false;
            };
            plan.present[other]
                && conv.window.stride == [1; 2]
                && plan.graph.inputs(other)[0] == input
        })
        .collect();
    if nodes[0] != node {
        return;
    }
    let mut all = Vec::new();
    let mut views = Vec::new();
    let mut blocks = 0;
    for &node in &nodes {
        let view = plan.gradient(node);
        let [y, x] = axes(plan.graph, &plan.layout.sizes, node);
        let pack::Backward::Phases(phases) = &plan.weights.conv(node).backward else {
            unreachable!("cells are for larger strides");
        };
        let packed = &phases[0];
        // The input's row y reads the outputs y + before - (rows - 1) ..= y + before.
        let row = y.before as isize - (packed.rows as isize - 1);
        let column = x.before as isize - (packed.columns as isize - 1);
        all.extend(taps(packed, &view, (row, column)));
        views.push(view);
        blocks = packed.blocks;
    }
    let to = plan.gradient(input);
    let level = plan.after(&views, &to);
    let dests = plan.write(&to, level);
    if let [single] = nodes[..]
        && let Some(transformed) = plan.layout.filtered(plan.weights, single)
    {
        let axes = axes(plan.graph, &plan.layout.sizes, single);
        let before = axes.map(|axis| axis.before);
        let size = [to.height, to.width];
        let outs: Vec<Out> = dests.iter().map(|&dest| gradient_out(dest)).collect();
        let step = filtering(
            transformed,
            Way::Backward,
            before,
            &views[0],
            &outs,
            size,
            plan.threads,
        );
        plan.program.push(level, node, Step::Winograd(step));
        return;
    }
    let step = Sweep {
        taps: all,
        groups: group(blocks, &dests),
        height: to.height,
        width: to.width,
        x_step: LANES,
        out_step: LANES,
        bands: 1,
    };
    plan.program.push(level, node, Step::Sweep(step));
}

/// Adds a convolution with a larger stride.
pub(super) fn strided(plan: &mut Backward<'_>, node: usize, stride: [usize; 2]) {
    let input = plan.graph.inputs(node)[0];
    let from = plan.gradient(node);
    let [y, x] = axes(plan.graph, &plan.layout.sizes, node);
    let weights = plan.weights;
    match &weights.conv(node).backward {
        pack::Backward::Cells(packed) => {
            let Some(cells) = cells(plan.layout, node, [y, x]) else {
                unreachable!("node {node} has its input in cells");
            };
            let view = cells.view;
            let level = plan.after(&[from], &view);
            let dests = plan.write(&view, level);
            let step = if let Some(transformed) = plan.layout.filtered(weights, node) {
                let outs: Vec<Out> = dests.iter().map(|&dest| gradient_out(dest)).collect();
                let before = [cells.first.0, cells.first.1];
                let size = [view.height, view.width];
                Step::Winograd(filtering(
                    transformed,
                    Way::Backward,
                    before,
                    &from,
                    &outs,
                    size,
                    plan.threads,
                ))
            } else {
                Step::Sweep(phase_sweep(packed, &from, cells.first, &view, &dests))
            };
            plan.program.push(level, node, step);
            plan.input_ready = plan.input_ready.max(level + 1);
            plan.sources.push(GradientSource::Cells(cells));
        }
        pack::Backward::Phases(phases) => {
            let to = plan.gradient(input);
            let level = plan.after(&[from], &to);
            let dests = plan.write(&to, level);
            for (number, packed) in phases.iter().enumerate() {
                let (Some(y), Some(x)) = (y.phase(number / stride[1]), x.phase(number % stride[1]))
                else {
                    continue;
                };
                let shift = y.start * to.row + x.start * to.pixel;
                let dests: Vec<Dest> = dests
                    .iter()
                    .map(|dest| Dest {
                        offset: dest.offset + shift,
                        row: dest.row * stride[0],
                        ..*dest
                    })
                    .collect();
                let grid = View {
                    height: y.count,
                    width: x.count,
                    ..to
                };
                let mut step = phase_sweep(packed, &from, (y.first, x.first), &grid, &dests);
                step.out_step = LANES * stride[1];
                plan.program.push(level, node, Step::Sweep(step));
            }
        }
    }
}

/// One phase of a strided convolution. Position (0, 0) of the grid reads the outputs up to `first`.
fn phase_sweep(
    packed: &Packed,
    from: &View,
    first: (usize, usize),
    grid: &View,
    dests: &[Dest],
) -> Sweep {
    let row = first.0 as isize - (packed.rows as isize - 1);
    let column = first.1 as isize - (packed.columns as isize - 1);
    Sweep {
        taps: taps(packed, from, (row, column)),
        groups: group(packed.blocks, dests),
        height: grid.height,
        width: grid.width,
        x_step: LANES,
        out_step: LANES,
        bands: 1,
    }
}

fn gradient_out(dest: Dest) -> Out {
    Out {
        dest,
        bias: None,
        relu: false,
    }
}

fn group(blocks: usize, dests: &[Dest]) -> Vec<Group> {
    groups(blocks)
        .into_iter()
        .map(|(first, count)| Group {
            weights: 0,
            first_block: first,
            outs: dests[first..first + count]
                .iter()
                .map(|&dest| gradient_out(dest))
                .collect(),
        })
        .collect()
}
