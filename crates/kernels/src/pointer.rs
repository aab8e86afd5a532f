//! Pointers that several threads may hold.

use std::ops::Deref;

/// A raw pointer that the threads of a team share. Whoever dereferences it answers for what the
/// threads do with the memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SyncPtr<P>(P);

// SAFETY: sharing the address is harmless; each dereference is unsafe and has a contract of its
// own, which says what other threads may do meanwhile.
unsafe impl Sync for SyncPtr<*mut f32> {}

// SAFETY: as for `*mut f32`.
unsafe impl Sync for SyncPtr<*const f32> {}

impl<P> SyncPtr<P> {
    pub(crate) fn new(pointer: P) -> Self {
        Self(pointer)
    }
}

impl<P> Deref for SyncPtr<P> {
    type Target = P;

    #[inline(always)]
    fn deref(&self) -> &P {
        &self.0
    }
}
