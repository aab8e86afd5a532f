//! Errors of setting up a parameterization.

use oneiric_core::{DeviceError, PictureError};
use oneiric_support::SettingError;

/// The error of a parameterization or a Fourier transform.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParamError {
    /// The device cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A photograph cannot be used.
    #[error(transparent)]
    Picture(#[from] PictureError),
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
    #[error("a batch of 0 images has nothing to optimize; ask for at least 1")]
    EmptyBatch,
    /// A setting with a value that is not allowed.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A photograph of another size than the image.
    #[error(
        "the photograph is {found_width}x{found_height}, the image {width}x{height}; resize one of \
         them (Picture::resize)"
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
    /// A photograph of other channels than the image.
    #[error(
        "the photograph has {found} channels, the image {expected}; ask for other channels \
         (channels) or make another picture of it (Picture::to_rgb, Picture::select)"
    )]
    PhotographChannels {
        /// Channels of the image.
        expected: usize,
        /// Channels of the photograph.
        found: usize,
    },
    /// A photograph for a parameterization that has no inverse.
    #[error(
        "{basis} cannot start from a photograph: its numbers for one are not known; leave \
         start_from out, or start a pixel, Fourier or pyramid image there"
    )]
    NoInverse {
        /// Name of the parameterization.
        basis: &'static str,
    },
    /// No photograph to take magnitudes of.
    #[error("there are 0 photographs to take magnitudes of; give at least 1, or leave them out")]
    NoPhotographs,
    /// Photographs of one color.
    #[error(
        "the photographs to take magnitudes of show nothing but a flat color, of which every image \
         is flat; give others, or leave them out"
    )]
    FlatPhotographs,
    /// A mask that does not fit the image.
    #[error(
        "the mask is {found_width}x{found_height} with {found_channels} channels, but must be gray \
         (1 channel) and of the image's size, {width}x{height}; see Picture::resize and \
         Picture::channel"
    )]
    Mask {
        /// Width of the image.
        width: usize,
        /// Height of the image.
        height: usize,
        /// Width of the mask.
        found_width: usize,
        /// Height of the mask.
        found_height: usize,
        /// Channels of the mask.
        found_channels: usize,
    },
    /// A shared tensor that is empty or larger than the images.
    #[error(
        "the shared tensor is {found_width}x{found_height} for {found_batch} images, but must be \
         at least 1x1 for 1, and at most {width}x{height} for {batch}, as the images are"
    )]
    SharedSize {
        /// Images in the batch.
        batch: usize,
        /// Width of the images.
        width: usize,
        /// Height of the images.
        height: usize,
        /// Images of the shared tensor.
        found_batch: usize,
        /// Width of the shared tensor.
        found_width: usize,
        /// Height of the shared tensor.
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
