//! Sixteen lanes in one AVX-512 register.

use std::arch::x86_64::{
    __m512, _CMP_EQ_OQ, _CMP_NGE_UQ, _CMP_NLE_UQ, _CMP_ORD_Q, _CMP_UNORD_Q, _mm512_add_ps,
    _mm512_cmp_ps_mask, _mm512_div_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_mask_blend_ps,
    _mm512_mask_max_ps, _mm512_maskz_mov_ps, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps,
    _mm512_roundscale_ps, _mm512_rsqrt14_ps, _mm512_scalef_ps, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_storeu_ps,
};

use super::Lanes;

/// Sixteen lanes as one register.
#[derive(Clone, Copy)]
pub(crate) struct Zmm(__m512);

impl Lanes for Zmm {
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the trait's contract: AVX-512F exists.
        Self(unsafe { _mm512_set1_ps(value) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the trait's contract: AVX-512F exists and sixteen numbers are valid.
        Self(unsafe { _mm512_loadu_ps(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the trait's contract: AVX-512F exists and sixteen numbers are valid.
        unsafe { _mm512_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the trait's contract: AVX-512F exists.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: the trait's contract: AVX-512F exists.
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: the trait's contract: AVX-512F exists.
        Self(unsafe { _mm512_div_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: the trait's contract: AVX-512F exists.
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, term.0) })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // The instruction returns its second operand if either is NaN.
        // SAFETY: the trait's contract: AVX-512F exists.
        Self(unsafe { _mm512_max_ps(other.0, self.0) })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // As for the maximum.
        // SAFETY: the trait's contract: AVX-512F exists.
        Self(unsafe { _mm512_min_ps(other.0, self.0) })
    }
    #[inline(always)]
    unsafe fn max_or_nan(self, other: Self) -> Self {
        // As above for a NaN in `other`; a NaN in `self` stays untouched.
        // SAFETY: the trait's contract: AVX-512F exists.
        unsafe {
            let number = _mm512_cmp_ps_mask::<_CMP_ORD_Q>(self.0, self.0);
            Self(_mm512_mask_max_ps(self.0, number, self.0, other.0))
        }
    }
    #[inline(always)]
    unsafe fn has_nan(self) -> bool {
        // SAFETY: the trait's contract: AVX-512F exists.
        unsafe { _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0) != 0 }
    }
    #[inline(always)]
    unsafe fn rsqrt(self) -> Self {
        // SAFETY: the trait's contract: AVX-512F exists.
        unsafe { self.improve_rsqrt(Self(_mm512_rsqrt14_ps(self.0))) }
    }
    #[inline(always)]
    unsafe fn where_positive(self, gate: Self) -> Self {
        // SAFETY: the trait's contract: AVX-512F exists.
        unsafe {
            let mask = _mm512_cmp_ps_mask::<_CMP_NLE_UQ>(gate.0, _mm512_setzero_ps());
            Self(_mm512_maskz_mov_ps(mask, self.0))
        }
    }
    #[inline(always)]
    unsafe fn where_below(self, gate: Self, bound: Self) -> Self {
        // SAFETY: the trait's contract: AVX-512F exists.
        unsafe {
            let mask = _mm512_cmp_ps_mask::<_CMP_NGE_UQ>(gate.0, bound.0);
            Self(_mm512_maskz_mov_ps(mask, self.0))
        }
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        // SAFETY: the trait's contract: AVX-512F exists.
        Self(unsafe { _mm512_roundscale_ps::<0>(self.0) })
    }
    #[inline(always)]
    unsafe fn scale2(self, exponent: Self) -> Self {
        // SAFETY: the trait's contract: AVX-512F exists.
        Self(unsafe { _mm512_scalef_ps(self.0, exponent.0) })
    }
    #[inline(always)]
    unsafe fn where_equal(self, a: Self, b: Self, other: Self) -> Self {
        // SAFETY: the trait's contract: AVX-512F exists.
        unsafe {
            let mask = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a.0, b.0);
            Self(_mm512_mask_blend_ps(mask, other.0, self.0))
        }
    }
}
