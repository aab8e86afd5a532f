//! What every operation gets: the memory of one batch item.

use crate::{lanes::Lanes, view::Dest};

/// Memory of one batch item, and the slices that come from and go to the outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// What the operation reads and writes: activations in the forward direction, gradients in
    /// the other.
    pub(crate) data: *mut f32,
    /// The activations.
    pub(crate) activations: *const f32,
    /// The packed weights.
    pub(crate) weights: *const f32,
    /// Row-major tensors from outside, each at this item's start.
    pub(crate) external: &'a [*const f32],
    /// Row-major result, at this item's start.
    pub(crate) result: *mut f32,
}

/// Puts a value where it belongs: added to what is there, masked, stored.
///
/// # Safety
///
/// As [`Lanes`]; `at` must be a valid place of `dest` in the context.
#[inline(always)]
pub(super) unsafe fn finish<L: Lanes>(value: L, dest: &Dest, at: usize, context: &Context<'_>) {
    // SAFETY: the caller's contract.
    unsafe {
        let place = context.data.add(at);
        let mut value = value;
        if dest.accumulate {
            value = value.add(L::load(place));
        }
        if dest.mask {
            value = value.where_positive(L::load(context.activations.add(at)));
        }
        value.store(place);
    }
}
