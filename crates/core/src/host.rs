//! Values of tensors in the host's memory: reading them back, and operations on them.

use burn::tensor::{Device, Tensor, TensorData};

use crate::{DeviceError, backends::with_values, is_host};

/// Reads the values of a tensor back from its device, row-major.
///
/// # Errors
///
/// Returns [`DeviceError::Readback`] if the device does not hand them over.
pub fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, DeviceError> {
    let readback = |reason: String| DeviceError::Readback { reason };
    tensor
        .try_into_data()
        .map_err(|error| readback(error.to_string()))?
        .try_into_vec_as()
        .map_err(|error| readback(format!("{error:?}")))
}

/// Hands the values of a tensor on a CPU backend to `work`, row-major. Those of flex are read where
/// they lie, also when other tensors share them.
///
/// # Panics
///
/// Panics if the tensor is not in the host's memory (see [`is_host`]): reading it back takes
/// [`read`].
pub fn with_host<const D: usize, R>(tensor: Tensor<D>, work: impl FnOnce(&[f32]) -> R) -> R {
    assert_host(&tensor.device());
    with_values(tensor, work)
}

/// Computes a tensor of that shape from the values of another on the same CPU backend, both
/// row-major. The result has no gradient: [`custom_gradient`](crate::custom_gradient) gives it one.
///
/// # Panics
///
/// Panics if the tensor is not in the host's memory (see [`is_host`]), or if `compute` returns
/// another number of values than `shape` has.
pub fn map_host<const D: usize, const E: usize>(
    tensor: Tensor<D>,
    shape: [usize; E],
    compute: impl FnOnce(&[f32]) -> Vec<f32>,
) -> Tensor<E> {
    let device = tensor.device().without_autodiff();
    let values = with_host(tensor, compute);
    Tensor::from_data(TensorData::new(values, shape), &device)
}

fn assert_host(device: &Device) {
    assert!(
        is_host(device),
        "an operation on the host was given a tensor on {device:?}"
    );
}
