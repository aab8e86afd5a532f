//! Sixteen single-precision numbers, on which every kernel is written once.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Ymm2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Zmm;
pub(crate) use portable::Array16;

/// Count of lanes of a vector, and of channels of a block.
pub(crate) const LANES: usize = 16;

/// A vector of sixteen lanes.
///
/// # Safety
///
/// All functions must run where the instructions exist: inside of a function with the target
/// feature that was entered after detection. `load` and `store` need sixteen valid numbers, in any
/// alignment.
pub(crate) trait Lanes: Copy {
    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    /// `self * factor + term`.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The larger; `self` if it is NaN.
    unsafe fn max(self, other: Self) -> Self;
    /// The smaller; `self` if it is NaN.
    unsafe fn min(self, other: Self) -> Self;
    /// The larger; NaN if either is.
    unsafe fn max_or_nan(self, other: Self) -> Self;
    /// Returns true if a lane is NaN.
    unsafe fn has_nan(self) -> bool;
    /// `1 / sqrt(self)` of a normal number above 0, to a relative error of 3e-7.
    unsafe fn rsqrt(self) -> Self;
    /// `self` where the gate is above 0 or NaN, else 0.
    unsafe fn where_positive(self, gate: Self) -> Self;
    /// `self` where the gate is below the bound or NaN, else 0.
    unsafe fn where_below(self, gate: Self, bound: Self) -> Self;
    /// The nearest integer of a number below 2^22.
    unsafe fn round(self) -> Self;
    /// `self * 2^exponent`, for an exponent that is an integer of -126 to 127.
    unsafe fn scale2(self, exponent: Self) -> Self;
    /// `self` where `a` equals `b`, else `other`.
    unsafe fn where_equal(self, a: Self, b: Self, other: Self) -> Self;

    /// Improves an estimate of `1 / sqrt(self)` by one step of Newton's method.
    #[inline(always)]
    unsafe fn improve_rsqrt(self, estimate: Self) -> Self {
        // SAFETY: the caller's contract.
        unsafe {
            let error = self.mul(estimate).mul_add(estimate, Self::splat(-1.0));
            estimate.mul(error).mul_add(Self::splat(-0.5), estimate)
        }
    }

    /// `self - other`.
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: the caller's contract.
        unsafe { other.mul_add(Self::splat(-1.0), self) }
    }

    /// 0 in all lanes.
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller's contract.
        unsafe { Self::splat(0.0) }
    }

    /// `function` of each lane; slow.
    #[inline(always)]
    unsafe fn map(self, function: impl Fn(f32) -> f32) -> Self {
        let mut values = [0.0_f32; LANES];
        // SAFETY: the array has sixteen numbers; the instructions are the caller's contract.
        unsafe {
            self.store(values.as_mut_ptr());
            for value in &mut values {
                *value = function(*value);
            }
            Self::load(values.as_ptr())
        }
    }
}
