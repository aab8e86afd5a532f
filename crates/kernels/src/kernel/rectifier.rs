//! What a rectified linear unit lets through.

use crate::lanes::Lanes;

/// The bounds 0 and `high` of a rectified linear unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rectifier {
    /// The upper bound: 6 for a ReLU6, infinity for a ReLU.
    pub(crate) high: f32,
}

impl Rectifier {
    /// The bounds of a ReLU.
    pub(crate) const RELU: Self = Self {
        high: f32::INFINITY,
    };

    /// True if there is an upper bound.
    #[inline(always)]
    pub(super) fn is_bounded(self) -> bool {
        self.high < f32::INFINITY
    }

    /// The value within the bounds; NaN stays.
    ///
    /// # Safety
    ///
    /// As [`Lanes`].
    #[inline(always)]
    pub(super) unsafe fn apply<L: Lanes>(self, value: L) -> L {
        // SAFETY: the caller's contract.
        unsafe {
            let value = value.max(L::zero());
            if self.is_bounded() {
                value.min(L::splat(self.high))
            } else {
                value
            }
        }
    }

    /// The gradient where the output is within the bounds or NaN, else 0.
    ///
    /// # Safety
    ///
    /// As [`Lanes`].
    #[inline(always)]
    pub(super) unsafe fn gate<L: Lanes>(self, gradient: L, output: L) -> L {
        // SAFETY: the caller's contract.
        unsafe {
            let gradient = gradient.where_positive(output);
            if self.is_bounded() {
                gradient.where_below(output, L::splat(self.high))
            } else {
                gradient
            }
        }
    }
}
