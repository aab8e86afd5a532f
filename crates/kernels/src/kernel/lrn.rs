//! Local response normalization across channels.

use oneiric_graph::Lrn;

use super::{
    access::{Accesses, Region, Space, band_rows},
    context::{Context, finish},
};
use crate::{
    lanes::{LANES, Lanes},
    tuning::LRN_COLUMNS,
    view::{Dest, View},
};

/// `y = x * (bias + alpha * sum over neighbors of x^2)^-beta`.
///
/// For every position the squares of all channels are written to a line: one after the other,
/// without the padding of blocks, between `radius` zeros on either side. A sum over neighbors is
/// then a sum of shifted loads.
#[derive(Debug, Clone)]
pub(crate) struct LrnForward {
    pub(crate) lrn: Lrn,
    pub(crate) from: View,
    pub(crate) lines: Lines,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
    /// Bands that the rows are cut into.
    pub(crate) bands: usize,
}

/// Places of the channels in the line of a position.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    /// First channel of each block.
    pub(crate) first: Vec<usize>,
    /// All channels.
    pub(crate) channels: usize,
    pub(crate) radius: usize,
}

impl LrnForward {
    /// One task for each band.
    pub(crate) fn tasks(&self) -> usize {
        self.bands
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let from = &self.from;
        let rows = band_rows(task, self.bands, from.height);
        let source = Region::new(from.offset + rows.start * from.row, from.width * LANES)
            .blocks(self.lines.first.len(), from.block)
            .rows(rows.len(), from.row);
        accesses.read(Space::Data, source);
        for dest in &self.dests {
            accesses.finish(dest, rows.clone(), from.width, LANES);
        }
    }

    /// Runs one task: a band of all blocks.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (from, lines) = (&self.from, &self.lines);
        let stride = lines.len();
        let mut squares = vec![0.0_f32; stride * LRN_COLUMNS];
        for y in band_rows(task, self.bands, from.height) {
            for start in (0..from.width).step_by(LRN_COLUMNS) {
                let columns = LRN_COLUMNS.min(from.width - start);
                let at = from.offset + y * from.row + start * LANES;
                // SAFETY: the caller's contract for the places that `accesses` describes; a line
                // has room for all blocks and their neighbors.
                unsafe {
                    let x = context.data.add(at);
                    lines.write_squares::<L>(x, from.block, columns, &mut squares);
                    for column in 0..columns {
                        let line = squares.as_ptr().add(column * stride);
                        for (block, &channel) in lines.first.iter().enumerate() {
                            let scale = scale::<L>(&self.lrn, line.add(channel));
                            let x = L::load(x.add(block * from.block + column * LANES));
                            let dest = &self.dests[block];
                            let at = dest.offset + y * dest.row + (start + column) * LANES;
                            let (power, _) = powers::<L>(scale, self.lrn.beta);
                            finish(x.mul(power), dest, at, context);
                        }
                    }
                }
            }
        }
    }
}

impl Lines {
    /// Numbers of a line.
    pub(super) fn len(&self) -> usize {
        self.first.last().copied().unwrap_or(0) + LANES + 2 * self.radius
    }

    /// Writes the squares of all channels of some columns to as many lines.
    ///
    /// # Safety
    ///
    /// As [`Lanes`]; `x` must be valid for the columns of all blocks, which are `block` apart, and
    /// `squares` must have a line for each column.
    #[inline(always)]
    pub(super) unsafe fn write_squares<L: Lanes>(
        &self,
        x: *const f32,
        block: usize,
        columns: usize,
        squares: &mut [f32],
    ) {
        let stride = self.len();
        debug_assert!(squares.len() >= stride * columns);
        // In the order of the channels, so that each block overwrites the padding of the one
        // before.
        for (index, &channel) in self.first.iter().enumerate() {
            for column in 0..columns {
                // SAFETY: the caller's contract; a line has room for all blocks.
                unsafe {
                    let value = L::load(x.add(index * block + column * LANES));
                    let to = column * stride + self.radius + channel;
                    value.mul(value).store(squares.as_mut_ptr().add(to));
                }
            }
        }
        self.clear_padding(columns, squares);
    }

    /// Sets the padding lanes of the last block to 0: they may hold NaN, and are neighbors of the
    /// last channels.
    #[inline(always)]
    pub(super) fn clear_padding(&self, columns: usize, lines: &mut [f32]) {
        let (used, end) = (self.radius + self.channels, self.len() - self.radius);
        if used < end {
            for line in lines.chunks_exact_mut(self.len()).take(columns) {
                line[used..end].fill(0.0);
            }
        }
    }
}

/// Sum over the neighbors of sixteen channels; `line` points at the first neighbor of the first.
///
/// # Safety
///
/// As [`Lanes`]; `line` must be valid for `16 + 2 * radius` numbers.
#[inline(always)]
pub(super) unsafe fn neighbors<L: Lanes>(lrn: &Lrn, line: *const f32) -> L {
    // SAFETY: the caller's contract.
    unsafe {
        let mut sum = L::load(line);
        for shift in 1..=2 * lrn.radius {
            sum = sum.add(L::load(line.add(shift)));
        }
        sum
    }
}

/// `bias + alpha * sum`.
///
/// # Safety
///
/// As [`neighbors`].
#[inline(always)]
pub(super) unsafe fn scale<L: Lanes>(lrn: &Lrn, line: *const f32) -> L {
    // SAFETY: the caller's contract.
    unsafe { neighbors::<L>(lrn, line).mul_add(L::splat(lrn.alpha), L::splat(lrn.bias)) }
}

/// `scale^-beta` and `scale^(-beta - 1)`. The exponents of common networks are computed by square
/// roots.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
pub(super) unsafe fn powers<L: Lanes>(scale: L, beta: f32) -> (L, L) {
    // SAFETY: the caller's contract.
    unsafe {
        let (power, lower) = if beta == 0.5 {
            let root = scale.rsqrt();
            (root, root.mul(root).mul(root))
        } else if beta == 0.75 {
            // With r = s^-1/2: s^-3/4 = r * sqrt(r) = r * r * r^-1/2.
            let root = scale.rsqrt();
            let square = root.mul(root);
            let power = square.mul(root.rsqrt());
            (power, power.mul(square))
        } else {
            let power = scale.map(|s| s.powf(-beta));
            return (power, power.div(scale));
        };
        // Newton's step makes NaN of the estimated root of infinity.
        let infinity = L::splat(f32::INFINITY);
        (
            L::zero().where_equal(scale, infinity, power),
            L::zero().where_equal(scale, infinity, lower),
        )
    }
}
