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
    kernel::{Depthwise, Pointwise, Step, Sweep, Use},
    lanes::LANES,
    ops::{conv::axes, crop::cropped},
    pack::{is_depthwise, parts},
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
        let taps_overlap = match step {
            Step::Sweep(sweep) => taps_overlap(sweep, zeros),
            Step::Depthwise(step) => channel_taps_overlap(step, zeros),
            _ => false,
        };
        if taps_overlap {
            return Err(Fault::new(Rule::TapsOverlap, number, node, 0));
        }
        let operands = match step {
            Step::Product(step) => vec![step.from, step.factor],
            Step::ProductSum(step) => vec![step.from, step.factor],
            Step::Apply(step) => [step.from].into_iter().chain(step.slope_at).collect(),
            Step::LayerNorm(step) => {
                let known = step.known.into_iter().flatten();
                [step.from].into_iter().chain(known).collect()
            }
            _ => Vec::new(),
        };
        let own = graph.inputs(node).iter().chain([&node]);
        let own: Vec<View> = own.filter_map(|&node| layout.views[node]).collect();
        // Queries, keys and values, which are not to be taken for one another.
        let in_order: Vec<View> = match step {
            Step::Attention(step) => step.inputs.to_vec(),
            Step::AttentionGradient(step) => [&step.inputs[..], &[step.from]].concat(),
            _ => Vec::new(),
        };
        let dests_fit = match step {
            Step::AttentionGradient(step) => {
                let inputs = graph.inputs(node).iter().map(|&input| match input {
                    0 => layout.input_gradient,
                    _ => layout.view(input),
                });
                let fits = |(dests, to): (&Option<Vec<Dest>>, View)| {
                    let mut dests = dests.iter().flatten().enumerate();
                    dests.all(|(block, dest)| dest.offset == to.block_offset(block))
                };
                step.dests.iter().zip(inputs).all(fits)
            }
            _ => true,
        };
        let reads_fit = operands.iter().all(|operand| own.contains(operand));
        if !reads_fit || !own.starts_with(&in_order) || !dests_fit {
            return Err(Fault::new(Rule::Operand, number, node, 0));
        }
        if let (Step::Sum(sum), Op::Crop(crop)) = (step, graph.op(node)) {
            let view = match direction {
                Direction::Forward => cropped(crop, &layout.view(graph.inputs(node)[0])),
                _ => layout.view(node),
            };
            if !sum.terms.iter().all(|term| term.from == view) {
                return Err(Fault::new(Rule::Operand, number, node, 0));
            }
        }
        let (outputs, dest) = match step {
            Step::Sweep(sweep) => (1, sweep.groups[0].outs[0].dest),
            Step::Depthwise(step) => (1, step.outs[0].dest),
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
        let compare = |actual: &Spans, only| {
            let expected = match direction {
                Direction::Forward => forward(graph, layout, node, outputs, &dest, only),
                Direction::Backward => backward(graph, layout, node, outputs, &dest, actual, only),
                Direction::Output => Vec::new(),
            };
            let expected = Spans::new(expected);
            if *actual == expected {
                return Ok(());
            }
            let rule = Rule::Reach {
                missing: expected.without(actual),
                surplus: actual.without(&expected),
            };
            Err(Fault::new(rule, number, node, 0))
        };
        compare(&actual, None)?;
        // All positions together may read the right numbers although each reads wrong ones.
        if let Some((position, taps)) = middle(step) {
            let pixels = taps.iter().map(|span| whole_pixels(layout, span));
            compare(&Spans::new(pixels.collect()), Some(position))?;
        }
    }
    Ok(())
}

/// What a step's taps read for a position in the middle, where windows have the fewest zeros.
fn middle(step: &Step) -> Option<([usize; 2], Vec<Range<isize>>)> {
    let span = |offset: isize, distance: usize, len: usize| {
        let start = offset + distance as isize;
        start..start + len as isize
    };
    match step {
        Step::Sweep(sweep) => {
            let [y, x] = [sweep.height / 2, sweep.width / 2];
            let taps = sweep.taps.iter();
            let taps = taps.map(|tap| span(tap.offset, y * tap.row + x * sweep.x_step, tap.len));
            Some(([y, x], taps.collect()))
        }
        Step::Depthwise(step) => {
            let [y, x] = [step.height / 2, step.width / 2];
            let blocks = (0..step.outs.len()).flat_map(|block| {
                let distance = block * step.block + y * step.row + x * step.x_step;
                let taps = step.taps.iter();
                taps.map(move |tap| span(tap.offset, distance, LANES))
            });
            Some(([y, x], blocks.collect()))
        }
        _ => None,
    }
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

/// Returns true if two taps of a position read the same numbers, or the same weights.
fn channel_taps_overlap(step: &Depthwise, zeros: &Spans) -> bool {
    let (y, x) = (step.height / 2, step.width / 2);
    let inputs = step.taps.iter().filter_map(|tap| {
        let start = tap.offset + (y * step.row + x * step.x_step) as isize;
        let start = usize::try_from(start).ok()?;
        Some(start..start + LANES)
    });
    let weights = step.taps.iter();
    let weights = weights.map(|tap| tap.weights..tap.weights + LANES);
    overlap(inputs.collect(), zeros) || overlap(weights.collect(), &Spans::default())
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

/// Everything that a convolution reads of its input, or of the cells of its input: for all of its
/// outputs, or for one position of them.
fn forward(
    graph: &Blocked,
    layout: &Layout,
    node: usize,
    outputs: usize,
    dest: &Dest,
    only: Option<[usize; 2]>,
) -> Vec<Range<usize>> {
    let axes = axes(graph, &layout.sizes, node);
    let view = match layout.cells.get(&node) {
        // Of the convolutions of cells, those with Winograd's filtering read the cells.
        Some(&cells) if outputs > 1 => {
            let positions = axes.map(|axis| {
                let rows = axis.kernel.div_ceil(axis.stride);
                let (first, _) = axis.cells();
                let count = axis.output.next_multiple_of(outputs);
                windows(0..count, |at| dense(at as isize - first as isize, rows))
            });
            return spans(&cells, &positions);
        }
        _ => {
            let from = layout.view(graph.inputs(node)[0]);
            part(graph, node, &layout.view(node), dest, &from)
        }
    };
    let positions = [0, 1].map(|side| {
        let axis = axes[side];
        let count = axis.output.next_multiple_of(outputs);
        windows(chosen(0..count, only, side), |at| {
            let first = (at * axis.stride) as isize - axis.before as isize;
            let taps = 0..axis.taps();
            taps.map(|tap| first + (tap * axis.dilation) as isize)
                .collect()
        })
    });
    spans(&view, &positions)
}

/// The blocks of `of` that belong to the part of a convolution in groups that writes to `dest`, one
/// of the blocks of `to`. All, for a convolution that is not computed in parts.
fn part(graph: &Blocked, node: usize, to: &View, dest: &Dest, of: &View) -> View {
    let parts = match graph.op(node) {
        Op::Conv(conv) if !is_depthwise(conv, graph, node) => parts(conv, graph, node),
        _ => 1,
    };
    let block = dest.offset.saturating_sub(to.offset) % to.row / to.block;
    let part = block * parts / to.blocks;
    let blocks = of.blocks / parts;
    of.part(part * blocks, blocks)
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
    only: Option<[usize; 2]>,
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
    let alone = !is_in_one_part(graph, node);
    let first = if in_cells || !strided {
        [0; 2]
    } else {
        // A phase of the input's positions.
        let distance = dest.offset.saturating_sub(to.offset);
        [distance / to.row, distance % to.row % to.block / to.pixel]
    };
    let read = |node: usize| {
        let [y, x] = axes(graph, &layout.sizes, node);
        let positions = [(0, y), (1, x)].map(|(side, axis)| {
            if in_cells {
                cell_gradient_positions(&axis, outputs, only, side)
            } else {
                gradient_positions(&axis, first[side], outputs, only, side)
            }
        });
        let view = layout.view(node);
        (part(graph, node, &to, dest, &view), positions)
    };
    if strided || alone {
        let (view, positions) = read(node);
        return spans(&view, &positions);
    }
    let together = (node..graph.len()).filter(|&other| {
        layout.needed[other]
            && is_strided(other) == Some(false)
            && is_in_one_part(graph, other)
            && graph.inputs(other)[0] == input
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

/// Returns true if a convolution has neither groups of its own steps nor channels of their own.
fn is_in_one_part(graph: &Blocked, node: usize) -> bool {
    match graph.op(node) {
        Op::Conv(conv) => !is_depthwise(conv, graph, node) && parts(conv, graph, node) == 1,
        _ => false,
    }
}

/// Positions of the output whose gradient every `stride`-th position of the input reads, from the
/// first on, along one axis.
fn gradient_positions(
    axis: &Axis,
    first: usize,
    outputs: usize,
    only: Option<[usize; 2]>,
    side: usize,
) -> Positions {
    let Axis { input, stride, .. } = *axis;
    let numbers = (first..input.next_multiple_of(outputs)).step_by(stride);
    windows(chosen(numbers, only, side), |at| {
        let taps = 0..axis.taps() as isize;
        let read = taps.filter_map(|tap| {
            let distance = (at + axis.before) as isize - tap * axis.dilation as isize;
            let stride = stride as isize;
            (distance.rem_euclid(stride) == 0).then(|| distance.div_euclid(stride))
        });
        read.collect()
    })
}

/// Positions of the output whose gradient the cells of the input read, along one axis.
fn cell_gradient_positions(
    axis: &Axis,
    outputs: usize,
    only: Option<[usize; 2]>,
    side: usize,
) -> Positions {
    let rows = axis.kernel.div_ceil(axis.stride);
    let (first, last) = axis.cells();
    let end = first + (last + 1 - first).next_multiple_of(outputs);
    windows(chosen(first..end, only, side), |at| {
        dense(at as isize - (rows as isize - 1), rows)
    })
}

/// All of some numbers, or the one at a place of one of the two axes.
fn chosen(
    numbers: impl Iterator<Item = usize>,
    only: Option<[usize; 2]>,
    side: usize,
) -> impl Iterator<Item = usize> {
    let (skip, take) = only.map_or((0, usize::MAX), |place| (place[side], 1));
    numbers.skip(skip).take(take)
}

/// Positions side by side.
fn dense(first: isize, count: usize) -> Positions {
    (first..first + count as isize).collect()
}

/// The union of windows: for each number its positions.
fn windows(numbers: impl Iterator<Item = usize>, window: impl Fn(usize) -> Positions) -> Positions {
    let mut all: Positions = numbers.flat_map(window).collect();
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
