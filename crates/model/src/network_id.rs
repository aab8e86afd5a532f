//! The identity of a network.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// A token that tells one network's activations from another's.
///
/// Clones are equal; every other token is different, also after the network is gone. Objectives
/// that share a network's token are read in one forward pass.
#[derive(Clone)]
pub struct NetworkId(Arc<()>);

impl NetworkId {
    /// Creates a token that equals no other.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(()))
    }
}

impl Default for NetworkId {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for NetworkId {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for NetworkId {}

impl Hash for NetworkId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl fmt::Debug for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NetworkId({:p})", Arc::as_ptr(&self.0))
    }
}
