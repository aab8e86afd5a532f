//! The gradient of convolutions with respect to their input.

use super::{
    backward::Builder,
    filtering::{eligible, filtering},
    forward::{cells, is_filtered, taps},
    layout::axes,
};
use oneiric_graph::Op;

use crate::{
    kernel::{GradientSource, Group, Out, Step, Sweep},
    lanes::LANES,
    pack::{Backward, Packed, groups},
    transformed::Way,
    view::{Dest, View},
};

impl Builder<'_> {
    /// Adds all convolutions of stride 1 that read the same input as one step, when the first of
    /// them, which is the last in this direction, is reached.
    pub(super) fn convolutions(&mut self, node: usize) {
        let input = self.graph.inputs(node)[0];
        let nodes: Vec<usize> = (0..self.graph.len())
            .filter(|&other| {
                let Op::Conv(conv) = self.graph.op(other) else {
                    return false;
                };
                self.present[other]
                    && conv.window.stride == [1; 2]
                    && self.graph.inputs(other)[0] == input
            })
            .collect();
        if nodes[0] != node {
            return;
        }
        let mut all = Vec::new();
        let mut views = Vec::new();
        let mut blocks = 0;
        for &node in &nodes {
            let view = self.gradient(node);
            let [y, x] = axes(self.graph, &self.layout.sizes, node);
            let Backward::Phases(phases) = &self.weights.conv(node).backward else {
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
        let to = self.gradient(input);
        let level = self.after(&views, &to);
        let dests = self.write(&to, level);
        if let [single] = nodes[..]
            && is_filtered(self.weights, self.layout, single)
            && let Some(transformed) = &self.weights.conv(single).transformed
        {
            let axes = axes(self.graph, &self.layout.sizes, single);
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
                self.threads,
            );
            self.program.push(level, node, Step::Winograd(step));
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
        self.program.push(level, node, Step::Sweep(step));
    }

    /// Adds a convolution with a larger stride.
    pub(super) fn strided(&mut self, node: usize, stride: [usize; 2]) {
        let input = self.graph.inputs(node)[0];
        let from = self.gradient(node);
        let [y, x] = axes(self.graph, &self.layout.sizes, node);
        let weights = self.weights;
        match &weights.conv(node).backward {
            Backward::Cells(packed) => {
                let Some(cells) = cells(self.layout, node, [y, x]) else {
                    unreachable!("node {node} has its input in cells");
                };
                let view = cells.view;
                let level = self.after(&[from], &view);
                let dests = self.write(&view, level);
                let transformed = weights.conv(node).transformed.as_ref();
                let step = if let Some(transformed) = eligible(self.layout, transformed) {
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
                        self.threads,
                    ))
                } else {
                    Step::Sweep(phase_sweep(packed, &from, cells.first, &view, &dests))
                };
                self.program.push(level, node, step);
                self.input_ready = self.input_ready.max(level + 1);
                self.sources.push(GradientSource::Cells(cells));
            }
            Backward::Phases(phases) => {
                let to = self.gradient(input);
                let level = self.after(&[from], &to);
                let dests = self.write(&to, level);
                for (number, packed) in phases.iter().enumerate() {
                    let (Some(y), Some(x)) =
                        (y.phase(number / stride[1]), x.phase(number % stride[1]))
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
                    self.program.push(level, node, Step::Sweep(step));
                }
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
