//! Products of matrices in memory of one thread, by the inner loop of the convolutions.

use super::{
    conv::{Out, Tap},
    tile::{Tile, Tiles},
};
use crate::lanes::LANES;

/// The left matrix: element (row, inner) lies at `row * rows + inner * step`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    pub(super) at: *const f32,
    pub(super) rows: usize,
    pub(super) step: usize,
}

/// A matrix whose rows lie `row` numbers apart: whole vectors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<P> {
    pub(super) at: P,
    pub(super) row: usize,
}

/// Computes `to = left * right`, or adds that to it, for `rows` rows and `inner` products each. All
/// columns of `right` are computed.
///
/// # Safety
///
/// The contract is that of [`Lanes`](crate::lanes::Lanes); all elements must be valid, and no other thread may write
/// them.
#[inline(always)]
pub(super) unsafe fn multiply<L: Tiles>(
    [rows, inner]: [usize; 2],
    left: Left,
    right: Rows<*const f32>,
    to: Rows<*mut f32>,
    accumulate: bool,
) {
    let packed = right.row / LANES;
    let taps = [Tap {
        offset: 0,
        row: 0,
        len: inner,
        weights: 0,
        weights_block: 0,
        inner: 0,
    }];
    let mut block = 0;
    while block < packed {
        let blocks = L::MAX_BLOCKS.min(packed - block);
        // Groups of equal size, as a single block at the end is slow.
        let blocks = if packed - block == 4 && blocks == 3 {
            2
        } else {
            blocks
        };
        let outs = [0, 1, 2].map(|at| {
            let mut out = Out::plain(at * LANES);
            out.dest.accumulate = accumulate;
            out
        });
        let most = L::max_pixels(blocks);
        let tiles = rows.div_ceil(most);
        for tile in 0..tiles {
            let (first, end) = (tile * rows / tiles, (tile + 1) * rows / tiles);
            // Only steps of the left matrix that the compiler does not know.
            let function = L::tile(end - first, blocks, 0);
            // SAFETY: the caller's contract.
            unsafe {
                let output = to.at.add(first * to.row + block * LANES);
                function(&Tile {
                    taps: &taps,
                    input: left.at.add(first * left.rows),
                    y: 0,
                    x_step: left.rows,
                    inner_step: left.step,
                    weights: right.at.add(block * LANES),
                    first_block: 0,
                    packed,
                    biases: right.at,
                    outs: &outs[..blocks],
                    output,
                    activations: output,
                    out_step: to.row,
                });
            }
        }
        block += blocks;
    }
}
