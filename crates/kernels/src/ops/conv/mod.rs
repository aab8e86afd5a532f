//! Convolution.

mod depthwise;
mod gradient;
mod parts;

use oneiric_graph::{Conv, Op};

use super::Operator;
use crate::{
    blocked::{Blocked, blocks},
    kernel::{Cells, Group, Out, Step, Sweep, Tap, ToCells},
    lanes::LANES,
    pack::{self, Packed, PackedWeights, Packing, groups},
    plan::{Axis, Backward, Draft, Forward, Layout, Outside, bands, beyond, filtering},
    transformed::Way,
    view::View,
};

impl Operator for Conv {
    /// Those of the input for a depthwise convolution.
    fn lanes(&self, inputs: &[&[usize]], channels: usize) -> Vec<usize> {
        let of_input: usize = inputs[0].iter().sum();
        if self.groups > 1 && [channels, of_input] == [self.groups; 2] {
            inputs[0].to_vec()
        } else {
            blocks(channels)
        }
    }

    fn reads_interleaved(&self) -> bool {
        self.groups == 1
    }

    fn applies_relu(&self) -> bool {
        true
    }

    fn pack(&self, packing: &mut Packing<'_>, node: usize) {
        packing.conv(self, node);
    }

    fn reserve(&self, draft: &mut Draft<'_>, node: usize) {
        let input = draft.graph.inputs(node)[0];
        let axes = axes(draft.graph, draft.sizes, node);
        if draft.weights.parts(node) != 1 {
            draft.widen(input, axes.map(|axis| axis.outside_input()));
            draft.widen(node, axes.map(|axis| axis.outside_output()));
            return;
        }
        let packed = draft.weights.conv(node);
        // Winograd's tiles reach beyond the result, and so beyond what it is computed from.
        let widen = |outside: [Outside; 2], size: [usize; 2]| {
            let beyond = match &packed.transformed {
                Some(transformed) => beyond(transformed.kernel, size),
                None => [0; 2],
            };
            [0, 1].map(|axis| (outside[axis].0, outside[axis].1 + beyond[axis]))
        };
        let outside = axes.map(|axis| axis.outside_input());
        draft.widen(input, widen(outside, draft.sizes[node]));
        let cells = axes.map(|axis| axis.cells());
        let outside = axes.map(|axis| axis.outside_output());
        let size = if packed.in_cells() {
            cells.map(|(first, last)| last + 1 - first)
        } else {
            draft.sizes[input]
        };
        draft.widen(node, widen(outside, size));
        if let pack::Backward::Cells(cells) = &packed.backward {
            let outside = axes.map(|axis| axis.outside_cells());
            let outside = widen(outside, draft.sizes[node]);
            draft.cells(node, size, cells.blocks, outside);
        }
    }

    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let (graph, weights, layout) = (plan.graph, plan.weights, plan.layout);
        match weights.parts(node) {
            0 => return depthwise::forward(plan, node),
            1 => {}
            _ => return parts::forward(plan, node),
        }
        let Some(transformed) = layout.filtered(weights, node) else {
            let together = siblings(graph, weights, layout, node);
            for &sibling in &together {
                plan.done[sibling] = true;
                plan.ready[sibling] = plan.ready[node];
            }
            let step = Step::Sweep(sweep(graph, weights, layout, &together));
            plan.push(node, step);
            return;
        };
        let axes = axes(graph, &layout.sizes, node);
        let (from, before) = match cells(layout, node, axes) {
            Some(cells) => {
                let image = [graph.channels(0), axes[0].input, axes[1].input];
                let step = ToCells {
                    cells,
                    image,
                    bands: bands(cells.view.height, 1),
                };
                plan.program.push(0, node, Step::ToCells(step));
                (cells.view, [cells.first.0, cells.first.1])
            }
            None => {
                let from = layout.view(graph.inputs(node)[0]);
                (from, axes.map(|axis| axis.before))
            }
        };
        let step = filtering(
            transformed,
            Way::Forward,
            before,
            &from,
            &outs(graph, weights, layout, node),
            layout.sizes[node],
            plan.threads,
        );
        plan.push(node, Step::Winograd(step));
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        match plan.weights.parts(node) {
            0 => return depthwise::backward(plan, node),
            1 => {}
            _ => return parts::backward(plan, node),
        }
        if self.window.stride == [1; 2] {
            gradient::together(plan, node);
        } else {
            gradient::strided(plan, node);
        }
    }
}

/// The two axes of a convolution.
pub(crate) fn axes(graph: &Blocked, sizes: &[[usize; 2]], node: usize) -> [Axis; 2] {
    let Op::Conv(conv) = graph.op(node) else {
        unreachable!("node {node} is no convolution");
    };
    let kernel = conv.kernel(graph.graph.weights());
    let input = sizes[graph.inputs(node)[0]];
    let windows = conv.window.axes(kernel, input);
    let windows = windows.unwrap_or_else(|error| unreachable!("the size was inferred: {error}"));
    [0, 1].map(|axis| Axis {
        input: input[axis],
        output: windows[axis].count,
        kernel: (kernel[axis] - 1) * conv.window.dilation[axis] + 1,
        dilation: conv.window.dilation[axis],
        stride: conv.window.stride[axis],
        before: windows[axis].before,
    })
}

/// The cells of the image, if a convolution reads them.
fn cells(layout: &Layout, node: usize, [y, x]: [Axis; 2]) -> Option<Cells> {
    layout.cells.get(&node).map(|&view| Cells {
        view,
        stride: [y.stride, x.stride],
        before: (y.before, x.before),
        first: (y.cells().0, x.cells().0),
    })
}

/// Returns true if the image itself is read, other than in cells.
pub(super) fn reads_input(graph: &Blocked, weights: &PackedWeights, layout: &Layout) -> bool {
    let readers =
        (1..graph.len()).filter(|&node| layout.needed[node] && graph.inputs(node).contains(&0));
    let mut others = readers.filter(|node| {
        !layout.cells.contains_key(node) || layout.filtered(weights, *node).is_none()
    });
    layout.input_wanted || others.next().is_some()
}

/// The convolution and the later ones that read the same numbers, which run as one step.
fn siblings(graph: &Blocked, weights: &PackedWeights, layout: &Layout, node: usize) -> Vec<usize> {
    let key = |node: usize| {
        let [y, x] = axes(graph, &layout.sizes, node);
        let of = |axis: Axis| {
            let Axis { output, kernel, .. } = axis;
            (output, kernel, axis.dilation, axis.stride, axis.before)
        };
        (graph.inputs(node)[0], of(y), of(x))
    };
    let is_conv = |&other: &usize| layout.needed[other] && weights.parts(other) == 1;
    let others = (node..graph.len()).filter(is_conv);
    others.filter(|&other| key(other) == key(node)).collect()
}

fn sweep(graph: &Blocked, weights: &PackedWeights, layout: &Layout, nodes: &[usize]) -> Sweep {
    let node = nodes[0];
    let from = layout.view(graph.inputs(node)[0]);
    let [y, x] = axes(graph, &layout.sizes, node);
    let before = (y.before as isize, x.before as isize);
    let mut taps = taps(&weights.conv(node).forward, &from, (-before.0, -before.1));
    for tap in &mut taps {
        tap.row *= y.stride;
        // The groups know their weights themselves.
        (tap.weights, tap.weights_block) = (0, 0);
    }
    let mut all = Vec::new();
    for &node in nodes {
        let outs = outs(graph, weights, layout, node);
        all.extend(forward_groups(&weights.conv(node).forward, &outs));
    }
    let [height, width] = layout.sizes[node];
    Sweep {
        taps,
        groups: all,
        height,
        width,
        x_step: from.pixel * x.stride,
        out_step: LANES,
        bands: 1,
    }
}

/// Groups of output blocks that know their weights.
fn forward_groups(packed: &Packed, outs: &[Out]) -> Vec<Group> {
    let groups = groups(packed.blocks).into_iter();
    groups
        .map(|(first, count)| Group {
            weights: packed.start + first * packed.inner * LANES,
            first_block: first,
            outs: outs[first..first + count].to_vec(),
        })
        .collect()
}

/// Destinations of the blocks of a convolution.
fn outs(graph: &Blocked, weights: &PackedWeights, layout: &Layout, node: usize) -> Vec<Out> {
    let start = weights.bias(node);
    let dests = layout.view(node).dests().into_iter().enumerate();
    dests
        .map(|(block, dest)| Out {
            dest,
            bias: start.map(|start| start + block * LANES),
            rectifier: layout.fused[node].and_then(|relu| graph.operator(relu).rectifier()),
        })
        .collect()
}

/// Taps over a tensor, where output position (0, 0) is at (row, column) of the tensor.
fn taps(packed: &Packed, from: &View, (row, column): (isize, isize)) -> Vec<Tap> {
    let taps = packed.taps.iter().map(|tap| {
        let row = (row + tap.row as isize) * from.row as isize;
        let column = (column + tap.column as isize) * from.pixel as isize;
        Tap {
            offset: from.block_offset(tap.block) as isize + row + column,
            row: from.row,
            len: tap.len,
            weights: packed.start,
            weights_block: packed.inner * LANES,
            inner: tap.inner,
        }
    });
    taps.collect()
}
