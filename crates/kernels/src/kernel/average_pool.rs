//! Average pooling over windows, and its gradient.

use super::{
    access::{Accesses, Region, Space, band_rows},
    context::{Context, finish},
    pool::Window,
};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// Means over windows.
#[derive(Debug, Clone)]
pub(crate) struct AveragePool {
    pub(crate) window: Window,
    /// The factors of a window's sum, by its row and by its column.
    pub(crate) factors: [Vec<f32>; 2],
    pub(crate) from: View,
    pub(crate) to: View,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
    /// Bands that the rows are cut into.
    pub(crate) bands: usize,
}

impl AveragePool {
    /// One task for each band of each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len() * self.bands
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (block, band) = (task / self.bands, task % self.bands);
        for y in band_rows(band, self.bands, self.to.height) {
            let (first, last) = self.window.rows.inside(y, self.from.height);
            let start = self.from.block_offset(block) + first * self.from.row;
            let line = Region::new(start, self.from.width * LANES);
            accesses.read(Space::Data, line.rows(last - first, self.from.row));
            accesses.finish(&self.dests[block], y..y + 1, self.to.width, LANES);
        }
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
        let dest = &self.dests[block];
        // The sum over the rows of a window, for every column.
        let mut columns = vec![0.0_f32; from.width * LANES];
        for y in band_rows(band, self.bands, to.height) {
            let (first, last) = window.rows.inside(y, from.height);
            for x in 0..from.width {
                // SAFETY: the caller's contract for the places that `accesses` describes; `columns`
                // is as wide as the input.
                unsafe {
                    let at = from.block_offset(block) + x * LANES;
                    let mut sum = L::zero();
                    for row in first..last {
                        sum = sum.add(L::load(context.data.add(at + row * from.row)));
                    }
                    sum.store(columns.as_mut_ptr().add(x * LANES));
                }
            }
            for x in 0..to.width {
                let (first, last) = window.columns.inside(x, from.width);
                // SAFETY: as above; `first..last` is within the input's columns.
                unsafe {
                    let mut sum = L::zero();
                    for column in first..last {
                        sum = sum.add(L::load(columns.as_ptr().add(column * LANES)));
                    }
                    let factor = L::splat(self.factors[0][y] * self.factors[1][x]);
                    let at = dest.offset + y * dest.row + x * LANES;
                    finish(sum.mul(factor), dest, at, context);
                }
            }
        }
    }
}

/// The gradient of the input from that of the means: every position gathers from the windows that
/// it is in.
#[derive(Debug, Clone)]
pub(crate) struct AveragePoolGradient {
    pub(crate) window: Window,
    /// The factors of a window's sum, by its row and by its column.
    pub(crate) factors: [Vec<f32>; 2],
    /// The gradient of the means.
    pub(crate) from: View,
    /// The gradient of the input.
    pub(crate) to: View,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
    /// Bands that the rows are cut into.
    pub(crate) bands: usize,
}

impl AveragePoolGradient {
    /// One task for each band of each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len() * self.bands
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (block, band) = (task / self.bands, task % self.bands);
        for y in band_rows(band, self.bands, self.to.height) {
            let (first, last) = self.window.rows.reaching(y, self.from.height);
            let start = self.from.block_offset(block) + first * self.from.row;
            let line = Region::new(start, self.from.width * LANES);
            let rows = last.saturating_sub(first);
            accesses.read(Space::Data, line.rows(rows, self.from.row));
            accesses.finish(&self.dests[block], y..y + 1, self.to.width, LANES);
        }
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
        let dest = &self.dests[block];
        for y in band_rows(band, self.bands, to.height) {
            let (first_y, last_y) = window.rows.reaching(y, from.height);
            for x in 0..to.width {
                let (first_x, last_x) = window.columns.reaching(x, from.width);
                // SAFETY: the caller's contract for the places that `accesses` describes.
                unsafe {
                    let mut sum = L::zero();
                    for oy in first_y..last_y {
                        let line = from.block_offset(block) + oy * from.row;
                        for ox in first_x..last_x {
                            let factor = L::splat(self.factors[0][oy] * self.factors[1][ox]);
                            let gradient = L::load(context.data.add(line + ox * LANES));
                            sum = gradient.mul_add(factor, sum);
                        }
                    }
                    let at = dest.offset + y * dest.row + x * LANES;
                    finish(sum, dest, at, context);
                }
            }
        }
    }
}
