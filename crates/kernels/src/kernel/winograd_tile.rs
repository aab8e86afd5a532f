//! The transforms of one tile of Winograd's filtering.

use crate::{
    lanes::{LANES, Lanes},
    winograd::{A, B},
};

/// Count of points along one axis of the larger forms.
const MOST: usize = 6;

/// Computes `B^T d B` of a tile of `P x P`.
///
/// # Safety
///
/// As [`Lanes`]; the places must be valid.
#[inline(always)]
pub(super) unsafe fn input<L: Lanes, const P: usize>(
    from: *const f32,
    row: usize,
    to: *mut f32,
    step: usize,
) {
    // SAFETY: the caller's contract.
    unsafe {
        let mut rows = [[L::zero(); P]; P];
        for x in 0..P {
            let mut column = [L::zero(); P];
            for (y, value) in column.iter_mut().enumerate() {
                *value = L::load(from.add(y * row + x * LANES));
            }
            let column = input_axis::<L, P>(&column);
            for (row, value) in rows.iter_mut().zip(column) {
                row[x] = value;
            }
        }
        for (y, row) in rows.iter().enumerate() {
            let row = input_axis::<L, P>(row);
            for (x, value) in row.iter().enumerate() {
                value.store(to.add((y * P + x) * step));
            }
        }
    }
}

/// Computes `B^T d` along one axis.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
unsafe fn input_axis<L: Lanes, const P: usize>(d: &[L; P]) -> [L; P] {
    // SAFETY: the caller's contract.
    unsafe {
        let minus = L::splat(-1.0);
        let mut v = *d;
        if P < MOST {
            v[0] = d[2].mul_add(minus, d[0]);
            v[1] = d[1].add(d[2]);
            v[2] = d[1].mul_add(minus, d[2]);
            v[3] = d[3].mul_add(minus, d[1]);
        } else {
            let product = L::splat(A * A * B * B);
            let sum = L::splat(-(A * A + B * B));
            v[0] = d[2].mul_add(sum, d[0].mul_add(product, d[4]));
            v[5] = d[3].mul_add(sum, d[1].mul_add(product, d[5]));
            for (at, p, q) in [(1, A, B), (3, B, A)] {
                let even = d[2].mul_add(L::splat(-q * q), d[4]);
                let odd = d[1].mul_add(L::splat(-q * q), d[3]);
                v[at] = odd.mul_add(L::splat(p), even);
                v[at + 1] = odd.mul_add(L::splat(-p), even);
            }
        }
        v
    }
}

/// Computes the first `O` rows and columns of `A^T m A` of a tile of `P x P`.
///
/// # Safety
///
/// As [`Lanes`]; the places must be valid.
#[inline(always)]
pub(super) unsafe fn output<L: Lanes, const P: usize, const O: usize>(
    from: *const f32,
    step: usize,
) -> [[L; 4]; 4] {
    // SAFETY: the caller's contract.
    unsafe {
        let mut columns = [[L::zero(); 4]; P];
        for (x, column) in columns.iter_mut().enumerate() {
            let mut values = [L::zero(); P];
            for (y, value) in values.iter_mut().enumerate() {
                *value = L::load(from.add((y * P + x) * step));
            }
            *column = output_axis::<L, P, O>(&values);
        }
        let mut result = [[L::zero(); 4]; 4];
        for (y, row) in result.iter_mut().enumerate().take(O) {
            let mut values = [L::zero(); P];
            for x in 0..P {
                values[x] = columns[x][y];
            }
            *row = output_axis::<L, P, O>(&values);
        }
        result
    }
}

/// Computes `A^T m` along one axis.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
unsafe fn output_axis<L: Lanes, const P: usize, const O: usize>(m: &[L; P]) -> [L; 4] {
    // SAFETY: the caller's contract.
    unsafe {
        let minus = L::splat(-1.0);
        let sum = m[1].add(m[2]);
        let difference = m[2].mul_add(minus, m[1]);
        if P < MOST {
            let last = m[3].mul_add(minus, difference);
            return [m[0].add(sum), last, L::zero(), L::zero()];
        }
        let (sum_b, difference_b) = (m[3].add(m[4]), m[4].mul_add(minus, m[3]));
        let mut result = [
            m[0].add(sum).add(sum_b),
            weighted(A, difference, B, difference_b),
            weighted(A * A, sum, B * B, sum_b),
            weighted(A * A * A, difference, B * B * B, difference_b),
        ];
        result[O - 1] = result[O - 1].add(m[5]);
        result
    }
}

/// `a * x + b * y`.
///
/// # Safety
///
/// As [`Lanes`].
#[inline(always)]
unsafe fn weighted<L: Lanes>(a: f32, x: L, b: f32, y: L) -> L {
    // SAFETY: the caller's contract.
    unsafe { x.mul_add(L::splat(a), y.mul(L::splat(b))) }
}
