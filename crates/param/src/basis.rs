//! Bases: from latent numbers to values without bounds.

use std::fmt;

use burn::tensor::{Device, Tensor, TensorData};
use oneiric_support::SettingError;
use rand::Rng;
use rand_distr::{Distribution, Normal};

use crate::{ColorMapping, ParamError};

/// The shape, colors and device of the batch that a [`Basis`] is prepared for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ImageSpec<'a> {
    /// Images, channels, height and width; none is 0.
    pub shape: [usize; 4],
    /// Mapping of the values to colors: a basis that reads photographs takes them through its
    /// inverse.
    pub color: ColorMapping,
    /// Device of the images.
    pub device: &'a Device,
}

/// A way to describe values without bounds [n, channels, height, width] by numbers that an
/// optimizer can change.
///
/// [`InBasis`](crate::InBasis) makes a [`Parameterization`](crate::Parameterization) of it: colors,
/// the way into 0..=1, shared tensors and starting at a photograph are the same for every basis.
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
    /// Checks the settings and makes what is needed on the device.
    ///
    /// # Errors
    ///
    /// Returns [`ParamError`] if the settings are not allowed, alone or for that batch.
    fn prepare(&self, spec: &ImageSpec<'_>) -> Result<Box<dyn PreparedBasis>, ParamError>;
}

/// A [`Basis`] for one batch on one device.
pub trait PreparedBasis: Send {
    /// Draws the latent of a start.
    ///
    /// # Errors
    ///
    /// Returns [`ParamError`] if the device fails.
    fn start(&self, rng: &mut dyn Rng) -> Result<Vec<Tensor<1>>, ParamError>;

    /// Decodes a latent to values [n, channels, height, width]; differentiable.
    fn decode(&self, latent: &[Tensor<1>]) -> Tensor<4>;

    /// Encodes values [n, channels, height, width] as a latent.
    ///
    /// # Errors
    ///
    /// Returns [`ParamError::NoInverse`] if there is none.
    fn encode(&self, values: Tensor<4>) -> Result<Vec<Tensor<1>>, ParamError>;
}

/// Checks the standard deviation of a start.
pub(crate) fn check_sd(sd: f32) -> Result<(), ParamError> {
    Ok(SettingError::check_sd(
        "the standard deviation of the start",
        sd,
    )?)
}

/// Draws normally distributed numbers around 0; the standard deviation was checked.
pub(crate) fn normal(count: usize, sd: f32, rng: &mut dyn Rng, device: &Device) -> Tensor<1> {
    let normal = Normal::new(0.0, sd).expect("the standard deviation was checked");
    let values: Vec<f32> = normal.sample_iter(rng).take(count).collect();
    Tensor::from_data(TensorData::new(values, [count]), device)
}
