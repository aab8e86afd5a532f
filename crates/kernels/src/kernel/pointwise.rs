//! Operations on each number by itself.

use super::context::{Context, finish};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PointwiseKind {
    /// Nothing.
    Copy,
    /// The larger of the number and 0.
    Relu,
    /// Kept where the activation at the number's own place is above 0 or not a number.
    ReluGradient,
}

/// From one tensor to another.
#[derive(Debug, Clone)]
pub(crate) struct Pointwise {
    pub(crate) kind: PointwiseKind,
    pub(crate) from: View,
    /// One for each block.
    pub(crate) dests: Vec<Dest>,
}

impl Pointwise {
    /// One for each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len()
    }

    /// # Safety
    ///
    /// As [`Sweep::run`](super::Sweep), for this block.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let dest = &self.dests[task];
        let from = self.from.block_offset(task);
        for y in 0..self.from.height {
            for x in 0..self.from.width {
                let source = from + y * self.from.row + x * LANES;
                // SAFETY: positions inside of both views.
                unsafe {
                    let value = L::load(context.data.add(source));
                    let value = match self.kind {
                        PointwiseKind::Copy => value,
                        PointwiseKind::Relu => value.max(L::zero()),
                        PointwiseKind::ReluGradient => {
                            value.where_positive(L::load(context.activations.add(source)))
                        }
                    };
                    let at = dest.offset + y * dest.row + x * LANES;
                    finish(value, dest, at, context);
                }
            }
        }
    }
}
