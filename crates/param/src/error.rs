//! Errors of setting up a parameterization.

use oneiric_core::DeviceError;

/// What can be wrong with a parameterization or a Fourier transform.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParamError {
    /// The device cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// An image without pixels.
    #[error("an image of {width}x{height} pixels is empty; both sides must be at least 1")]
    EmptyImage {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// An image that no machine has the memory for.
    #[error("an image of {width}x{height} pixels is too large; a side is at most {allowed}")]
    TooLarge {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// The longest side.
        allowed: usize,
    },
    /// No image in the batch.
    #[error("a batch of 0 images has nothing to optimise; ask for at least 1")]
    EmptyBatch,
    /// A number that makes no sense.
    #[error("{name} is {value}, but must be {allowed}")]
    Number {
        /// Which one.
        name: &'static str,
        /// As given.
        value: f32,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A photograph of another size than the image.
    #[error(
        "the photograph to start from is {found_width}x{found_height}, the image \
         {width}x{height}; resize one of them (Picture::resize)"
    )]
    PhotographSize {
        /// Width of the image.
        width: usize,
        /// Height of the image.
        height: usize,
        /// Width of the photograph.
        found_width: usize,
        /// Height of the photograph.
        found_height: usize,
    },
    /// A spectrum that is not a half spectrum of images of that width.
    #[error(
        "a half spectrum of images {width} wide is [n, c, height, {}, 2], got {found:?}",
        width / 2 + 1
    )]
    SpectrumShape {
        /// Width of the images.
        width: usize,
        /// Shape of the tensor.
        found: [usize; 5],
    },
    /// A tensor on another device than its plan.
    #[error("this plan is for {plan}, got a tensor on {found}; make a plan for each device")]
    PlanDevice {
        /// Device of the plan.
        plan: String,
        /// Device of the tensor.
        found: String,
    },
    /// A tensor for a plan of another size.
    #[error("this plan is for images of {width}x{height}, got a tensor {found:?}")]
    PlanSize {
        /// Width of the plan.
        width: usize,
        /// Height of the plan.
        height: usize,
        /// Shape of the tensor.
        found: Vec<usize>,
    },
}
