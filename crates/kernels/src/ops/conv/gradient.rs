//! The gradient of convolutions with respect to their input.

use oneiric_graph::Op;

use super::{axes, cells, taps};
use crate::{
    kernel::{GradientSource, Group, Out, Step, Sweep},
    lanes::LANES,
    pack::{self, Packed, groups},
    plan::{Axis, Backward, filtering},
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
                && plan.weights.parts(other) == 1
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
pub(super) fn strided(plan: &mut Backward<'_>, node: usize) {
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
            for step in phase_sweeps(phases, [y, x], (&from, &to), &dests) {
                plan.program.push(level, node, Step::Sweep(step));
            }
        }
    }
}

/// All phases of a convolution's gradient.
pub(super) fn phase_sweeps(
    phases: &[Packed],
    axes: [Axis; 2],
    (from, to): (&View, &View),
    dests: &[Dest],
) -> Vec<Sweep> {
    let places = phase_places(axes, to, dests);
    let sweeps = places.into_iter().map(|place| {
        let packed = &phases[place.number];
        let mut step = phase_sweep(packed, from, place.first, &place.grid, &place.dests);
        step.out_step = LANES * axes[1].stride;
        step
    });
    sweeps.collect()
}

/// The positions of the input that a phase computes.
pub(super) struct PhasePlace {
    /// The phase's number, row-major.
    pub(super) number: usize,
    /// The number of the first position in its phase.
    pub(super) first: (usize, usize),
    pub(super) grid: View,
    pub(super) dests: Vec<Dest>,
}

/// The places of all phases that have any.
pub(super) fn phase_places([y, x]: [Axis; 2], to: &View, dests: &[Dest]) -> Vec<PhasePlace> {
    let stride = [y.stride, x.stride];
    let mut places = Vec::new();
    for number in 0..stride[0] * stride[1] {
        let (Some(y), Some(x)) = (y.phase(number / stride[1]), x.phase(number % stride[1])) else {
            continue;
        };
        let shift = y.start * to.row + x.start * to.pixel;
        let dests = dests.iter().map(|dest| Dest {
            offset: dest.offset + shift,
            row: dest.row * stride[0],
            ..*dest
        });
        places.push(PhasePlace {
            number,
            first: (y.first, x.first),
            grid: View {
                height: y.count,
                width: x.count,
                ..*to
            },
            dests: dests.collect(),
        });
    }
    places
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

pub(super) fn gradient_out(dest: Dest) -> Out {
    Out {
        dest,
        bias: None,
        rectifier: None,
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
