//! Bases: maps from latent tensors to unbounded values, from which images are made.

use std::fmt;

use burn::tensor::{Device, Tensor, TensorData};
use oneiric_support::SettingError;
use rand::Rng;
use rand_distr::{Distribution, Normal};

use crate::{ColorMapping, ParamError};

/// The shape, color mapping and device of the batch that a [`Basis`] is prepared for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ImageSpec<'a> {
    /// Images, channels, height and width, each at least 1.
    pub shape: [usize; 4],
    /// Mapping of the values to colors. A basis that reads photographs maps them to values with its
    /// inverse.
    pub color: ColorMapping,
    /// Device of the images.
    pub device: &'a Device,
}

/// A way to compute unbounded values [n, channels, height, width] from latent tensors, which an
/// optimizer changes.
///
/// [`InBasis`](crate::InBasis) makes a [`Parameterization`](crate::Parameterization) of a basis. It
/// adds what is the same for every basis: colors, the mapping to 0..=1, shared tensors and
/// photographs to start from.
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::{Device, Tensor};
/// use oneiric_param::{
///     Basis, ImageSpec, InBasis, ParamError, Parameterization, PreparedBasis, rand::Rng,
/// };
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// /// One number per row and channel.
/// #[derive(Debug)]
/// struct Stripes;
///
/// struct StripesOf([usize; 4], Device);
///
/// impl Basis for Stripes {
///     fn prepare(&self, spec: &ImageSpec<'_>) -> Result<Box<dyn PreparedBasis>, ParamError> {
///         Ok(Box::new(StripesOf(spec.shape, spec.device.clone())))
///     }
/// }
///
/// impl PreparedBasis for StripesOf {
///     fn start(&self, _: &mut dyn Rng) -> Result<Vec<Tensor<1>>, ParamError> {
///         let [n, channels, height, _] = self.0;
///         Ok(vec![Tensor::zeros([n * channels * height], &self.1)])
///     }
///
///     fn decode(&self, latent: &[Tensor<1>]) -> Tensor<4> {
///         let [n, channels, height, width] = self.0;
///         let rows = latent[0].clone().reshape([n, channels, height, 1]);
///         rows.repeat_dim(3, width)
///     }
///
///     fn encode(&self, values: Tensor<4>) -> Result<Vec<Tensor<1>>, ParamError> {
///         Ok(vec![values.mean_dim(3).reshape([-1])])
///     }
/// }
///
/// let params = InBasis::of(Stripes, 6, 4).channels(1);
/// let latent_image = params.init(2, &mut ChaCha8Rng::seed_from_u64(0), &Device::flex())?;
/// assert_eq!(latent_image.image().dims(), [2, 1, 4, 6]);
/// # }
/// # Ok::<(), oneiric_param::ParamError>(())
/// ```
pub trait Basis: fmt::Debug + Send + Sync {
    /// Checks the settings and prepares the tensors that the basis needs on the device.
    ///
    /// # Errors
    ///
    /// Returns [`ParamError`] if a setting is not allowed, in itself or for this batch.
    fn prepare(&self, spec: &ImageSpec<'_>) -> Result<Box<dyn PreparedBasis>, ParamError>;
}

/// A [`Basis`] that was prepared for one batch on one device.
pub trait PreparedBasis: Send {
    /// Draws the initial latent at random.
    ///
    /// # Errors
    ///
    /// Returns [`ParamError`] if the device fails.
    fn start(&self, rng: &mut dyn Rng) -> Result<Vec<Tensor<1>>, ParamError>;

    /// Decodes a latent to values [n, channels, height, width]. Differentiable.
    fn decode(&self, latent: &[Tensor<1>]) -> Tensor<4>;

    /// Encodes values [n, channels, height, width] as a latent.
    ///
    /// # Errors
    ///
    /// Returns [`ParamError::NoInverse`] if the basis has no inverse.
    fn encode(&self, values: Tensor<4>) -> Result<Vec<Tensor<1>>, ParamError>;
}

/// Checks the standard deviation of an initial latent.
pub(crate) fn check_sd(sd: f32) -> Result<(), ParamError> {
    Ok(SettingError::check_sd(
        "the standard deviation of the start",
        sd,
    )?)
}

/// Draws normally distributed numbers with mean 0. The standard deviation must be checked before.
pub(crate) fn normal(count: usize, sd: f32, rng: &mut dyn Rng, device: &Device) -> Tensor<1> {
    let normal = Normal::new(0.0, sd).expect("the standard deviation was checked");
    let values: Vec<f32> = normal.sample_iter(rng).take(count).collect();
    Tensor::from_data(TensorData::new(values, [count]), device)
}
