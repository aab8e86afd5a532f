//! Sixteen lanes in two AVX2 registers.

use std::arch::x86_64::{
    __m256, _CMP_EQ_OQ, _CMP_NGE_UQ, _CMP_NLE_UQ, _CMP_UNORD_Q, _MM_FROUND_NO_EXC,
    _MM_FROUND_TO_NEAREST_INT, _mm256_add_epi32, _mm256_add_ps, _mm256_and_ps, _mm256_blendv_ps,
    _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_cvtps_epi32, _mm256_div_ps, _mm256_fmadd_ps,
    _mm256_loadu_ps, _mm256_max_ps, _mm256_min_ps, _mm256_movemask_ps, _mm256_mul_ps,
    _mm256_round_ps, _mm256_rsqrt_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setzero_ps,
    _mm256_slli_epi32, _mm256_storeu_ps,
};

use super::Lanes;

/// Sixteen lanes as two registers of eight.
#[derive(Clone, Copy)]
pub(crate) struct Ymm2(__m256, __m256);

impl Lanes for Ymm2 {
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        let half = unsafe { _mm256_set1_ps(value) };
        Self(half, half)
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the trait's contract: AVX2 and FMA exist and sixteen numbers are valid.
        unsafe { Self(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the trait's contract: AVX2 and FMA exist and sixteen numbers are valid.
        unsafe {
            _mm256_storeu_ps(to, self.0);
            _mm256_storeu_ps(to.add(8), self.1);
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe {
            Self(
                _mm256_add_ps(self.0, other.0),
                _mm256_add_ps(self.1, other.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe {
            Self(
                _mm256_mul_ps(self.0, other.0),
                _mm256_mul_ps(self.1, other.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe {
            Self(
                _mm256_div_ps(self.0, other.0),
                _mm256_div_ps(self.1, other.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe {
            Self(
                _mm256_fmadd_ps(self.0, factor.0, term.0),
                _mm256_fmadd_ps(self.1, factor.1, term.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // The instruction returns its second operand if either is NaN.
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe {
            Self(
                _mm256_max_ps(other.0, self.0),
                _mm256_max_ps(other.1, self.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // As for the maximum.
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe {
            Self(
                _mm256_min_ps(other.0, self.0),
                _mm256_min_ps(other.1, self.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn max_or_nan(self, other: Self) -> Self {
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe {
            let larger = self.max(other);
            let first = _mm256_cmp_ps::<_CMP_UNORD_Q>(other.0, other.0);
            let second = _mm256_cmp_ps::<_CMP_UNORD_Q>(other.1, other.1);
            Self(
                _mm256_blendv_ps(larger.0, other.0, first),
                _mm256_blendv_ps(larger.1, other.1, second),
            )
        }
    }
    #[inline(always)]
    unsafe fn has_nan(self) -> bool {
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, self.1)) != 0 }
    }
    #[inline(always)]
    unsafe fn rsqrt(self) -> Self {
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe { self.improve_rsqrt(Self(_mm256_rsqrt_ps(self.0), _mm256_rsqrt_ps(self.1))) }
    }
    #[inline(always)]
    unsafe fn where_positive(self, gate: Self) -> Self {
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe {
            let zero = _mm256_setzero_ps();
            Self(
                _mm256_and_ps(self.0, _mm256_cmp_ps::<_CMP_NLE_UQ>(gate.0, zero)),
                _mm256_and_ps(self.1, _mm256_cmp_ps::<_CMP_NLE_UQ>(gate.1, zero)),
            )
        }
    }
    #[inline(always)]
    unsafe fn where_below(self, gate: Self, bound: Self) -> Self {
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe {
            Self(
                _mm256_and_ps(self.0, _mm256_cmp_ps::<_CMP_NGE_UQ>(gate.0, bound.0)),
                _mm256_and_ps(self.1, _mm256_cmp_ps::<_CMP_NGE_UQ>(gate.1, bound.1)),
            )
        }
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe {
            Self(
                _mm256_round_ps::<NEAREST>(self.0),
                _mm256_round_ps::<NEAREST>(self.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn scale2(self, exponent: Self) -> Self {
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe { self.mul(Self(power_of_2(exponent.0), power_of_2(exponent.1))) }
    }
    #[inline(always)]
    unsafe fn where_equal(self, a: Self, b: Self, other: Self) -> Self {
        // SAFETY: the trait's contract: AVX2 and FMA exist.
        unsafe {
            let first = _mm256_cmp_ps::<_CMP_EQ_OQ>(a.0, b.0);
            let second = _mm256_cmp_ps::<_CMP_EQ_OQ>(a.1, b.1);
            Self(
                _mm256_blendv_ps(other.0, self.0, first),
                _mm256_blendv_ps(other.1, self.1, second),
            )
        }
    }
}

/// `2^exponent`, from its bits.
///
/// # Safety
///
/// AVX2 must exist.
#[inline(always)]
unsafe fn power_of_2(exponent: __m256) -> __m256 {
    // SAFETY: the caller's contract.
    unsafe {
        let biased = _mm256_add_epi32(_mm256_cvtps_epi32(exponent), _mm256_set1_epi32(127));
        _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
    }
}
