//! What computes a network.

use oneiric_core::Backend;
use oneiric_kernels::Isa;

/// What computes a network's layers and their gradient.
///
/// On a CPU that is [`oneiric_kernels`], several times faster than burn's operations and within the same tolerances;
/// anywhere else, and where a closure or autodiff has its hands in the network
/// ([`forward_patched`](crate::Network::forward_patched), training), burn's operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernels {
    /// The network as one operation on the CPU, with these instructions.
    Frozen(Isa),
    /// One operation of burn's a layer.
    Burn,
}

impl Kernels {
    /// The fastest for a backend.
    #[must_use]
    pub fn fastest(backend: Backend) -> Self {
        if backend.is_host() {
            Self::Frozen(Isa::detect())
        } else {
            Self::Burn
        }
    }

    /// All that a backend can use here, the fastest first.
    #[must_use]
    pub fn available(backend: Backend) -> Vec<Self> {
        let isas = if backend.is_host() {
            Isa::available()
        } else {
            Vec::new()
        };
        let frozen = isas.into_iter().map(Self::Frozen);
        frozen.chain([Self::Burn]).collect()
    }
}
