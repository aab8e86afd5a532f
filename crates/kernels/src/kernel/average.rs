//! Mean over all positions, and its gradient.

use super::context::{Context, finish};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// In one direction or the other.
#[derive(Debug, Clone)]
pub(crate) struct Average {
    /// The larger tensor.
    pub(crate) positions: View,
    /// The one with a single position.
    pub(crate) mean: View,
    /// Of the result, one for each block.
    pub(crate) dests: Vec<Dest>,
    /// From the mean's gradient to that of the positions.
    pub(crate) gradient: bool,
}

impl Average {
    /// One for each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len()
    }

    /// # Safety
    ///
    /// As [`Sweep::run`](super::Sweep), for this block.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (view, dest) = (&self.positions, &self.dests[task]);
        let mean = self.mean.block_offset(task);
        // SAFETY: positions inside of both views.
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
