//! The gradient of local response normalisation.

use super::{
    context::{Context, finish},
    lrn::{COLUMNS, line_length, neighbours, powers, scale, write_squares},
};
use crate::{
    Lrn,
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// With `s = bias + alpha * sum x^2`:
/// `dx = dy * s^-beta - 2 * alpha * beta * x * sum over neighbours of (dy * x * s^(-beta - 1))`.
#[derive(Debug, Clone)]
pub(crate) struct LrnGradient {
    pub(crate) lrn: Lrn,
    pub(crate) input: View,
    /// The gradient of the result.
    pub(crate) gradient: View,
    /// First channel of each block.
    pub(crate) channels: Vec<usize>,
    /// Of the input's gradient, one for each block.
    pub(crate) dests: Vec<Dest>,
    /// Parts that the rows are cut in.
    pub(crate) bands: usize,
}

impl LrnGradient {
    /// The bands.
    pub(crate) fn tasks(&self) -> usize {
        self.bands
    }

    /// # Safety
    ///
    /// As [`Sweep::run`](super::Sweep), for this band of all blocks.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (input, gradient, lrn) = (&self.input, &self.gradient, &self.lrn);
        let rows = task * input.height / self.bands..(task + 1) * input.height / self.bands;
        let stride = line_length(lrn, &self.channels);
        let mut squares = vec![0.0_f32; stride * COLUMNS];
        let mut terms = squares.clone();
        let mut direct = vec![0.0_f32; self.channels.len() * COLUMNS * LANES];
        for y in rows {
            for start in (0..input.width).step_by(COLUMNS) {
                let columns = COLUMNS.min(input.width - start);
                // SAFETY: positions inside of the views; lines have room for all channels.
                unsafe {
                    let x = context
                        .activations
                        .add(input.offset + y * input.row + start * LANES);
                    let dy = context
                        .data
                        .add(gradient.offset + y * gradient.row + start * LANES);
                    write_squares::<L>(lrn, &self.channels, x, input.block, columns, &mut squares);
                    for (block, &channel) in self.channels.iter().enumerate() {
                        for column in 0..columns {
                            let line = squares.as_ptr().add(column * stride + channel);
                            let scale = scale::<L>(lrn, line);
                            let x = L::load(x.add(block * input.block + column * LANES));
                            let dy = L::load(dy.add(block * gradient.block + column * LANES));
                            let (power, lower) = powers::<L>(scale, lrn.beta);
                            let direct_term = dy.mul(power);
                            let at = (block * COLUMNS + column) * LANES;
                            direct_term.store(direct.as_mut_ptr().add(at));
                            let at = column * stride + lrn.radius + channel;
                            let term = dy.mul(x).mul(lower);
                            term.store(terms.as_mut_ptr().add(at));
                        }
                    }
                    let factor = L::splat(-2.0 * lrn.alpha * lrn.beta);
                    for (block, &channel) in self.channels.iter().enumerate() {
                        let dest = &self.dests[block];
                        for column in 0..columns {
                            let line = terms.as_ptr().add(column * stride + channel);
                            let sum = neighbours::<L>(lrn, line).mul(factor);
                            let x = L::load(x.add(block * input.block + column * LANES));
                            let at = (block * COLUMNS + column) * LANES;
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
