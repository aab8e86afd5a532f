//! The gradient of local response normalization.

use oneiric_graph::Lrn;

use super::{
    access::{Accesses, Region, Space, band_rows},
    context::{Context, finish},
    lrn::{Lines, neighbors, powers, scale},
};
use crate::{
    lanes::{LANES, Lanes},
    tuning::LRN_COLUMNS,
    view::{Dest, View},
};

/// The gradient of a local response normalization. With `s = bias + alpha * sum x^2`:
/// `dx = dy * s^-beta - 2 * alpha * beta * x * sum over neighbors of (dy * x * s^(-beta - 1))`.
#[derive(Debug, Clone)]
pub(crate) struct LrnGradient {
    pub(crate) lrn: Lrn,
    pub(crate) input: View,
    /// The gradient of the result.
    pub(crate) gradient: View,
    pub(crate) lines: Lines,
    /// Destination of each block of the input's gradient.
    pub(crate) dests: Vec<Dest>,
    /// Bands that the rows are cut into.
    pub(crate) bands: usize,
}

impl LrnGradient {
    /// One task for each band.
    pub(crate) fn tasks(&self) -> usize {
        self.bands
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (width, blocks) = (self.input.width, self.lines.first.len());
        let rows = band_rows(task, self.bands, self.input.height);
        let sources = [
            (Space::Activations, &self.input),
            (Space::Data, &self.gradient),
        ];
        for (space, view) in sources {
            let source = Region::new(view.offset + rows.start * view.row, width * LANES)
                .blocks(blocks, view.block)
                .rows(rows.len(), view.row);
            accesses.read(space, source);
        }
        for dest in &self.dests {
            accesses.finish(dest, rows.clone(), width, LANES);
        }
    }

    /// Runs one task: a band of all blocks.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (input, gradient, lrn) = (&self.input, &self.gradient, &self.lrn);
        let lines = &self.lines;
        let stride = lines.len();
        let mut squares = vec![0.0_f32; stride * LRN_COLUMNS];
        let mut terms = squares.clone();
        let mut direct = vec![0.0_f32; lines.first.len() * LRN_COLUMNS * LANES];
        for y in band_rows(task, self.bands, input.height) {
            for start in (0..input.width).step_by(LRN_COLUMNS) {
                let columns = LRN_COLUMNS.min(input.width - start);
                // SAFETY: the caller's contract for the places that `accesses` describes; lines
                // have room for all blocks and their neighbors, and `direct` for all blocks.
                unsafe {
                    let x = context
                        .activations
                        .add(input.offset + y * input.row + start * LANES);
                    let dy = context
                        .data
                        .add(gradient.offset + y * gradient.row + start * LANES);
                    lines.write_squares::<L>(x, input.block, columns, &mut squares);
                    for (block, &channel) in lines.first.iter().enumerate() {
                        for column in 0..columns {
                            let line = squares.as_ptr().add(column * stride + channel);
                            let scale = scale::<L>(lrn, line);
                            let x = L::load(x.add(block * input.block + column * LANES));
                            let dy = L::load(dy.add(block * gradient.block + column * LANES));
                            let (power, lower) = powers::<L>(scale, lrn.beta);
                            let direct_term = dy.mul(power);
                            let at = (block * LRN_COLUMNS + column) * LANES;
                            direct_term.store(direct.as_mut_ptr().add(at));
                            let at = column * stride + lrn.radius + channel;
                            let term = dy.mul(x).mul(lower);
                            term.store(terms.as_mut_ptr().add(at));
                        }
                    }
                    lines.clear_padding(columns, &mut terms);
                    let factor = L::splat(-2.0 * lrn.alpha * lrn.beta);
                    for (block, &channel) in lines.first.iter().enumerate() {
                        let dest = &self.dests[block];
                        for column in 0..columns {
                            let line = terms.as_ptr().add(column * stride + channel);
                            let sum = neighbors::<L>(lrn, line).mul(factor);
                            let x = L::load(x.add(block * input.block + column * LANES));
                            let at = (block * LRN_COLUMNS + column) * LANES;
                            let value = x.mul_add(sum, L::load(direct.as_ptr().add(at)));
                            let at = dest.offset + y * dest.row + (start + column) * LANES;
                            finish(value, dest, at, context);
                        }
                    }
                }
            }
        }
    }
}
