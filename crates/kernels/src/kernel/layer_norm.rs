//! Normalization of each position over its channels, and its gradient.

use super::{
    access::{Accesses, Region, Space, band},
    context::{Context, finish},
};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// `(x - mean) / sqrt(variance + epsilon)` over the channels of a position.
///
/// With y the result and g its gradient, that of x is
/// `(g - mean(g) - y * mean(g * y)) / sqrt(variance + epsilon)`.
#[derive(Debug, Clone)]
pub(crate) struct LayerNorm {
    pub(crate) epsilon: f32,
    /// The input, or for the gradient that of the result.
    pub(crate) from: View,
    /// Input and result among the activations, for the gradient.
    pub(crate) known: Option<[View; 2]>,
    /// Used lanes of each block.
    pub(crate) lanes: Vec<usize>,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
    /// Bands that the rows are cut into, or the columns of a single row.
    pub(crate) bands: usize,
}

impl LayerNorm {
    /// One task for each band.
    pub(crate) fn tasks(&self) -> usize {
        self.bands
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let [rows, columns] = band(&self.from, task, self.bands);
        let lines = |view: &View| {
            let start = view.offset + rows.start * view.row + columns.start * LANES;
            let first = Region::new(start, columns.len() * LANES);
            first
                .blocks(view.blocks, view.block)
                .rows(rows.len(), view.row)
        };
        accesses.read(Space::Data, lines(&self.from));
        for view in self.known.iter().flatten() {
            accesses.read(Space::Activations, lines(view));
        }
        for dest in &self.dests {
            accesses.finish_band(dest, [rows.clone(), columns.clone()]);
        }
    }

    /// Runs one task: a band.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let from = &self.from;
        // 1 in used lanes; padding lanes may hold anything.
        let masks = self.lanes.iter().map(|&used| {
            let mut mask = [0.0_f32; LANES];
            mask[..used].fill(1.0);
            mask
        });
        let masks: Vec<[f32; LANES]> = masks.collect();
        let count: usize = self.lanes.iter().sum();
        let share = 1.0 / count as f32;
        let [rows, columns] = band(from, task, self.bands);
        for y in rows {
            for x in columns.clone() {
                let place =
                    |view: &View, block: usize| view.block_offset(block) + y * view.row + x * LANES;
                let (input, base) = match &self.known {
                    Some([input, _]) => (input, *context.activations),
                    None => (from, context.data.cast_const()),
                };
                // SAFETY: the caller's contract for the places that `accesses` describes.
                unsafe {
                    let mut sum = L::zero();
                    for (block, mask) in masks.iter().enumerate() {
                        let value = L::load(base.add(place(input, block)));
                        sum = sum.add(value.where_positive(L::load(mask.as_ptr())));
                    }
                    let mean = L::splat(total(sum) * share);
                    let mut squares = L::zero();
                    for (block, mask) in masks.iter().enumerate() {
                        let value = L::load(base.add(place(input, block))).sub(mean);
                        let value = value.where_positive(L::load(mask.as_ptr()));
                        squares = value.mul_add(value, squares);
                    }
                    let variance = total(squares) * share;
                    let scale = L::splat(1.0 / (variance + self.epsilon).sqrt());
                    let Some([_, output]) = &self.known else {
                        for (block, dest) in self.dests.iter().enumerate() {
                            let value = L::load(base.add(place(input, block))).sub(mean);
                            let at = dest.offset + y * dest.row + x * LANES;
                            finish(value.mul(scale), dest, at, context);
                        }
                        continue;
                    };
                    let (mut plain, mut weighted) = (L::zero(), L::zero());
                    for (block, mask) in masks.iter().enumerate() {
                        let mask = L::load(mask.as_ptr());
                        let gradient = L::load(context.data.add(place(from, block)));
                        let gradient = gradient.where_positive(mask);
                        let value = L::load(base.add(place(output, block)));
                        plain = plain.add(gradient);
                        weighted = value.where_positive(mask).mul_add(gradient, weighted);
                    }
                    let plain = L::splat(total(plain) * share);
                    let weighted = L::splat(total(weighted) * share);
                    for (block, dest) in self.dests.iter().enumerate() {
                        let gradient = L::load(context.data.add(place(from, block)));
                        let value = L::load(base.add(place(output, block)));
                        let rest = gradient.sub(plain).sub(value.mul(weighted));
                        let at = dest.offset + y * dest.row + x * LANES;
                        finish(rest.mul(scale), dest, at, context);
                    }
                }
            }
        }
    }
}

/// The sum of all lanes.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
unsafe fn total<L: Lanes>(value: L) -> f32 {
    let mut values = [0.0_f32; LANES];
    // SAFETY: the array has sixteen numbers; the instructions are the caller's contract.
    unsafe { value.store(values.as_mut_ptr()) };
    // In pairs, as rounding errors stay smaller so.
    let mut count = LANES;
    while count > 1 {
        count /= 2;
        for at in 0..count {
            values[at] += values[at + count];
        }
    }
    values[0]
}
