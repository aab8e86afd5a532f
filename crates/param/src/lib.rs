//! Image parameterizations: maps from the numbers that an optimizer changes to images in 0..=1.
//!
//! The parameterization decides which pictures are found. Optimizing pixels gives noise that
//! excites the unit but that nobody recognizes; optimizing a Fourier spectrum of decorrelated
//! colors, with coefficients scaled by 1 / frequency, gives pictures (Olah et al., "Feature
//! Visualization", Distill 2017, <https://doi.org/10.23915/distill.00007>).
//!
//! ```
//! # #[cfg(feature = "flex")] {
//! use burn::tensor::Device;
//! use oneiric_param::{Fourier, Parameterization};
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//!
//! let mut rng = ChaCha8Rng::seed_from_u64(0);
//! let latent_image = Fourier::new(64, 48).init(2, &mut rng, &Device::flex())?;
//! assert_eq!(latent_image.image().dims(), [2, 3, 48, 64]);
//! # }
//! # Ok::<(), oneiric_param::ParamError>(())
//! ```
//!
//! | parameterization | numbers that are optimized |
//! | --- | --- |
//! | [`Fourier`] | a spectrum; the usual choice |
//! | [`Pixel`] | every pixel |
//! | [`Pyramid`] | coarse and fine images that are added up |
//! | [`Cppn`] | a small network from coordinates to colors |
//! | [`Maco`] | the phases of a spectrum with fixed magnitudes: MACO |
//! | [`Inpaint`] | any of them, in a region of a photograph |
//! | [`InBasis`] of a [`Basis`] | those of your own basis |
//!
//! All but [`Inpaint`] take any number of channels and [`Shared`] tensors, which keep the images of
//! a batch aligned; [`Inpaint`] takes them from the parameterization in it.
//!
//! # Features
//!
//! `flex`, `ndarray` and `wgpu` compile in the burn backend of that name.

#![forbid(unsafe_code)]

mod basis;
mod color_mapping;
mod cppn;
mod error;
mod fft2;
mod fourier;
mod in_basis;
mod inpaint;
mod latent_image;
mod maco;
mod mixed_sigmoid;
mod pixel;
mod pyramid;
mod shared;
mod sigmoid;
mod upsample;

pub use basis::{Basis, ImageSpec, PreparedBasis};
pub use color_mapping::{ColorMapping, Squash};
pub use cppn::{Cppn, Layers};
pub use error::ParamError;
pub use fft2::{Fft2, irfft2, rfft2};
pub use fourier::{Fourier, Spectrum};
pub use in_basis::InBasis;
pub use inpaint::Inpaint;
pub use latent_image::{LatentImage, Parameterization};
pub use maco::{Maco, Phases};
pub use pixel::{Pixel, Pixels};
pub use pyramid::{Levels, Pyramid};
pub use shared::Shared;

/// The rand crate, in the version whose generators [`Parameterization::init`] takes.
pub use rand;
