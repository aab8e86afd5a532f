//! The lines of tensors that a step may touch.

use std::ops::Range;

use super::fault::Rule;
use oneiric_graph::Op;

use crate::{
    blocked::Blocked,
    kernel::{Step, Use},
    plan::{Buffer, Direction, Layout},
    view::View,
};

/// The tensors that a step of a node may touch.
pub(super) struct Lines<'a> {
    /// The buffers, in the order of their places.
    buffers: &'a [Buffer],
    reads: Vec<View>,
    writes: Vec<View>,
}

impl<'a> Lines<'a> {
    /// The tensors that the graph says.
    pub(super) fn new(
        graph: &Blocked,
        layout: &'a Layout,
        direction: Direction,
        node: usize,
        step: &Step,
    ) -> Self {
        let inputs = graph.inputs(node);
        let view = |node: usize| layout.views[node];
        let gradient = |node: usize| match node {
            0 => Some(layout.input_gradient),
            _ => view(node),
        };
        // Convolutions that read the same tensor may run as one.
        let siblings: Vec<usize> = match (graph.op(node), step) {
            (Op::Conv(_), Step::Sweep(_)) => (1..graph.len())
                .filter(|&other| {
                    matches!(graph.op(other), Op::Conv(_)) && graph.inputs(other) == inputs
                })
                .collect(),
            _ => vec![node],
        };
        let cells = layout.cells.get(&node).copied();
        let (reads, writes): (Vec<Option<View>>, Vec<Option<View>>) = match (direction, step) {
            (Direction::Output, _) => (vec![view(node)], vec![]),
            (_, Step::ToCells(_)) => (vec![], vec![cells]),
            (_, Step::ToLanes(_)) if direction == Direction::Forward => (vec![], vec![view(node)]),
            // A gradient that is added to one that is there.
            (_, Step::ToLanes(_)) => (vec![gradient(node)], vec![gradient(node)]),
            // Zeros where no gradient comes.
            (_, Step::Sum(sum)) if sum.terms.is_empty() => (vec![view(node)], vec![gradient(node)]),
            (_, Step::Redirect(_)) => (vec![gradient(node)], vec![gradient(node)]),
            (_, Step::InputGradient(_)) => {
                let cells = layout.cells.values().map(|&view| Some(view));
                (cells.chain([gradient(0)]).collect(), vec![])
            }
            // The other inputs lie inside of the concatenation.
            (Direction::Forward, Step::Pointwise(_)) if matches!(graph.op(node), Op::Concat(_)) => {
                let copied = inputs.iter().enumerate();
                let copied = copied.filter(|(at, _)| layout.copied.contains(&(node, *at)));
                (
                    copied.map(|(_, &input)| view(input)).collect(),
                    vec![view(node)],
                )
            }
            (Direction::Forward, _) => (
                inputs
                    .iter()
                    .map(|&input| view(input))
                    .chain([cells])
                    .collect(),
                siblings.iter().map(|&node| view(node)).collect(),
            ),
            (Direction::Backward, _) => {
                let own = siblings
                    .iter()
                    .flat_map(|&node| [gradient(node), view(node)]);
                let to: Vec<Option<View>> = inputs
                    .iter()
                    .map(|&input| gradient(input))
                    .chain([cells])
                    .collect();
                // Also the activations of the input, and gradients that are added to.
                let inputs = inputs.iter().map(|&input| view(input));
                (own.chain(inputs).chain(to.clone()).collect(), to)
            }
        };
        Self {
            buffers: &layout.buffers,
            reads: reads.into_iter().flatten().collect(),
            writes: writes.into_iter().flatten().collect(),
        }
    }

    /// Checks that a span is inside of one line of a tensor: with the zeros on either side for
    /// [`Use::ReadWithHalo`], in the rows of zeros above and below as well.
    pub(super) fn check(&self, span: &Range<usize>, kind: Use) -> Result<(), Rule> {
        let views = match kind {
            Use::Write => &self.writes,
            Use::Read | Use::ReadWithHalo | Use::Update => &self.reads,
        };
        let fault = || Rule::OtherTensor(span.clone());
        let next = self
            .buffers
            .partition_point(|buffer| buffer.start <= span.start);
        let buffer = &self.buffers[next.checked_sub(1).ok_or_else(fault)?];
        if span.end > buffer.end {
            return Err(fault());
        }
        let first = line_of(buffer, span.start);
        // Zeros to the left of a line are those to the right of the line before.
        let inside = [first, first - 1].iter().any(|&line| {
            is_in_line(buffer, line, span, kind == Use::ReadWithHalo)
                && views.iter().any(|view| has_block(buffer, view, line))
        });
        if inside { Ok(()) } else { Err(fault()) }
    }
}

/// Offset of row 0, column 0 of a buffer's first block.
pub(super) fn origin(buffer: &Buffer) -> isize {
    (buffer.start + buffer.lead() + buffer.top * buffer.row()) as isize
}

/// Number of the line (`row * blocks + block`) that an offset belongs to, counting the zeros
/// between two lines to the second. Negative above the tensor.
fn line_of(buffer: &Buffer, offset: usize) -> isize {
    let left = origin(buffer) - (buffer.side * buffer.pixel) as isize;
    (offset as isize - left).div_euclid(buffer.pitch() as isize)
}

/// Returns true if a span is inside of a line.
fn is_in_line(buffer: &Buffer, line: isize, span: &Range<usize>, halo: bool) -> bool {
    let row = line.div_euclid(buffer.blocks as isize);
    let (above, below, side) = if halo {
        (buffer.top, buffer.bottom, buffer.side * buffer.pixel)
    } else {
        (0, 0, 0)
    };
    let rows = -(above as isize)..(buffer.height + below) as isize;
    let start = origin(buffer) + line * buffer.pitch() as isize;
    rows.contains(&row)
        && span.start as isize >= start - side as isize
        && span.end as isize <= start + (buffer.width * buffer.pixel + side) as isize
}

/// Returns true if a line is of one of a tensor's blocks.
fn has_block(buffer: &Buffer, view: &View, line: isize) -> bool {
    let distance = view.offset as isize - origin(buffer);
    let pitch = buffer.pitch() as isize;
    let block = line.rem_euclid(buffer.blocks as isize);
    let first = distance / pitch;
    (buffer.start..buffer.end).contains(&view.offset)
        && distance % pitch == 0
        && (first..first + view.blocks as isize).contains(&block)
}
