//! Inpainting: images that are painted in a region of a photograph.

use burn::tensor::Device;
use oneiric_core::{Backend, Picture};
use rand::Rng;

use crate::{LatentImage, ParamError, Parameterization, in_basis::photograph};

/// Inpainting of a photograph in the region of a mask: `mask * painted + (1 - mask) * photograph`.
/// Pixels where the mask is 0 keep the exact values of the photograph.
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::Device;
/// use oneiric_core::Picture;
/// use oneiric_param::{Fourier, Inpaint, Parameterization};
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// let photograph = Picture::new(2, 1, vec![0.25; 6])?;
/// let right_half = Picture::with_channels(2, 1, 1, vec![0.0, 1.0])?;
/// let params = Inpaint::new(Fourier::new(2, 1), photograph, right_half);
/// let mut rng = ChaCha8Rng::seed_from_u64(0);
/// let latent_image = params.init(1, &mut rng, &Device::flex())?;
/// let picture = &Picture::from_tensor(latent_image.image())?[0];
/// assert_eq!(picture.pixel(0, 0), [0.25; 3]);
/// assert_ne!(picture.pixel(1, 0), [0.25; 3]);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Inpaint<P> {
    params: P,
    photograph: Picture,
    mask: Picture,
}

impl<P: Parameterization> Inpaint<P> {
    /// Creates images that are those of `params` where the mask is 1, the photograph where it is 0,
    /// and a blend between.
    ///
    /// The photograph has the size and the channels of the images, the mask their size and one
    /// channel; [`init`](Parameterization::init) checks both. The region starts at the photograph
    /// if `params` starts from it.
    #[must_use]
    pub const fn new(params: P, photograph: Picture, mask: Picture) -> Self {
        Self {
            params,
            photograph,
            mask,
        }
    }
}

impl<P: Parameterization> Parameterization for Inpaint<P> {
    fn shape(&self) -> [usize; 3] {
        self.params.shape()
    }

    fn init(
        &self,
        batch: usize,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<LatentImage, ParamError> {
        Backend::of(device)?;
        let [channels, height, width] = self.shape();
        let under = photograph(&self.photograph, [channels, height, width], device)?;
        let (found_width, found_height) = (self.mask.width(), self.mask.height());
        let found_channels = self.mask.channels();
        if (found_width, found_height, found_channels) != (width, height, 1) {
            return Err(ParamError::Mask {
                width,
                height,
                found_width,
                found_height,
                found_channels,
            });
        }
        let mask = self.mask.to_tensor(device);
        let kept = under * (mask.clone().neg() + 1.0);
        let inner = self.params.init(batch, rng, device)?;
        let latent = inner.latent().to_vec();
        Ok(LatentImage::new(latent, move |latent| {
            inner.decode(latent) * mask.clone() + kept.clone()
        }))
    }
}
