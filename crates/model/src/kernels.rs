//! The executors of a network: the CPU's kernels, or burn's operations.

use std::sync::Arc;

use oneiric_core::{Backend, DeviceError};
use oneiric_kernels::{Isa, KernelError};

/// The executor of a network's layers and their gradient.
///
/// On a CPU it is [`oneiric_kernels`], several times faster than burn's operations and within the
/// same tolerances. burn's operations compute everything else: networks on a GPU, with weights that
/// autodiff tracks, or with operators that the kernels lack, and passes with a patch
/// ([`forward_patched`](crate::NetworkExt::forward_patched)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernels {
    /// The network as one operation on the CPU, with these instructions.
    Frozen(Isa),
    /// One operation of burn's for each node.
    Burn,
}

impl Kernels {
    /// Returns the fastest executor for a backend.
    #[must_use]
    pub fn fastest(backend: Backend) -> Self {
        if backend.is_host() {
            Self::Frozen(Isa::detect())
        } else {
            Self::Burn
        }
    }

    /// Returns all executors that a backend can use on this machine, the fastest first.
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

/// The reason why burn's operations compute a network instead of the kernels.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum BurnReason {
    /// [`with_kernels`](crate::GraphNetwork::with_kernels) chose burn's operations.
    #[error("burn's operations were chosen")]
    Chosen,
    /// The kernels run on CPUs only.
    #[error("the kernels run on a CPU, and the device's backend is {backend}")]
    Device {
        /// The backend.
        backend: Backend,
    },
    /// Autodiff tracks a weight, as in training.
    #[error("autodiff tracks the weight {weight:?}, and the kernels take constants")]
    Tracked {
        /// The name of the weight.
        weight: String,
    },
    /// The kernels lack an operator, one of its settings, or the instructions.
    #[error(transparent)]
    Kernels(#[from] KernelError),
    /// The weights cannot be read back from their device.
    #[error("the weights cannot be read: {0}")]
    Unreadable(Arc<DeviceError>),
}
