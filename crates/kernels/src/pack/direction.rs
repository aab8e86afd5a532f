//! The weights of a convolution in one direction.

use super::{Packed, PackedTap, groups};
use crate::{lanes::LANES, memory::Growing};

/// The taps of a kernel along one axis in the order of what they read.
#[derive(Debug, Clone)]
pub(crate) struct Taps {
    /// For each tap, its number in the kernel, and its position in the window.
    pub(crate) taps: Vec<(usize, usize)>,
    /// Positions of the window.
    pub(crate) extent: usize,
}

impl Taps {
    /// The taps of the forward direction.
    pub(crate) fn forward(kernel: usize, dilation: usize) -> Self {
        Self {
            taps: (0..kernel).map(|tap| (tap, tap * dilation)).collect(),
            extent: (kernel.max(1) - 1) * dilation + 1,
        }
    }

    /// The taps that meet a phase of the input in the gradient, from the last to the first. The
    /// window ends at the output that is the input's number in its phase, counted from the
    /// padding's start.
    pub(crate) fn backward(kernel: usize, dilation: usize, stride: usize, phase: usize) -> Self {
        let meets = |tap: &usize| {
            let at = tap * dilation;
            at >= phase && (at - phase).is_multiple_of(stride)
        };
        // How many outputs each tap lies back.
        let back: Vec<(usize, usize)> = (0..kernel)
            .filter(meets)
            .map(|tap| (tap, (tap * dilation - phase) / stride))
            .collect();
        let extent = back.last().map_or(0, |&(_, most)| most + 1);
        let taps = back.into_iter().rev();
        Self {
            taps: taps.map(|(tap, back)| (tap, extent - 1 - back)).collect(),
            extent,
        }
    }
}

/// Packs one direction. `weight` gives the weight of (output lane, input block, input lane, row,
/// column), or none if that output lane is padding.
pub(super) fn pack_direction(
    values: &mut Growing,
    blocks: usize,
    (lanes, pixel): (&[usize], usize),
    [rows, columns]: [Taps; 2],
    weight: impl Fn(usize, usize, usize, usize, usize) -> Option<f32>,
) -> Packed {
    let mut taps = Vec::new();
    // Block, lane, row and column of every inner number.
    let mut order = Vec::new();
    for &(row, row_at) in &rows.taps {
        for (block, &used) in lanes.iter().enumerate() {
            // The columns of a full block are contiguous, unless they are dilated. Those of another
            // block have its padding lanes between them.
            let is_dense = columns.taps.len() == columns.extent;
            let together = if used == pixel && is_dense {
                columns.taps.len()
            } else {
                1
            };
            for columns in columns.taps.chunks(together.max(1)) {
                taps.push(PackedTap {
                    block,
                    row: row_at,
                    column: columns[0].1,
                    len: together * used,
                    inner: order.len(),
                });
                for &(column, _) in columns {
                    order.extend((0..used).map(|lane| (block, lane, row, column)));
                }
            }
        }
    }
    let start = values.len();
    for (first, count) in groups(blocks) {
        for &(block, lane, row, column) in &order {
            let outs = first * LANES..(first + count) * LANES;
            values.extend(outs.map(|out| weight(out, block, lane, row, column).unwrap_or(0.0)));
        }
    }
    Packed {
        start,
        inner: order.len(),
        blocks,
        taps,
        rows: rows.extent,
        columns: columns.extent,
    }
}
