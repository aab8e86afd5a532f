//! The burn backends that operations of our own run on. Apart from [`Backend`](crate::Backend),
//! nothing else in the workspace names one.

#![allow(
    deprecated,
    reason = "burn deprecates its ndarray backend, which 0.22 has to its end"
)]

use burn::tensor::Tensor;

// Aliases, as the deprecation of a type shows where a macro expands.
#[cfg(feature = "flex")]
pub(crate) type Flex = burn::backend::Flex;
#[cfg(feature = "ndarray")]
pub(crate) type NdArray = burn::backend::NdArray;
/// The backend of wgpu, with fusion or without, and of burn's other GPU runtimes.
#[cfg(feature = "wgpu")]
pub(crate) type Cube = burn::backend::Cube;

/// Evaluates `$run` with `$B` as the backend of a device and `$C` as the checkpointing of a strategy.
///
/// # Panics
///
/// Panics if the backend is not compiled in.
macro_rules! on_backend {
    ($device:expr, $strategy:expr, |$B:ident, $C:ident| $run:expr) => {{
        use ::burn::backend::{DispatchDevice, GradientCheckpointingStrategy};
        let balanced = $strategy == GradientCheckpointingStrategy::Balanced;
        match $device.clone().without_autodiff().as_dispatch() {
            #[cfg(feature = "flex")]
            DispatchDevice::Flex(_) => on_backend!(@ Flex, balanced, |$B, $C| $run),
            #[cfg(feature = "ndarray")]
            DispatchDevice::NdArray(_) => on_backend!(@ NdArray, balanced, |$B, $C| $run),
            #[cfg(feature = "wgpu")]
            DispatchDevice::Cube(_) => on_backend!(@ Cube, balanced, |$B, $C| $run),
            #[allow(
                unreachable_patterns,
                reason = "reachable when burn has further backends on"
            )]
            other => panic!("the backend of {other:?} is not compiled in"),
        }
    }};
    (@ $backend:ident, $balanced:ident, |$B:ident, $C:ident| $run:expr) => {{
        use ::burn::backend::autodiff::checkpoint::strategy;
        type $B = $crate::backends::$backend;
        if $balanced {
            type $C = strategy::BalancedCheckpointing;
            $run
        } else {
            type $C = strategy::NoCheckpointing;
            $run
        }
    }};
}

pub(crate) use on_backend;

/// Hands the values of a tensor on a CPU backend to `work`, row-major. Those of flex are read where
/// they lie, also when other tensors share them.
pub(crate) fn with_values<const D: usize, R>(
    tensor: Tensor<D>,
    work: impl FnOnce(&[f32]) -> R,
) -> R {
    let tensor = tensor.without_autodiff();
    #[cfg(feature = "flex")]
    if let Ok(tensor) = tensor.clone().try_into_primitive::<Flex>()
        && let Some(values) = tensor.as_slice()
    {
        return work(values);
    }
    let values: Vec<f32> = tensor
        .into_data()
        .try_into_vec_as()
        .expect("floats are floats");
    work(&values)
}
