//! Sixteen lanes in an array, for every target; the compiler vectorizes what it can.

use super::{LANES, Lanes};

/// Sixteen lanes as an array.
#[derive(Clone, Copy)]
pub(crate) struct Array16([f32; LANES]);

impl Array16 {
    #[inline(always)]
    fn zip(self, other: Self, function: impl Fn(f32, f32) -> f32) -> Self {
        let mut result = self;
        for (a, b) in result.0.iter_mut().zip(other.0) {
            *a = function(*a, b);
        }
        result
    }
}

impl Lanes for Array16 {
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; LANES])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the trait's contract: sixteen numbers are valid, in any alignment.
        Self(unsafe { from.cast::<[f32; LANES]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the trait's contract: sixteen numbers are valid, in any alignment.
        unsafe { to.cast::<[f32; LANES]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // Not `f32::mul_add`, which is a slow call where there is no such instruction.
        let mut sum = term;
        for i in 0..LANES {
            sum.0[i] += self.0[i] * factor.0[i];
        }
        sum
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if b > a { b } else { a })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if b < a { b } else { a })
    }
    #[inline(always)]
    unsafe fn max_or_nan(self, other: Self) -> Self {
        self.zip(other, |a, b| if b > a || b.is_nan() { b } else { a })
    }
    #[inline(always)]
    unsafe fn has_nan(self) -> bool {
        // Without an early exit, so that the loop can be vectorized.
        self.0.iter().fold(false, |any, value| any | value.is_nan())
    }
    #[inline(always)]
    unsafe fn rsqrt(self) -> Self {
        Self(self.0.map(|value| 1.0 / value.sqrt()))
    }
    #[inline(always)]
    unsafe fn where_positive(self, gate: Self) -> Self {
        self.zip(gate, |a, g| if g <= 0.0 { 0.0 } else { a })
    }
    #[inline(always)]
    unsafe fn where_below(self, gate: Self, bound: Self) -> Self {
        let mut result = self;
        for i in 0..LANES {
            if gate.0[i] >= bound.0[i] {
                result.0[i] = 0.0;
            }
        }
        result
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        // Without a call: beyond this sum a number has no fraction, and its sign is kept.
        const SHIFT: f32 = 12_582_912.0;
        Self(self.0.map(|value| (value + SHIFT) - SHIFT))
    }
    #[inline(always)]
    unsafe fn scale2(self, exponent: Self) -> Self {
        self.zip(exponent, |value, exponent| {
            value * f32::from_bits(((exponent as i32 + 127) as u32) << 23)
        })
    }
    #[inline(always)]
    unsafe fn where_equal(self, a: Self, b: Self, other: Self) -> Self {
        let mut result = other;
        for i in 0..LANES {
            if a.0[i] == b.0[i] {
                result.0[i] = self.0[i];
            }
        }
        result
    }
}
