//! Mean over all positions, and its gradient.

use super::{
    access::{Accesses, Region, Space},
    context::{Context, finish},
};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// Global average pooling in either direction.
#[derive(Debug, Clone)]
pub(crate) struct Average {
    /// The tensor that is averaged, or its gradient.
    pub(crate) positions: View,
    /// The mean, or its gradient: a single position.
    pub(crate) mean: View,
    /// Destination of each block of the result.
    pub(crate) dests: Vec<Dest>,
    /// True for the gradient of the positions from that of the mean.
    pub(crate) gradient: bool,
}

impl Average {
    /// One task for each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len()
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (view, dest) = (&self.positions, &self.dests[task]);
        if self.gradient {
            let mean = Region::new(self.mean.block_offset(task), LANES);
            accesses.read(Space::Data, mean);
            accesses.finish(dest, 0..view.height, view.width, LANES);
        } else {
            let block = Region::new(view.block_offset(task), view.width * LANES);
            accesses.read(Space::Data, block.rows(view.height, view.row));
            accesses.finish(dest, 0..1, 1, LANES);
        }
    }

    /// Runs one task: a block.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (view, dest) = (&self.positions, &self.dests[task]);
        let mean = self.mean.block_offset(task);
        // SAFETY: the caller's contract for the places that `accesses` describes.
        unsafe {
            let scale = L::splat(1.0 / (view.height * view.width) as f32);
            if self.gradient {
                let value = L::load(context.data.add(mean)).mul(scale);
                for y in 0..view.height {
                    for x in 0..view.width {
                        let at = dest.offset + y * dest.row + x * LANES;
                        finish(value, dest, at, context);
                    }
                }
            } else {
                let mut sum = L::zero();
                for y in 0..view.height {
                    let mut row = L::zero();
                    for x in 0..view.width {
                        let at = view.block_offset(task) + y * view.row + x * LANES;
                        row = row.add(L::load(context.data.add(at)));
                    }
                    sum = sum.add(row);
                }
                finish(sum.mul(scale), dest, dest.offset, context);
            }
        }
    }
}
