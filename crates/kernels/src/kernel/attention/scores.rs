//! The softmax of scores, and its gradient.

use super::super::{function::exp, tile::Tiles};
use crate::lanes::LANES;

/// Turns scaled scores of a row into their exponentials, relative to the largest. Returns 1 over
/// their sum. Numbers from `keys` to `padded` become 0.
///
/// # Safety
///
/// The contract is that of [`multiply`].
#[inline(always)]
pub(super) unsafe fn softmax<L: Tiles>(
    row: *mut f32,
    [keys, padded]: [usize; 2],
    scale: f32,
) -> f32 {
    // SAFETY: the caller's contract.
    unsafe {
        // No other number is as harmless as one of the scores.
        for at in keys..padded {
            *row.add(at) = *row;
        }
        let mut largest = L::splat(f32::NEG_INFINITY);
        for at in (0..padded).step_by(LANES) {
            let value = L::load(row.add(at)).mul(L::splat(scale));
            value.store(row.add(at));
            largest = largest.max_or_nan(value);
        }
        let mut values = [0.0_f32; LANES];
        largest.store(values.as_mut_ptr());
        let largest =
            values.into_iter().fold(
                f32::NEG_INFINITY,
                |a, b| if a > b || a.is_nan() { a } else { b },
            );
        for at in (0..padded).step_by(LANES) {
            let value = L::load(row.add(at)).sub(L::splat(largest));
            exp(value).store(row.add(at));
        }
        for at in keys..padded {
            *row.add(at) = 0.0;
        }
        let mut sum = L::zero();
        for at in (0..padded).step_by(LANES) {
            sum = sum.add(L::load(row.add(at)));
        }
        sum.store(values.as_mut_ptr());
        1.0 / values.iter().sum::<f32>()
    }
}

/// Normalizes the shares of a row by `share`, 1 over their sum, and turns the gradient of the shares
/// into that of the products of query and keys.
///
/// # Safety
///
/// The contract is that of [`multiply`].
#[inline(always)]
pub(super) unsafe fn score_gradient<L: Tiles>(
    shares: *mut f32,
    changes: *mut f32,
    padded: usize,
    share: f32,
    scale: f32,
) {
    // SAFETY: the caller's contract.
    unsafe {
        let mut sum = L::zero();
        for at in (0..padded).step_by(LANES) {
            let value = L::load(shares.add(at)).mul(L::splat(share));
            value.store(shares.add(at));
            sum = value.mul_add(L::load(changes.add(at)), sum);
        }
        let mut values = [0.0_f32; LANES];
        sum.store(values.as_mut_ptr());
        let mean = L::splat(values.iter().sum::<f32>());
        for at in (0..padded).step_by(LANES) {
            let change = L::load(changes.add(at)).sub(mean).mul(L::splat(scale));
            L::load(shares.add(at)).mul(change).store(changes.add(at));
        }
    }
}
