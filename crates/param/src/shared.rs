//! Tensors that the images of a batch share.

use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;

use crate::{
    ImageSpec, ParamError,
    basis::{check_sd, normal},
    upsample::{Upsample, weights},
};

/// A tensor [batch', channels, height', width'], smaller than the images, that is upsampled
/// bilinearly over space and over the batch and added to all images before color mixing and
/// squashing. Images that share values stay aligned, which serves interpolations between units and
/// small animations.
///
/// Source: Lucid, `optvis/param/lowres.py`; Mordvintsev et al., "Differentiable Image
/// Parameterizations" (Distill 2018), "Aligned feature visualization interpolation". Pixels, and
/// images in the batch, are placed as with `align_corners=False` in PyTorch: with 2 shared images,
/// the four images of a batch get the shares 1, 3/4, 1/4 and 0 of the first.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `batch` | 1 | number of shared images; a single one is added to all | 1 to the run's batch |
/// | `sd` | 0.01 | standard deviation of the initial values | 0..=1000 |
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::Device;
/// use oneiric_param::{Fourier, Parameterization, Shared};
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// // Six images with a common coarse layout, neighbors alike in finer things too.
/// let params = Fourier::new(64, 64)
///     .shared(Shared::new(8, 8))
///     .shared(Shared::new(32, 32).batch(3));
/// let mut rng = ChaCha8Rng::seed_from_u64(0);
/// let latent_image = params.init(6, &mut rng, &Device::flex())?;
/// assert_eq!(latent_image.latent().len(), 3);
/// # }
/// # Ok::<(), oneiric_param::ParamError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Shared {
    size: [usize; 2],
    batch: usize,
    sd: f32,
}

impl Shared {
    /// Creates a shared tensor of a size, at most that of the images.
    #[must_use]
    pub const fn new(width: usize, height: usize) -> Self {
        Self {
            size: [height, width],
            batch: 1,
            sd: 0.01,
        }
    }

    /// Sets the number of shared images.
    #[must_use]
    pub const fn batch(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }

    /// Sets the standard deviation of the initial values.
    #[must_use]
    pub const fn sd(mut self, sd: f32) -> Self {
        self.sd = sd;
        self
    }

    pub(crate) fn prepare(&self, spec: &ImageSpec<'_>) -> Result<PreparedShared, ParamError> {
        check_sd(self.sd)?;
        let [n, channels, height, width] = spec.shape;
        let [low_height, low_width] = self.size;
        let fits = |shared: usize, own: usize| (1..=own).contains(&shared);
        if !(fits(self.batch, n) && fits(low_height, height) && fits(low_width, width)) {
            return Err(ParamError::SharedSize {
                batch: n,
                width,
                height,
                found_batch: self.batch,
                found_width: low_width,
                found_height: low_height,
            });
        }
        let over_batch = (self.batch != n).then(|| {
            let data = TensorData::new(weights(self.batch, n), [n, self.batch]);
            Tensor::from_data(data, spec.device)
        });
        Ok(PreparedShared {
            shape: [self.batch, channels, low_height, low_width],
            sd: self.sd,
            over_batch,
            over_space: Upsample::new(self.size, [height, width], spec.device),
            device: spec.device.clone(),
        })
    }
}

/// [`Shared`] for one batch.
#[derive(Debug)]
pub(crate) struct PreparedShared {
    shape: [usize; 4],
    sd: f32,
    /// Weights [n, batch'] over the batch; none if both are equal.
    over_batch: Option<Tensor<2>>,
    over_space: Upsample,
    device: Device,
}

impl PreparedShared {
    pub(crate) fn start(&self, rng: &mut dyn Rng) -> Tensor<1> {
        normal(self.shape.iter().product(), self.sd, rng, &self.device)
    }

    /// Creates a latent of zeros, which adds nothing to the images.
    pub(crate) fn zeros(&self) -> Tensor<1> {
        let count: usize = self.shape.iter().product();
        Tensor::zeros([count], &self.device)
    }

    /// Decodes the tensor that is added to the images, [n, channels, height, width].
    pub(crate) fn decode(&self, latent: &Tensor<1>) -> Tensor<4> {
        let [shared, channels, height, width] = self.shape;
        let values = match &self.over_batch {
            Some(weights) => {
                let one_row_each = latent.clone().reshape([shared, channels * height * width]);
                let n = weights.dims()[0];
                let mixed = weights.clone().matmul(one_row_each);
                mixed.reshape([n, channels, height, width])
            }
            None => latent.clone().reshape(self.shape),
        };
        self.over_space.apply(values)
    }
}
