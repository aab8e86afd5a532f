//! The memory of one batch item, as every step gets it.

use crate::{lanes::Lanes, pointer::SyncPtr, view::Dest};

/// Memory of one batch item, and the slices that the caller lends for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Tensors that steps read and write: activations in the forward direction, gradients in the
    /// backward direction.
    pub(crate) data: SyncPtr<*mut f32>,
    /// Activations.
    pub(crate) activations: SyncPtr<*const f32>,
    /// All packed weights.
    pub(crate) weights: SyncPtr<*const f32>,
    /// Row-major tensors of the caller, each at the start of this item.
    pub(crate) external: &'a [SyncPtr<*const f32>],
    /// Row-major result, at the start of this item.
    pub(crate) result: SyncPtr<*mut f32>,
}

/// Stores a value in its destination: adds what is there, applies the mask, writes.
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
        if let Some(rectifier) = dest.mask {
            value = rectifier.gate(value, L::load(context.activations.add(at)));
        }
        value.store(place);
    }
}
