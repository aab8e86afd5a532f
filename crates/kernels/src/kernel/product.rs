//! The product of two tensors, and its gradients.

use super::{
    access::{Accesses, Region, Space, band_rows},
    context::{Context, finish},
};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// Multiplies every number of a tensor with that of another one at the same place, or with that of
/// the other one's only position.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    /// The tensor, or a gradient.
    pub(crate) from: View,
    pub(crate) factor: View,
    /// True if the factor is among the activations, and not in the data.
    pub(crate) of_activations: bool,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
    /// Bands that the rows are cut into.
    pub(crate) bands: usize,
}

impl Product {
    /// One task for each band of each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len() * self.bands
    }

    /// Distances of two rows and two columns of the factor: 0 if it has a single position.
    fn steps(&self) -> [usize; 2] {
        let View { height, width, .. } = self.factor;
        if [height, width] == [self.from.height, self.from.width] {
            [self.factor.row, LANES]
        } else {
            [0, 0]
        }
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (block, band) = (task / self.bands, task % self.bands);
        let View { height, width, .. } = self.from;
        let rows = band_rows(band, self.bands, height);
        if rows.is_empty() {
            return;
        }
        let first = self.from.block_offset(block) + rows.start * self.from.row;
        let lines = Region::new(first, width * LANES).rows(rows.len(), self.from.row);
        accesses.read(Space::Data, lines);
        let [row, column] = self.steps();
        let first = self.factor.block_offset(block) + rows.start * row;
        let factors = Region::new(first, LANES).rows(rows.len(), row);
        let space = if self.of_activations {
            Space::Activations
        } else {
            Space::Data
        };
        accesses.read(space, factors.columns(width, column));
        accesses.finish(&self.dests[block], rows, width, LANES);
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
        let [row, column] = self.steps();
        let factors = if self.of_activations {
            *context.activations
        } else {
            context.data.cast_const()
        };
        for y in band_rows(band, self.bands, from.height) {
            let source = from.block_offset(block) + y * from.row;
            let factor = self.factor.block_offset(block) + y * row;
            for x in 0..from.width {
                // SAFETY: the caller's contract for the places that `accesses` describes.
                unsafe {
                    let factor = L::load(factors.add(factor + x * column));
                    let value = L::load(context.data.add(source + x * LANES)).mul(factor);
                    finish(value, dest, dest.offset + y * dest.row + x * LANES, context);
                }
            }
        }
    }
}

/// The sum over all positions of the product of a gradient with the activations: the gradient of a
/// factor that has a single position.
#[derive(Debug, Clone)]
pub(crate) struct ProductSum {
    /// The gradient.
    pub(crate) from: View,
    /// The other factor among the activations.
    pub(crate) factor: View,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
}

impl ProductSum {
    /// One task for each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len()
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let lines = |view: &View| {
            let line = Region::new(view.block_offset(task), view.width * LANES);
            line.rows(view.height, view.row)
        };
        accesses.read(Space::Data, lines(&self.from));
        accesses.read(Space::Activations, lines(&self.factor));
        accesses.finish(&self.dests[task], 0..1, 1, LANES);
    }

    /// Runs one task: a block.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (from, factor, dest) = (&self.from, &self.factor, &self.dests[task]);
        // SAFETY: the caller's contract for the places that `accesses` describes.
        unsafe {
            let mut sum = L::zero();
            for y in 0..from.height {
                let gradients = context.data.add(from.block_offset(task) + y * from.row);
                let factors = factor.block_offset(task) + y * factor.row;
                let factors = context.activations.add(factors);
                // Sums of rows, so that rounding errors stay small.
                let mut row = L::zero();
                for x in 0..from.width {
                    let gradient = L::load(gradients.add(x * LANES));
                    row = gradient.mul_add(L::load(factors.add(x * LANES)), row);
                }
                sum = sum.add(row);
            }
            finish(sum, dest, dest.offset, context);
        }
    }
}
