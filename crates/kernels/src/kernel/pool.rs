//! Max pooling.

use super::context::{Context, finish};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// Windows of a pooling. Every window has a position inside of the input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) top: usize,
    pub(crate) left: usize,
}

impl Window {
    /// Positions of an input of `size` in the window that is `at`-th along an axis padded by
    /// `before`: padding never wins, so it is left out.
    #[inline(always)]
    pub(super) fn inside(&self, at: usize, before: usize, size: usize) -> (usize, usize) {
        let start = at * self.stride;
        (
            start.saturating_sub(before),
            (start + self.kernel - before).min(size),
        )
    }
}

/// Maximum over windows; not a number where a window has one that is not, wherever.
#[derive(Debug, Clone)]
pub(crate) struct MaxPool {
    pub(crate) window: Window,
    pub(crate) from: View,
    pub(crate) to: View,
    /// One for each block.
    pub(crate) dests: Vec<Dest>,
    /// Parts that the rows are cut in.
    pub(crate) bands: usize,
}

impl MaxPool {
    /// Of every block the bands.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len() * self.bands
    }

    /// # Safety
    ///
    /// As [`Sweep::run`](super::Sweep), for this block and band.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (block, band) = (task / self.bands, task % self.bands);
        let (from, to, window) = (&self.from, &self.to, &self.window);
        let rows = band * to.height / self.bands..(band + 1) * to.height / self.bands;
        let dest = &self.dests[block];
        // The maximum over the rows of a window, for every column.
        let mut columns = vec![0.0_f32; from.width * LANES];
        for y in rows {
            let (first, last) = window.inside(y, window.top, from.height);
            for x in 0..from.width {
                // SAFETY: positions inside of the input, and of `columns`.
                unsafe {
                    let at = from.block_offset(block) + x * LANES;
                    let mut largest = L::load(context.data.add(at + first * from.row));
                    for row in first + 1..last {
                        largest =
                            largest.max_or_nan(L::load(context.data.add(at + row * from.row)));
                    }
                    largest.store(columns.as_mut_ptr().add(x * LANES));
                }
            }
            for x in 0..to.width {
                let (first, last) = window.inside(x, window.left, from.width);
                // SAFETY: `first..last` is within the columns; the position is inside of the
                // output.
                unsafe {
                    let mut largest = L::load(columns.as_ptr().add(first * LANES));
                    for column in first + 1..last {
                        largest = largest.max_or_nan(L::load(columns.as_ptr().add(column * LANES)));
                    }
                    let at = dest.offset + y * dest.row + x * LANES;
                    finish(largest, dest, at, context);
                }
            }
        }
    }
}
