//! Reading tensors back, in one place.

use burn::{
    backend::{Backend, tensor::FloatTensor},
    tensor::{Tensor, try_read_sync},
};

use crate::DeviceError;

/// The values of a tensor, row-major.
///
/// # Errors
///
/// [`DeviceError::Readback`] when the device does not hand them over.
pub fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, DeviceError> {
    let readback = |reason: String| DeviceError::Readback { reason };
    tensor
        .try_into_data()
        .map_err(|error| readback(error.to_string()))?
        .try_into_vec_as()
        .map_err(|error| readback(format!("{error:?}")))
}

/// The values of a tensor primitive of a CPU backend, which are there already: for operations
/// that are added to burn from outside and computed on the host.
///
/// # Panics
///
/// When the backend is none of the CPU.
#[must_use]
pub fn read_host<B: Backend>(tensor: FloatTensor<B>) -> Vec<f32> {
    try_read_sync(B::float_into_data(tensor))
        .expect("a CPU backend answers at once")
        .expect("a CPU backend can be read")
        .try_into_vec_as()
        .expect("floats are floats")
}
