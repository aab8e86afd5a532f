//! Exactly what convolutions and copies read, from their definition.

use std::{collections::HashSet, ops::Range};

use super::{
    fault::{Fault, Rule},
    lines::origin,
    spans::Spans,
};
use oneiric_graph::Op;

use crate::{
    blocked::Blocked,
    kernel::{Pointwise, Step, Sweep, Use},
    lanes::LANES,
    ops::conv::axes,
    plan::{Axis, Buffer, Direction, Layout, Level},
    view::{Dest, View},
};

/// Positions along one axis, sorted.
type Positions = Vec<isize>;

/// Checks the convolutions and the copies of a level.
pub(super) fn check(
    graph: &Blocked,
    layout: &Layout,
    direction: Direction,
    level: &Level,
    zeros: &Spans,
) -> Result<(), Fault> {
    for (number, (step, &node)) in level.steps.iter().zip(&level.nodes).enumerate() {
        if let Step::Sweep(sweep) = step
            && taps_overlap(sweep, zeros)
        {
            return Err(Fault::new(Rule::TapsOverlap, number, node, 0));
        }
        let (outputs, dest) = match step {
            Step::Sweep(sweep) => (1, sweep.groups[0].outs[0].dest),
            Step::Winograd(winograd) => (winograd.form.outputs(), winograd.groups[0].outs[0].dest),
            Step::Pointwise(copy) => {
                if matches!(graph.op(node), Op::Concat(_))
                    && !is_copy(graph, layout, direction, node, copy)
                {
                    return Err(Fault::new(Rule::Copy, number, node, 0));
                }
                continue;
            }
            _ => continue,
        };
        let mut actual = Vec::new();
        for task in 0..step.tasks() {
            let accesses = step.accesses(task).0;
            let reads = accesses
                .iter()
                .filter(|access| access.kind == Use::ReadWithHalo);
            for span in reads.flat_map(|access| access.region.spans()) {
                actual.push(whole_pixels(layout, &span));
            }
        }
        let actual = Spans::new(actual);
        let expected = match direction {
            Direction::Forward => forward(graph, layout, node, outputs),
            Direction::Backward => backward(graph, layout, node, outputs, &dest, &actual),
            Direction::Output => Vec::new(),
        };
        let expected = Spans::new(expected);
        if actual != expected {
            let rule = Rule::Reach {
                missing: expected.without(&actual),
                surplus: actual.without(&expected),
            };
            return Err(Fault::new(rule, number, node, 0));
        }
    }
    Ok(())
}

/// Returns true if a copy is between an input of a concatenation and the blocks that the input has
/// in it.
fn is_copy(
    graph: &Blocked,
    layout: &Layout,
    direction: Direction,
    node: usize,
    copy: &Pointwise,
) -> bool {
    let all = layout.view(node);
    let mut first = 0;
    graph.inputs(node).iter().any(|&input| {
        let view = match (direction, input) {
            (Direction::Backward, 0) => layout.input_gradient,
            _ => layout.view(input),
        };
        let part = View {
            offset: all.block_offset(first),
            blocks: view.blocks,
            ..all
        };
        first += view.blocks;
        let (from, to) = match direction {
            Direction::Backward => (part, view),
            _ => (view, part),
        };
        let targets = copy.dests.iter().map(|dest| dest.offset);
        copy.from == from && targets.eq((0..to.blocks).map(|block| to.block_offset(block)))
    })
}

/// Returns true if two taps of a position read the same numbers, or a part of the same weights.
///
/// Where a tensor is narrower than the window, taps of two rows may read the same zeros between
/// them. Convolutions that share weights read all of them.
fn taps_overlap(sweep: &Sweep, zeros: &Spans) -> bool {
    // In the middle, where windows have the fewest zeros.
    let (y, x) = (sweep.height / 2, sweep.width / 2);
    let inputs = sweep.taps.iter().filter_map(|tap| {
        let start = tap.offset + (y * tap.row + x * sweep.x_step) as isize;
        let start = usize::try_from(start).ok()?;
        Some(start..start + tap.len)
    });
    let weights = |packed: usize, first_block: usize| {
        let taps = sweep.taps.iter().map(|tap| {
            let start = tap.weights + first_block * tap.weights_block + tap.inner * packed;
            start..start + tap.len * packed
        });
        let distinct: HashSet<Range<usize>> = taps.collect();
        distinct.into_iter().collect()
    };
    let mut groups = sweep.groups.iter();
    overlap(inputs.collect(), zeros)
        || groups.any(|group| {
            let weights = weights(group.outs.len() * LANES, group.first_block);
            overlap(weights, &Spans::default())
        })
}

/// Returns true if two spans have a number in common that is not excepted.
fn overlap(mut spans: Vec<Range<usize>>, except: &Spans) -> bool {
    spans.sort_unstable_by_key(|span| span.start);
    spans.windows(2).any(|pair| {
        let common = pair[1].start..pair[0].end.min(pair[1].end);
        !common.is_empty() && !except.covers(&common)
    })
}

/// A span with all lanes of its positions: padding lanes are not read.
fn whole_pixels(layout: &Layout, span: &Range<isize>) -> Range<usize> {
    let Some(buffer) = buffer_of(layout, span.start as usize) else {
        return span.start as usize..span.end as usize;
    };
    let (origin, pixel) = (origin(buffer), buffer.pixel as isize);
    let first = (span.start - origin).div_euclid(pixel);
    let last = (span.end - origin + pixel - 1).div_euclid(pixel);
    (origin + first * pixel) as usize..(origin + last * pixel) as usize
}

/// The buffer that an offset is in.
fn buffer_of(layout: &Layout, offset: usize) -> Option<&Buffer> {
    let mut buffers = layout.buffers.iter();
    buffers.find(|buffer| (buffer.start..buffer.end).contains(&offset))
}

/// Everything that a convolution reads of its input, or of the cells of its input.
fn forward(graph: &Blocked, layout: &Layout, node: usize, outputs: usize) -> Vec<Range<usize>> {
    let axes = axes(graph, &layout.sizes, node);
    let view = match layout.cells.get(&node) {
        // Of the convolutions of cells, those with Winograd's filtering read the cells.
        Some(&cells) if outputs > 1 => {
            let positions = axes.map(|axis| {
                let rows = axis.kernel.div_ceil(axis.stride);
                let (first, _) = axis.cells();
                let count = axis.output.next_multiple_of(outputs);
                windows(0..count, |at| (at as isize - first as isize, rows))
            });
            return spans(&cells, &positions);
        }
        _ => layout.view(graph.inputs(node)[0]),
    };
    let positions = axes.map(|axis| {
        let count = axis.output.next_multiple_of(outputs);
        windows(0..count, |at| {
            (
                (at * axis.stride) as isize - axis.before as isize,
                axis.kernel,
            )
        })
    });
    spans(&view, &positions)
}

/// Everything that a step of the input's gradient reads of the gradients of the convolutions that
/// run as one with this one. The destination of its first block says which of the input's positions
/// the step computes.
fn backward(
    graph: &Blocked,
    layout: &Layout,
    node: usize,
    outputs: usize,
    dest: &Dest,
    actual: &Spans,
) -> Vec<Range<usize>> {
    let is_strided = |node: usize| match graph.op(node) {
        Op::Conv(conv) => Some(conv.window.stride != [1; 2]),
        _ => None,
    };
    let Some(strided) = is_strided(node) else {
        return Vec::new();
    };
    let input = graph.inputs(node)[0];
    let to = match input {
        0 => layout.input_gradient,
        _ => layout.view(input),
    };
    let in_cells = layout.cells.contains_key(&node);
    let first = if in_cells || !strided {
        [0; 2]
    } else {
        // A phase of the input's positions.
        let distance = dest.offset.saturating_sub(to.offset);
        [distance / to.row, distance % to.row / to.pixel]
    };
    let read = |node: usize| {
        let [y, x] = axes(graph, &layout.sizes, node);
        let positions = [(y, first[0]), (x, first[1])];
        let positions = positions.map(|(axis, first)| {
            if in_cells {
                cell_gradient_positions(&axis, outputs)
            } else {
                gradient_positions(&axis, first, outputs)
            }
        });
        (layout.view(node), positions)
    };
    if strided {
        let (view, positions) = read(node);
        return spans(&view, &positions);
    }
    let together = (node..graph.len()).filter(|&other| {
        layout.needed[other] && is_strided(other) == Some(false) && graph.inputs(other)[0] == input
    });
    let mut all = Vec::new();
    for other in together {
        let (view, positions) = read(other);
        // Not those that no gradient comes to: no position of them is read.
        let inside = [(0, view.height), (1, view.width)].map(|(axis, size)| {
            let mut inside = positions[axis].clone();
            inside.retain(|at| (0..size as isize).contains(at));
            inside
        });
        let inside = spans(&view, &inside);
        if other == node || inside.iter().any(|span| actual.meets(span)) {
            all.extend(spans(&view, &positions));
        }
    }
    all
}

/// Positions of the output whose gradient every `stride`-th position of the input reads, from the
/// first on, along one axis.
fn gradient_positions(axis: &Axis, first: usize, outputs: usize) -> Positions {
    let Axis {
        input,
        kernel,
        stride,
        before,
        ..
    } = *axis;
    let numbers = (first..input.next_multiple_of(outputs)).step_by(stride);
    windows(numbers, |at| {
        let (cell, phase) = ((at + before) / stride, (at + before) % stride);
        let rows = kernel.saturating_sub(phase).div_ceil(stride);
        (cell as isize + 1 - rows as isize, rows)
    })
}

/// Positions of the output whose gradient the cells of the input read, along one axis.
fn cell_gradient_positions(axis: &Axis, outputs: usize) -> Positions {
    let rows = axis.kernel.div_ceil(axis.stride);
    let (first, last) = axis.cells();
    let end = first + (last + 1 - first).next_multiple_of(outputs);
    windows(first..end, |at| (at as isize - (rows as isize - 1), rows))
}

/// The union of windows: for each number a first position and a count.
fn windows(
    numbers: impl Iterator<Item = usize>,
    window: impl Fn(usize) -> (isize, usize),
) -> Positions {
    let mut all: Positions = numbers
        .map(window)
        .flat_map(|(first, count)| first..first + count as isize)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// All blocks of some rows and columns of a tensor.
fn spans(view: &View, [rows, columns]: &[Positions; 2]) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    for row in rows {
        for block in 0..view.blocks {
            let line = view.block_offset(block) as isize + row * view.row as isize;
            let mut next = columns.iter().copied().peekable();
            while let Some(first) = next.next() {
                let mut last = first;
                while next.next_if_eq(&(last + 1)).is_some() {
                    last += 1;
                }
                let start = line + first * view.pixel as isize;
                let end = line + (last + 1) * view.pixel as isize;
                all.push(start.max(0) as usize..end.max(0) as usize);
            }
        }
    }
    all
}
