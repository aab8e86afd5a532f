//! Max pooling.

use super::{
    access::{Accesses, Region, Space, band_rows},
    context::{Context, finish},
};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// The windows of a pooling. Every window has a position inside of the input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) rows: WindowAxis,
    pub(crate) columns: WindowAxis,
}

/// Windows along one axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowAxis {
    /// Positions of a window.
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    /// Positions of padding before the first.
    pub(crate) before: usize,
}

impl Window {
    /// The windows of that kernel over an input of that height and width.
    pub(crate) fn new(
        kernel: [usize; 2],
        window: &oneiric_graph::Window,
        size: [usize; 2],
    ) -> Self {
        let axes = window.axes(kernel, size);
        let axes = axes.unwrap_or_else(|error| unreachable!("the size was inferred: {error}"));
        let [rows, columns] = [0, 1].map(|axis| WindowAxis {
            kernel: kernel[axis],
            stride: window.stride[axis],
            before: axes[axis].before,
        });
        Self { rows, columns }
    }
}

impl WindowAxis {
    /// First input position of the `at`-th window along an axis of `size` positions, and the one
    /// behind the last. Padding is left out, so it never wins.
    #[inline(always)]
    pub(super) fn inside(&self, at: usize, size: usize) -> (usize, usize) {
        let start = at * self.stride;
        (
            start.saturating_sub(self.before),
            (start + self.kernel - self.before).min(size),
        )
    }

    /// The first window that has a position, and the one behind the last, of `count` windows.
    #[inline(always)]
    pub(super) fn reaching(&self, position: usize, count: usize) -> (usize, usize) {
        let padded = position + self.before;
        (
            (padded + 1)
                .saturating_sub(self.kernel)
                .div_ceil(self.stride),
            (padded / self.stride + 1).min(count),
        )
    }
}

/// Maximum over windows; NaN if a number of the window is NaN.
#[derive(Debug, Clone)]
pub(crate) struct MaxPool {
    pub(crate) window: Window,
    pub(crate) from: View,
    pub(crate) to: View,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
    /// Bands that the rows are cut into.
    pub(crate) bands: usize,
}

impl MaxPool {
    /// One task for each band of each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len() * self.bands
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (block, band) = (task / self.bands, task % self.bands);
        let (from, window) = (&self.from, &self.window);
        let rows = band_rows(band, self.bands, self.to.height);
        if rows.is_empty() {
            return;
        }
        let (first, _) = window.rows.inside(rows.start, from.height);
        let (_, last) = window.rows.inside(rows.end - 1, from.height);
        let source = Region::new(
            from.block_offset(block) + first * from.row,
            from.width * LANES,
        );
        accesses.read(Space::Data, source.rows(last - first, from.row));
        accesses.finish(&self.dests[block], rows, self.to.width, LANES);
    }

    /// Runs one task: a band of a block.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (block, band) = (task / self.bands, task % self.bands);
        let (from, to, window) = (&self.from, &self.to, &self.window);
        let rows = band_rows(band, self.bands, to.height);
        let dest = &self.dests[block];
        // The maximum over the rows of a window, for every column.
        let mut columns = vec![0.0_f32; from.width * LANES];
        for y in rows {
            let (first, last) = window.rows.inside(y, from.height);
            for x in 0..from.width {
                // SAFETY: the caller's contract for the places that `accesses` describes; `columns`
                // is as wide as the input.
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
                let (first, last) = window.columns.inside(x, from.width);
                // SAFETY: as above; `first..last` is within the input's columns, and not empty.
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
