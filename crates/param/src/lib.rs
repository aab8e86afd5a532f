//! Image parameterizations: from the numbers that an optimizer changes to an image in 0..=1.
//!
//! What is optimised decides what is found. Pixels give noise that excites the unit and nobody
//! recognises; the same optimisation on a Fourier spectrum whose coefficients are scaled by
//! 1 / frequency, with decorrelated colours, gives pictures (Olah et al., "Feature Visualization",
//! Distill 2017, <https://doi.org/10.23915/distill.00007>).
//!
//! ```
//! # #[cfg(feature = "flex")] {
//! use burn::tensor::Device;
//! use oneiric_param::{Fourier, Parameterization};
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//!
//! let mut rng = ChaCha8Rng::seed_from_u64(0);
//! let canvas = Fourier::new(64, 48).init(2, &mut rng, &Device::flex())?;
//! assert_eq!(canvas.image().dims(), [2, 3, 48, 64]);
//! # }
//! # Ok::<(), oneiric_param::ParamError>(())
//! ```
//!
//! # Features
//!
//! `flex`, `ndarray` and `wgpu` compile in the burn backend of that name.

mod canvas;
mod colour;
mod error;
mod fft2;
mod fourier;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod mixed_sigmoid;
mod pixel;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod sigmoid;

pub use canvas::{Canvas, Parameterization};
pub use colour::{Colour, Squash};
pub use error::ParamError;
pub use fft2::{Fft2, irfft2, rfft2};
pub use fourier::Fourier;
pub use pixel::Pixel;

/// The rand crate, in the version whose generators [`Parameterization::init`] takes.
pub use rand;
