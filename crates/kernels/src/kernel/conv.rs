//! A convolution over blocked tensors, in either direction.
//!
//! A sweep computes, for every position (y, x) of a grid and every output block,
//! `sum over taps, over i < len: weights[tap, i] * input[at + i]` with
//! `at = tap.offset + y * tap.row + x * x_step`.
//! Kernel columns and the channels of a block are contiguous in memory, so a tap is a row of the
//! kernel in an input block. The gradient with respect to the input is the same sum with the taps
//! of the mirrored kernel over the gradients of all convolutions that read the input.

use super::{
    access::{Accesses, Region, Space, band_rows},
    context::Context,
    rectifier::Rectifier,
    tile::{Tile, Tiles},
};
use crate::{lanes::LANES, view::Dest};

/// Contiguous numbers of the input that enter the sum of an output position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tap {
    /// Offset of the first for output position (0, 0); it may lie in the halo.
    ///
    /// Offsets count from the start of the item's memory, and are never negative in a legal plan.
    pub(crate) offset: isize,
    /// Distance to the same tap of the next output row.
    pub(crate) row: usize,
    /// Count of numbers.
    pub(crate) len: usize,
    /// Start of the weights of the convolution that this tap belongs to.
    pub(crate) weights: usize,
    /// Distance of the weights of two output blocks.
    pub(crate) weights_block: usize,
    /// Count of the convolution's numbers that come before this tap's.
    pub(crate) inner: usize,
}

/// One output block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Out {
    pub(crate) dest: Dest,
    /// Offset of its sixteen biases among the packed weights.
    pub(crate) bias: Option<usize>,
    /// The rectified linear unit that is applied to the sum.
    pub(crate) rectifier: Option<Rectifier>,
}

impl Out {
    /// A destination in a single row that stores the sum as it is.
    pub(super) fn plain(offset: usize) -> Self {
        Self {
            dest: Dest {
                offset,
                row: 0,
                accumulate: false,
                mask: None,
            },
            bias: None,
            rectifier: None,
        }
    }
}

/// Output blocks whose weights are packed together.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// Offset to add to the weights of the taps.
    pub(crate) weights: usize,
    /// Index of the first block, for `weights_block` of the taps.
    pub(crate) first_block: usize,
    /// One to three blocks.
    pub(crate) outs: Vec<Out>,
}

/// A convolution, computed directly.
#[derive(Debug, Clone)]
pub(crate) struct Sweep {
    pub(crate) taps: Vec<Tap>,
    pub(crate) groups: Vec<Group>,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Distance of the inputs of two neighboring output columns.
    pub(crate) x_step: usize,
    /// Distance of two neighboring output columns.
    pub(crate) out_step: usize,
    /// Bands that the rows are cut into.
    pub(crate) bands: usize,
}

impl Sweep {
    /// One task for each band of each group. Neighboring tasks share weights.
    pub(crate) fn tasks(&self) -> usize {
        self.groups.len() * self.bands
    }

    /// Multiplications and additions of one group, padding lanes included.
    pub(crate) fn group_flops(&self) -> usize {
        let inner: usize = self.taps.iter().map(|tap| tap.len).sum();
        let lanes = self.groups.first().map_or(0, |g| g.outs.len()) * LANES;
        2 * inner * lanes * self.height * self.width
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let group = &self.groups[task / self.bands];
        let rows = band_rows(task % self.bands, self.bands, self.height);
        let packed = group.outs.len() * LANES;
        for tap in &self.taps {
            let input = Region::at(tap.offset + (rows.start * tap.row) as isize, tap.len)
                .rows(rows.len(), tap.row)
                .columns(self.width, self.x_step);
            accesses.read_with_halo(Space::Data, input);
            let start = group.weights
                + tap.weights
                + group.first_block * tap.weights_block
                + tap.inner * packed;
            accesses.read(Space::Weights, Region::new(start, tap.len * packed));
        }
        for out in &group.outs {
            if let Some(bias) = out.bias {
                accesses.read(Space::Weights, Region::new(bias, LANES));
            }
            accesses.finish(&out.dest, rows.clone(), self.width, self.out_step);
        }
    }

    /// Runs one task: a band of a group.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Tiles>(&self, task: usize, context: &Context<'_>) {
        let group = &self.groups[task / self.bands];
        let rows = band_rows(task % self.bands, self.bands, self.height);
        let packed = group.outs.len();
        let step = packed.min(L::MAX_BLOCKS);
        let widest = L::max_pixels(step);
        let tiles = self.width.div_ceil(widest);
        // Near-equal tiles: the first `longer` have one pixel more.
        let (pixels, longer) = (self.width / tiles, self.width % tiles);
        let short = L::tile(pixels, step, self.x_step);
        let long = L::tile(pixels + usize::from(longer > 0), step, self.x_step);
        for y in rows {
            let mut x = 0;
            for tile in 0..tiles {
                let is_long = tile < longer;
                for block in (0..packed).step_by(step) {
                    // SAFETY: the caller's contract for the places that `accesses` describes. The
                    // tile's columns are inside of the width, its row inside of the band.
                    unsafe {
                        let tile = Tile {
                            taps: &self.taps,
                            input: context.data.wrapping_add(x * self.x_step),
                            y,
                            x_step: self.x_step,
                            inner_step: 1,
                            weights: context.weights.wrapping_add(group.weights + block * LANES),
                            first_block: group.first_block,
                            packed,
                            biases: *context.weights,
                            outs: &group.outs[block..block + step],
                            output: context.data.wrapping_add(x * self.out_step),
                            activations: context.activations.wrapping_add(x * self.out_step),
                            out_step: self.out_step,
                        };
                        if is_long { long(&tile) } else { short(&tile) }
                    }
                }
                x += pixels + usize::from(is_long);
            }
        }
    }
}
