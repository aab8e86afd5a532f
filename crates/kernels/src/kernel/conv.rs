//! A convolution over blocked tensors, in either direction.
//!
//! A sweep computes, for every position of a grid and every output block,
//! `sum over taps, over i < len: weights[tap, i] * input[tap.offset + y * tap.row + x * x_step + i]`.
//! Kernel columns and the channels of a block are contiguous in memory, so a tap is a row of the
//! kernel in an input block. The gradient with respect to the input is the same sum with the taps
//! of the mirrored kernel over the gradients of all convolutions that read the input.

use super::{
    context::Context,
    tile::{Tile, Tiles},
};
use crate::{lanes::LANES, view::Dest};

/// Contiguous numbers of the input that enter an output position.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tap {
    /// Of the first, for the position (0, 0); may lie in the halo before the data's start.
    pub(crate) offset: isize,
    /// From an output row's to the next one's.
    pub(crate) row: usize,
    /// How many.
    pub(crate) len: usize,
    /// Start of the weights of the convolution that this tap belongs to.
    pub(crate) weights: usize,
    /// From an output block's weights to the next one's.
    pub(crate) weights_block: usize,
    /// Inner numbers of the convolution before this tap's.
    pub(crate) inner: usize,
}

/// One output block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Out {
    pub(crate) dest: Dest,
    /// Where its sixteen biases are among the packed weights.
    pub(crate) bias: Option<usize>,
    pub(crate) relu: bool,
}

impl Out {
    /// Stored as it is, in a single row.
    pub(super) fn plain(offset: usize) -> Self {
        Self {
            dest: Dest {
                offset,
                row: 0,
                accumulate: false,
                mask: false,
            },
            bias: None,
            relu: false,
        }
    }
}

/// Output blocks whose weights are packed together.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// Added to the taps' weights.
    pub(crate) weights: usize,
    /// The first block's number, for the taps' `weights_block`.
    pub(crate) first_block: usize,
    /// One to three.
    pub(crate) outs: Vec<Out>,
}

/// A convolution.
#[derive(Debug, Clone)]
pub(crate) struct Sweep {
    pub(crate) taps: Vec<Tap>,
    pub(crate) groups: Vec<Group>,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// From a position's input to its right neighbour's.
    pub(crate) x_step: usize,
    /// From a position's output to its right neighbour's.
    pub(crate) out_step: usize,
    /// Parts that the rows are cut in.
    pub(crate) bands: usize,
}

impl Sweep {
    /// Independent parts: of every group the bands, so that neighbouring tasks share weights.
    pub(crate) fn tasks(&self) -> usize {
        self.groups.len() * self.bands
    }

    /// Useful and padding multiplications and additions of one group.
    pub(crate) fn group_flops(&self) -> usize {
        let inner: usize = self.taps.iter().map(|tap| tap.len).sum();
        let lanes = self.groups.first().map_or(0, |g| g.outs.len()) * LANES;
        2 * inner * lanes * self.height * self.width
    }

    /// # Safety
    ///
    /// The context's memory must be that of the plan, with the instructions of `L`; no other
    /// thread may touch the rows of this group's outputs, or write what it reads.
    #[inline(always)]
    pub(super) unsafe fn run<L: Tiles>(&self, task: usize, context: &Context<'_>) {
        let group = &self.groups[task / self.bands];
        let band = task % self.bands;
        let rows = band * self.height / self.bands..(band + 1) * self.height / self.bands;
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
                    // SAFETY: positions are inside of the plan's grid, for which the plan has
                    // checked the taps and the outputs.
                    unsafe {
                        let tile = Tile {
                            taps: &self.taps,
                            input: context.data.add(x * self.x_step),
                            y,
                            x_step: self.x_step,
                            weights: context.weights.add(group.weights + block * LANES),
                            first_block: group.first_block,
                            packed,
                            biases: context.weights,
                            outs: &group.outs[block..block + step],
                            output: context.data.add(x * self.out_step),
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
