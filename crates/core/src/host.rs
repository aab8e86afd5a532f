//! Reading tensors back, in one place.

#[cfg(feature = "flex")]
use std::any::Any;

#[cfg(feature = "flex")]
use burn::backend::Flex;
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

/// Hands the values of a tensor primitive of a CPU backend to `work`, row-major: for operations
/// that are added to burn from outside and computed on the host. Those of flex are read where they
/// lie, also when other tensors share them.
///
/// # Panics
///
/// When the backend is none of the CPU.
pub fn with_host<B: Backend, R>(tensor: FloatTensor<B>, work: impl FnOnce(&[f32]) -> R) -> R {
    #[cfg(feature = "flex")]
    if let Some(tensor) = (&tensor as &dyn Any).downcast_ref::<FloatTensor<Flex>>()
        && let Some(values) = tensor.as_slice()
    {
        return work(values);
    }
    let values: Vec<f32> = try_read_sync(B::float_into_data(tensor))
        .expect("a CPU backend answers at once")
        .expect("a CPU backend can be read")
        .try_into_vec_as()
        .expect("floats are floats");
    work(&values)
}
