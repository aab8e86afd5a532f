//! Cancellation of long operations.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A flag that stops a long operation: a run, a grid, a search, a factorization or a download.
///
/// Clones share the flag. Each operation documents the points at which it looks at the flag and
/// what it returns. A flag that a signal handler sets can be wrapped with [`From`]:
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
/// use oneiric_support::CancelToken;
///
/// let flag = Arc::new(AtomicBool::new(false));
/// let token = CancelToken::from(Arc::clone(&flag));
/// flag.store(true, Ordering::Relaxed);
/// assert!(token.is_canceled());
/// ```
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Creates a token in the uncanceled state.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks every operation that holds a clone of this token to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns true once [`cancel`](Self::cancel) has been called on any clone.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl From<Arc<AtomicBool>> for CancelToken {
    /// Wraps a flag that is shared with other code; `true` means canceled.
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}
