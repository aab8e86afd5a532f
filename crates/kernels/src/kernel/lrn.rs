//! Local response normalisation across channels.

use super::context::{Context, finish};
use crate::{
    Lrn,
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// Columns that are worked on at a time: few enough for the first cache, and enough that a
/// shifted load does not wait for the stores that it spans.
pub(super) const COLUMNS: usize = 8;

/// `y = x * (bias + alpha * sum over neighbours of x^2)^-beta`.
///
/// The channels of a position are written one after the other, without the padding of blocks,
/// between `radius` zeros on either side; a sum over neighbours is then a sum of shifted loads.
#[derive(Debug, Clone)]
pub(crate) struct LrnForward {
    pub(crate) lrn: Lrn,
    pub(crate) from: View,
    /// First channel of each block.
    pub(crate) channels: Vec<usize>,
    /// One for each block.
    pub(crate) dests: Vec<Dest>,
    /// Parts that the rows are cut in.
    pub(crate) bands: usize,
}

impl LrnForward {
    /// The bands.
    pub(crate) fn tasks(&self) -> usize {
        self.bands
    }

    /// # Safety
    ///
    /// As [`Sweep::run`](super::Sweep), for this band of all blocks.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let from = &self.from;
        let rows = task * from.height / self.bands..(task + 1) * from.height / self.bands;
        let stride = line_length(&self.lrn, &self.channels);
        let mut squares = vec![0.0_f32; stride * COLUMNS];
        for y in rows {
            for start in (0..from.width).step_by(COLUMNS) {
                let columns = COLUMNS.min(from.width - start);
                let at = from.offset + y * from.row + start * LANES;
                // SAFETY: positions inside of the view.
                unsafe {
                    let x = context.data.add(at);
                    write_squares::<L>(
                        &self.lrn,
                        &self.channels,
                        x,
                        from.block,
                        columns,
                        &mut squares,
                    );
                    for column in 0..columns {
                        let line = squares.as_ptr().add(column * stride);
                        for (block, &channel) in self.channels.iter().enumerate() {
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

/// Numbers that one position's channels take with the zeros around.
pub(super) fn line_length(lrn: &Lrn, channels: &[usize]) -> usize {
    channels.last().copied().unwrap_or(0) + LANES + 2 * lrn.radius
}

/// Squares of all channels of some columns, `line_length` apart.
///
/// # Safety
///
/// `x` must be valid for the columns of all blocks, which are `block` apart.
#[inline(always)]
pub(super) unsafe fn write_squares<L: Lanes>(
    lrn: &Lrn,
    channels: &[usize],
    x: *const f32,
    block: usize,
    columns: usize,
    squares: &mut [f32],
) {
    let stride = line_length(lrn, channels);
    debug_assert!(squares.len() >= stride * columns);
    // In the order of the channels, so that the next block overwrites a block's padding.
    for (index, &channel) in channels.iter().enumerate() {
        for column in 0..columns {
            // SAFETY: the caller's contract; a line has room for all channels.
            unsafe {
                let value = L::load(x.add(index * block + column * LANES));
                let to = column * stride + lrn.radius + channel;
                value.mul(value).store(squares.as_mut_ptr().add(to));
            }
        }
    }
}

/// Sum over the neighbours of sixteen channels; `line` points at the first's first neighbour.
///
/// # Safety
///
/// `line` must be valid for `16 + 2 * radius` numbers.
#[inline(always)]
pub(super) unsafe fn neighbours<L: Lanes>(lrn: &Lrn, line: *const f32) -> L {
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
/// As [`neighbours`].
#[inline(always)]
pub(super) unsafe fn scale<L: Lanes>(lrn: &Lrn, line: *const f32) -> L {
    // SAFETY: the caller's contract.
    unsafe { neighbours::<L>(lrn, line).mul_add(L::splat(lrn.alpha), L::splat(lrn.bias)) }
}

/// `scale^-beta` and `scale^(-beta - 1)`; the exponents that the networks have by square roots.
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
        // An estimated root of infinity, improved, is not a number.
        let infinity = L::splat(f32::INFINITY);
        (
            L::zero().where_equal(scale, infinity, power),
            L::zero().where_equal(scale, infinity, lower),
        )
    }
}
