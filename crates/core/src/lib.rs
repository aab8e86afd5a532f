//! The types that every stage of oneiric shares: the [`Picture`] that goes in and comes out, the
//! [`Backend`] that a user picks a burn device with, and the seam to burn through which operations
//! of our own are differentiated ([`custom_gradient`], [`Parts`], [`map_host`]).
//!
//! ```
//! use oneiric_core::Picture;
//!
//! let gray = Picture::new(4, 2, vec![0.5; 4 * 2 * 3])?;
//! assert_eq!((gray.width(), gray.height()), (4, 2));
//! assert_eq!(gray.pixel(3, 1), [0.5, 0.5, 0.5]);
//! # Ok::<(), oneiric_core::PictureError>(())
//! ```
//!
//! # Features
//!
//! `flex`, `ndarray` and `wgpu` compile in the burn backend of that name.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(any(feature = "flex", feature = "ndarray", feature = "wgpu")),
    allow(unused, unreachable_code, reason = "nothing runs without a backend")
)]

mod arrange;
mod backends;
mod convert;
mod device;
mod error;
mod file;
mod gradient;
mod host;
mod jpeg;
mod parts;
mod picture;
mod picture_reader;

pub use device::{Backend, default_device, is_host};
pub use error::{DeviceError, PictureError};
pub use gradient::{custom_gradient, custom_gradients};
pub use host::{map_host, read, with_host};
pub use parts::Parts;
pub use picture::Picture;
pub use picture_reader::PictureReader;

/// The image crate, in the version that [`Picture`] converts from and to.
pub use image;
