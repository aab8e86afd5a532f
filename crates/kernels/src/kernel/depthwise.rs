//! A convolution of each channel by itself, in either direction.
//!
//! Every lane is a channel, so a tap is one multiply-add of sixteen lanes for each position. As for
//! a [`Sweep`](super::Sweep), the gradient is the same sum with other taps.

use super::{
    access::{Accesses, Region, Space, band_rows},
    context::{Context, finish},
    conv::Out,
};
use crate::lanes::{LANES, Lanes};

/// Neighboring positions whose sums are kept in registers.
const TILE: usize = 8;

/// One tap of the kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChannelTap {
    /// Offset of what it reads of the first block for output position (0, 0), which may lie in the
    /// halo.
    pub(crate) offset: isize,
    /// Offset of its sixteen weights in those of a block.
    pub(crate) weights: usize,
}

/// A depthwise convolution.
#[derive(Debug, Clone)]
pub(crate) struct Depthwise {
    pub(crate) taps: Vec<ChannelTap>,
    /// Distance of two blocks of the input.
    pub(crate) block: usize,
    /// Distance of the inputs of two output rows.
    pub(crate) row: usize,
    /// Distance of the inputs of two neighboring output columns.
    pub(crate) x_step: usize,
    /// Start of the first block's weights.
    pub(crate) weights: usize,
    /// Distance of the weights of two blocks.
    pub(crate) weights_block: usize,
    pub(crate) outs: Vec<Out>,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Distance of two neighboring output columns.
    pub(crate) out_step: usize,
    /// Bands that the rows are cut into.
    pub(crate) bands: usize,
}

impl Depthwise {
    /// One task for each band of each block.
    pub(crate) fn tasks(&self) -> usize {
        self.outs.len() * self.bands
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (block, band) = (task / self.bands, task % self.bands);
        let rows = band_rows(band, self.bands, self.height);
        let first = block * self.block + rows.start * self.row;
        for tap in &self.taps {
            let input = Region::at(tap.offset + first as isize, LANES);
            let input = input.rows(rows.len(), self.row);
            accesses.read_with_halo(Space::Data, input.columns(self.width, self.x_step));
            let weights = self.weights + block * self.weights_block + tap.weights;
            accesses.read(Space::Weights, Region::new(weights, LANES));
        }
        let out = &self.outs[block];
        if let Some(bias) = out.bias {
            accesses.read(Space::Weights, Region::new(bias, LANES));
        }
        accesses.finish(&out.dest, rows, self.width, self.out_step);
    }

    /// Runs one task: a band of a block.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (block, band) = (task / self.bands, task % self.bands);
        for y in band_rows(band, self.bands, self.height) {
            let mut x = 0;
            // SAFETY: the caller's contract for the places that `accesses` describes: all columns
            // are inside of the width.
            unsafe {
                while x + TILE <= self.width {
                    self.tile::<L, TILE>(block, y, x, context);
                    x += TILE;
                }
                while x + 2 <= self.width {
                    self.tile::<L, 2>(block, y, x, context);
                    x += 2;
                }
                if x < self.width {
                    self.tile::<L, 1>(block, y, x, context);
                }
            }
        }
    }

    /// Computes `R` positions of a row.
    ///
    /// # Safety
    ///
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn tile<L: Lanes, const R: usize>(
        &self,
        block: usize,
        y: usize,
        x: usize,
        context: &Context<'_>,
    ) {
        let out = &self.outs[block];
        let input = block * self.block + y * self.row + x * self.x_step;
        // SAFETY: the caller's contract.
        unsafe {
            let weights = context
                .weights
                .add(self.weights + block * self.weights_block);
            let mut sums = [match out.bias {
                Some(bias) => L::load(context.weights.add(bias)),
                None => L::zero(),
            }; R];
            for tap in &self.taps {
                let weight = L::load(weights.add(tap.weights));
                let from = context.data.offset(tap.offset + input as isize);
                for (r, sum) in sums.iter_mut().enumerate() {
                    *sum = L::load(from.add(r * self.x_step)).mul_add(weight, *sum);
                }
            }
            let at = out.dest.offset + y * out.dest.row + x * self.out_step;
            for (r, &sum) in sums.iter().enumerate() {
                let value = match out.rectifier {
                    Some(rectifier) => rectifier.apply(sum),
                    None => sum,
                };
                finish(value, &out.dest, at + r * self.out_step, context);
            }
        }
    }
}
