//! Operations on each number alone.

use super::{
    access::{Accesses, Region, Space},
    context::{Context, finish},
    rectifier::Rectifier,
};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// A function of one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum PointwiseKind {
    /// The number itself.
    Copy,
    /// The number within the bounds.
    Rectify(Rectifier),
    /// The number if the activation at the same place is within the bounds or NaN, else 0.
    Gate(Rectifier),
}

/// Applies a function to every number of a tensor.
#[derive(Debug, Clone)]
pub(crate) struct Pointwise {
    pub(crate) kind: PointwiseKind,
    pub(crate) from: View,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
}

impl Pointwise {
    /// One task for each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len()
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let from = &self.from;
        let source = Region::new(from.block_offset(task), from.width * LANES);
        let source = source.rows(from.height, from.row);
        accesses.read(Space::Data, source);
        if matches!(self.kind, PointwiseKind::Gate(_)) {
            accesses.read(Space::Activations, source);
        }
        accesses.finish(&self.dests[task], 0..from.height, from.width, LANES);
    }

    /// Runs one task: a block.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let dest = &self.dests[task];
        let from = self.from.block_offset(task);
        for y in 0..self.from.height {
            for x in 0..self.from.width {
                let source = from + y * self.from.row + x * LANES;
                // SAFETY: the caller's contract for the places that `accesses` describes.
                unsafe {
                    let value = L::load(context.data.add(source));
                    let value = match self.kind {
                        PointwiseKind::Copy => value,
                        PointwiseKind::Rectify(rectifier) => rectifier.apply(value),
                        PointwiseKind::Gate(rectifier) => {
                            rectifier.gate(value, L::load(context.activations.add(source)))
                        }
                    };
                    let at = dest.offset + y * dest.row + x * LANES;
                    finish(value, dest, at, context);
                }
            }
        }
    }
}
