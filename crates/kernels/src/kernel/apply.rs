//! A function of each number alone, and its gradient.

use super::{
    access::{Accesses, Region, Space, band_rows},
    context::{Context, finish},
    function::Function,
};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// Applies a function to every number of a tensor; for the gradient, multiplies it with the
/// function's derivative at the input.
#[derive(Debug, Clone)]
pub(crate) struct Apply {
    pub(crate) function: Function,
    /// The input; for the gradient, that of the output.
    pub(crate) from: View,
    /// The input among the activations, for the gradient.
    pub(crate) slope_at: Option<View>,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
    /// Bands that the rows are cut into.
    pub(crate) bands: usize,
}

impl Apply {
    /// One task for each band of each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len() * self.bands
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (block, band) = (task / self.bands, task % self.bands);
        let View { height, width, .. } = self.from;
        let rows = band_rows(band, self.bands, height);
        let lines = |view: &View| {
            let start = view.block_offset(block) + rows.start * view.row;
            Region::new(start, width * LANES).rows(rows.len(), view.row)
        };
        accesses.read(Space::Data, lines(&self.from));
        if let Some(input) = &self.slope_at {
            accesses.read(Space::Activations, lines(input));
        }
        accesses.finish(&self.dests[block], rows.clone(), width, LANES);
    }

    /// Runs one task: a band of a block.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (block, band) = (task / self.bands, task % self.bands);
        let (from, dest) = (&self.from, &self.dests[block]);
        for y in band_rows(band, self.bands, from.height) {
            let source = from.block_offset(block) + y * from.row;
            let input = self.slope_at.as_ref();
            let input = input.map(|input| input.block_offset(block) + y * input.row);
            for x in 0..from.width {
                // SAFETY: the caller's contract for the places that `accesses` describes.
                unsafe {
                    let value = L::load(context.data.add(source + x * LANES));
                    let value = match input {
                        None => self.function.value(value),
                        Some(input) => {
                            let input = L::load(context.activations.add(input + x * LANES));
                            value.mul(self.function.slope(input))
                        }
                    };
                    finish(value, dest, dest.offset + y * dest.row + x * LANES, context);
                }
            }
        }
    }
}
