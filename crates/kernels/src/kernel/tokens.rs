//! The positions of a map as a row of tokens.

use super::{
    access::{Accesses, Region, Space},
    context::{Context, finish},
};
use crate::{
    lanes::{LANES, Lanes},
    pack::PackedTokens,
    view::{Dest, View},
};

/// Copies the rows of a map side by side behind learned positions, and adds learned numbers.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) from: View,
    pub(crate) packed: PackedTokens,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
}

impl Tokens {
    /// One task for each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len()
    }

    fn positions(&self) -> usize {
        self.from.height * self.from.width
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (from, packed) = (&self.from, &self.packed);
        let lines = Region::new(from.block_offset(task), from.width * LANES);
        accesses.read(Space::Data, lines.rows(from.height, from.row));
        let before = packed.before * LANES;
        let prefix = Region::new(packed.prefix + task * before, before);
        accesses.read(Space::Weights, prefix);
        if let Some(summands) = packed.summands {
            let all = self.positions() * LANES;
            accesses.read(Space::Weights, Region::new(summands + task * all, all));
        }
        let count = packed.before + self.positions();
        accesses.finish(&self.dests[task], 0..1, count, LANES);
    }

    /// Runs one task: a block.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (from, packed, dest) = (&self.from, &self.packed, &self.dests[task]);
        // SAFETY: the caller's contract for the places that `accesses` describes.
        unsafe {
            let prefix = packed.prefix + task * packed.before * LANES;
            for position in 0..packed.before {
                let value = L::load(context.weights.add(prefix + position * LANES));
                finish(value, dest, dest.offset + position * LANES, context);
            }
            for y in 0..from.height {
                let line = from.block_offset(task) + y * from.row;
                for x in 0..from.width {
                    let position = y * from.width + x;
                    let mut value = L::load(context.data.add(line + x * LANES));
                    if let Some(summands) = packed.summands {
                        let at = summands + (task * self.positions() + position) * LANES;
                        value = value.add(L::load(context.weights.add(at)));
                    }
                    let at = dest.offset + (packed.before + position) * LANES;
                    finish(value, dest, at, context);
                }
            }
        }
    }
}
