//! Random, differentiable transforms of images, which make visualizations robust.
//!
//! An image that excites a unit at a single position, size and angle only is adversarial noise.
//! Shifting, scaling and rotating the image a little in each step leaves the patterns to which the
//! unit really responds (Olah et al., "Feature Visualization", Distill 2017, section
//! "Transformation robustness").
//!
//! Transforms run on images in 0..=1, before a network's own preprocessing. The size of the result
//! may differ; it is not resized unless a transform does so.
//!
//! ```
//! # #[cfg(feature = "flex")] {
//! use burn::tensor::{Device, Tensor};
//! use oneiric_transform::{TransformContext, Jitter, Pad, Transform, Transforms};
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//!
//! let transforms = Transforms::none().then(Pad::new(12)).then(Jitter::new(8));
//! let images = Tensor::full([1, 3, 64, 64], 0.5, &Device::flex());
//! let mut rng = ChaCha8Rng::seed_from_u64(0);
//! let view = transforms.apply(images, &mut TransformContext::new(&mut rng));
//! assert_eq!(view.dims(), [1, 3, 80, 80]); // 64 + 2 * 12 - 8
//! # }
//! ```
//!
//! # Features
//!
//! `flex`, `ndarray` and `wgpu` compile in the burn backend of that name.

#![forbid(unsafe_code)]

mod background;
mod blur;
mod closure;
mod color_jitter;
mod context;
mod crop_or_pad;
mod error;
mod flip;
mod jitter;
mod noise;
mod one_of;
mod pad;
mod random_crop;
mod resample;
mod resize;
mod rotate;
mod scale;
mod separable;
mod settings;
mod transforms;
mod window;

pub use background::RandomBackground;
pub use blur::GaussianBlur;
pub use closure::FnTransform;
pub use color_jitter::ColorJitter;
pub use context::TransformContext;
pub use crop_or_pad::CropOrPad;
pub use error::TransformError;
pub use flip::RandomFlip;
pub use jitter::Jitter;
pub use noise::Noise;
pub use one_of::OneOf;
pub use pad::{Border, Pad};
pub use random_crop::RandomCrop;
pub use resample::{Resampling, resample};
pub use resize::Resize;
pub use rotate::RandomRotate;
pub use scale::RandomScale;
pub use transforms::{Transform, Transforms};

/// The rand crate, in the version whose generators a [`TransformContext`] holds.
pub use rand;
