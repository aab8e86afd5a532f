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
    /// An image with a side over the limit.
    #[error("an image of {width}x{height} pixels is too large; a side is at most {allowed}")]
    TooLarge {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// The longest side.
        allowed: usize,
    },
    /// A batch without images.
    #[error("a batch of 0 images has nothing to optimize; use a batch of at least 1")]
    EmptyBatch,
    /// A setting with a value that is not allowed.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A photograph whose size differs from the image's.
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
    /// A photograph whose number of channels differs from the image's.
    #[error(
        "the photograph has {found} channels, the image {expected}; set the channels of the image \
         (channels) or convert the photograph (Picture::to_rgb, Picture::select)"
    )]
    PhotographChannels {
        /// Channels of the image.
        expected: usize,
        /// Channels of the photograph.
        found: usize,
    },
    /// A photograph for a parameterization that has no inverse.
    #[error(
        "{basis} cannot start from a photograph, whose latent is not known; leave start_from out, \
         or use a pixel, Fourier or pyramid image"
    )]
    NoInverse {
        /// Name of the parameterization.
        basis: &'static str,
    },
    /// An empty list of photographs for the magnitudes.
    #[error("there are 0 photographs to take magnitudes of; give at least 1, or leave them out")]
    NoPhotographs,
    /// Photographs of a single color for the magnitudes.
    #[error(
        "the photographs to take magnitudes of are flat, and every image with their magnitudes \
         would be flat too; give others, or leave them out"
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
    /// A shared tensor that is empty or larger than the images or the batch.
    #[error(
        "the shared tensor is {found_width}x{found_height} for {found_batch} images, but must be \
         at least 1x1 for 1 image and at most {width}x{height} for {batch} images"
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
    /// A tensor whose shape is not that of a half spectrum of images of this width.
    #[error(
        "a half spectrum of images {width} pixels wide is [n, c, height, {}, 2], got {found:?}",
        width / 2 + 1
    )]
    SpectrumShape {
        /// Width of the images.
        width: usize,
        /// Shape of the tensor.
        found: [usize; 5],
    },
    /// A tensor on a device other than the plan's.
    #[error("this plan is for {plan}, got a tensor on {found}; make a plan for each device")]
    PlanDevice {
        /// Device of the plan.
        plan: String,
        /// Device of the tensor.
        found: String,
    },
    /// A tensor of a size other than the plan's.
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
