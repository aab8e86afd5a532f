//! The forward program.

use super::{
    filtering::{eligible, filtering},
    geometry::Axis,
    layout::{Layout, axes},
    program::{Direction, Footprint, Program, bands},
};
use oneiric_graph::Op;

use crate::{
    blocked::Blocked,
    kernel::{
        Average, Cells, Group, Lines, LrnForward, MaxPool, Out, Part, Pointwise, PointwiseKind,
        Step, Sweep, Tap, ToCells, ToLanes, Window, WindowAxis,
    },
    lanes::LANES,
    pack::{Packed, PackedWeights, groups},
    transformed::Way,
    view::View,
};

/// The program that computes all needed nodes.
pub(crate) fn forward(
    graph: &Blocked,
    weights: &PackedWeights,
    layout: &Layout,
    threads: usize,
) -> Program {
    let footprint = Footprint {
        arena: layout.len,
        weights: weights.values.len(),
        external: vec![layout.numbers(graph, 0)],
        result: 0,
    };
    let mut program = Program::new(Direction::Forward, footprint);
    // The level that computes a node.
    let mut ready = vec![0; graph.len()];
    let mut done = vec![false; graph.len()];
    for node in 0..graph.len() {
        if !layout.needed[node] || done[node] {
            continue;
        }
        let inputs = graph.inputs(node);
        let level = inputs.iter().map(|&input| ready[input] + 1).max();
        let level = level.unwrap_or(0);
        ready[node] = level;
        let to = layout.view(node);
        let dests = to.dests();
        let from = inputs.first().map_or(to, |&input| layout.view(input));
        let step = match graph.op(node) {
            // Only convolutions of its cells read it.
            Op::Input(_) if !reads_input(graph, weights, layout) => continue,
            Op::Input(_) => Step::ToLanes(ToLanes {
                external: 0,
                height: to.height,
                width: to.width,
                pixel: to.pixel,
                parts: parts(graph, node),
                dests,
                bands: bands(to.height, to.blocks),
            }),
            Op::Conv(_) if is_filtered(weights, layout, node) => {
                let Some(transformed) = &weights.conv(node).transformed else {
                    unreachable!("node {node} has just been asked");
                };
                let outs = outs(weights, layout, node);
                let axes = axes(graph, &layout.sizes, node);
                let size = layout.sizes[node];
                let (from, before) = match cells(layout, node, axes) {
                    Some(cells) => {
                        let image = [graph.channels(0), axes[0].input, axes[1].input];
                        let bands = bands(cells.view.height, 1);
                        let step = ToCells {
                            cells,
                            image,
                            bands,
                        };
                        program.push(0, node, Step::ToCells(step));
                        (cells.view, [cells.first.0, cells.first.1])
                    }
                    None => (from, axes.map(|axis| axis.before)),
                };
                Step::Winograd(filtering(
                    transformed,
                    Way::Forward,
                    before,
                    &from,
                    &outs,
                    size,
                    threads,
                ))
            }
            Op::Conv(_) => {
                let together = siblings(graph, layout, node);
                for &sibling in &together {
                    done[sibling] = true;
                    ready[sibling] = level;
                }
                Step::Sweep(sweep(graph, weights, layout, &together))
            }
            Op::Relu(_) if layout.fused[inputs[0]].is_some() => {
                ready[node] = ready[inputs[0]];
                continue;
            }
            Op::Relu(_) => Step::Pointwise(Pointwise {
                kind: PointwiseKind::Relu,
                from,
                dests,
            }),
            Op::MaxPool(_) => Step::MaxPool(MaxPool {
                window: window(graph, layout, node),
                from,
                to,
                dests,
                bands: bands(to.height, to.blocks),
            }),
            Op::Lrn(lrn) => Step::Lrn(LrnForward {
                lrn: *lrn,
                from,
                lines: lines(graph, node, lrn.radius),
                dests,
                bands: bands(to.height, 1),
            }),
            Op::GlobalAveragePool(_) => Step::Average(Average {
                positions: from,
                mean: to,
                dests,
                gradient: false,
            }),
            Op::Concat(_) => {
                ready[node] = level - 1;
                let mut first = 0;
                for (position, &input) in inputs.iter().enumerate() {
                    let blocks = graph.lanes[input].len();
                    if layout.copied.contains(&(node, position)) {
                        ready[node] = level;
                        let copy = Pointwise {
                            kind: PointwiseKind::Copy,
                            from: layout.view(input),
                            dests: dests[first..first + blocks].to_vec(),
                        };
                        program.push(level, node, Step::Pointwise(copy));
                    }
                    first += blocks;
                }
                continue;
            }
            op => unreachable!("the kernels have no {}", op.name()),
        };
        program.push(level, node, step);
    }
    program.balance(threads);
    program
}

/// Returns true if a convolution uses Winograd's filtering.
pub(super) fn is_filtered(weights: &PackedWeights, layout: &Layout, node: usize) -> bool {
    let transformed = weights.conv(node).transformed.as_ref();
    eligible(layout, transformed).is_some()
}

/// The cells of the image that a convolution reads, if it does.
pub(super) fn cells(layout: &Layout, node: usize, [y, x]: [Axis; 2]) -> Option<Cells> {
    layout.cells.get(&node).map(|&view| Cells {
        view,
        stride: [y.stride, x.stride],
        before: (y.before, x.before),
        first: (y.cells().0, x.cells().0),
    })
}

/// Returns true if the input itself is read, not only its cells.
fn reads_input(graph: &Blocked, weights: &PackedWeights, layout: &Layout) -> bool {
    let readers =
        (1..graph.len()).filter(|&node| layout.needed[node] && graph.inputs(node).contains(&0));
    let mut others = readers
        .filter(|node| !layout.cells.contains_key(node) || !is_filtered(weights, layout, *node));
    layout.input_wanted || others.next().is_some()
}

/// Places of a node's channels in the lines of local response normalization.
pub(super) fn lines(graph: &Blocked, node: usize, radius: usize) -> Lines {
    Lines {
        first: graph.first_channels(node),
        channels: graph.channels(node),
        radius,
    }
}

/// Channels of a node's blocks.
pub(crate) fn parts(graph: &Blocked, node: usize) -> Vec<Part> {
    let first = graph.first_channels(node);
    let counts = graph.lanes[node].iter();
    first
        .into_iter()
        .zip(counts)
        .map(|(first, &count)| Part { first, count })
        .collect()
}

/// The windows of a pooling.
pub(super) fn window(graph: &Blocked, layout: &Layout, node: usize) -> Window {
    let Op::MaxPool(pool) = graph.op(node) else {
        unreachable!("node {node} is no pooling");
    };
    let (kernel, windows) = graph.windows(node, &layout.sizes);
    let [rows, columns] = [0, 1].map(|axis| WindowAxis {
        kernel: kernel[axis],
        stride: pool.window.stride[axis],
        before: windows[axis].before,
    });
    Window { rows, columns }
}

/// The convolution and the later ones that read the same numbers, which run as one step.
fn siblings(graph: &Blocked, layout: &Layout, node: usize) -> Vec<usize> {
    let key = |node: usize| {
        let [y, x] = axes(graph, &layout.sizes, node);
        let of = |axis: Axis| (axis.output, axis.kernel, axis.stride, axis.before);
        (graph.inputs(node)[0], of(y), of(x))
    };
    let is_conv = |&other: &usize| layout.needed[other] && matches!(graph.op(other), Op::Conv(_));
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
        let conv = weights.conv(node);
        let outs = outs(weights, layout, node);
        for (first, count) in groups(conv.forward.blocks) {
            all.push(Group {
                weights: conv.forward.start + first * conv.forward.inner * LANES,
                first_block: first,
                outs: outs[first..first + count].to_vec(),
            });
        }
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

/// Destinations of the blocks of a convolution.
fn outs(weights: &PackedWeights, layout: &Layout, node: usize) -> Vec<Out> {
    let start = weights.bias(node);
    let dests = layout.view(node).dests().into_iter().enumerate();
    dests
        .map(|(block, dest)| Out {
            dest,
            bias: start.map(|start| start + block * LANES),
            relu: layout.fused[node].is_some(),
        })
        .collect()
}

/// Taps over a tensor, where output position (0, 0) is at (row, column) of the tensor.
pub(super) fn taps(packed: &Packed, from: &View, (row, column): (isize, isize)) -> Vec<Tap> {
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
