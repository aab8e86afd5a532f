//! Parameterizations by a basis, and the settings that they share: size, channels, colors, shared
//! tensors, a photograph to start from.

use burn::tensor::{Device, Tensor};
use oneiric_core::{Backend, Picture};
use oneiric_support::SettingError;
use rand::Rng;

use crate::{
    ColorMapping, ImageSpec, LatentImage, ParamError, Parameterization, Shared, Squash,
    basis::Basis,
};

/// Longest side of an image in pixels. A longer one is a typing error and does not fit into memory.
const LARGEST_SIDE: usize = 16_384;

/// Largest number of channels of an image. More are a typing error.
const MOST_CHANNELS: usize = 4096;

/// A parameterization by a basis: [`Fourier`](crate::Fourier), [`Pixel`](crate::Pixel),
/// [`Pyramid`](crate::Pyramid), [`Cppn`](crate::Cppn), [`Maco`](crate::Maco), or one of your own
/// ([`Basis`]). `image = squash(M (basis(latent) + shared tensors))`, where M mixes the colors.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `channels` | 3 | channels of the images: 1 gray, 3 RGB, 4 RGBA, or any other | 1 to 4096 |
/// | `decorrelated` | by the basis | optimize decorrelated colors, with 3 or 4 channels | |
/// | `squash` | sigmoid | function that maps values to 0..=1 | |
/// | `shared` | none | tensors shared by all images of a batch; several add up | see [`Shared`] |
/// | `start_from` | noise | photograph to start from | of the image's size and channels |
#[derive(Debug, Clone)]
pub struct InBasis<B> {
    size: [usize; 2],
    channels: usize,
    color: ColorMapping,
    shared: Vec<Shared>,
    start: Option<Picture>,
    pub(crate) basis: B,
}

impl<B> InBasis<B> {
    /// Creates a parameterization of images of a size by a basis, with decorrelated colors and a
    /// sigmoid.
    #[must_use]
    pub const fn of(basis: B, width: usize, height: usize) -> Self {
        Self {
            size: [height, width],
            channels: 3,
            color: ColorMapping {
                decorrelated: true,
                squash: Squash::Sigmoid,
            },
            shared: Vec::new(),
            start: None,
            basis,
        }
    }

    /// Sets the number of channels of the images: 1 gray, 3 RGB, 4 RGB and alpha (mapped to 0..=1
    /// by a sigmoid), or any other number.
    #[must_use]
    pub const fn channels(mut self, channels: usize) -> Self {
        self.channels = channels;
        self
    }

    /// Sets whether decorrelated colors are optimized. This only affects images of 3 or 4 channels.
    #[must_use]
    pub const fn decorrelated(mut self, decorrelated: bool) -> Self {
        self.color.decorrelated = decorrelated;
        self
    }

    /// Sets the function that maps values to 0..=1.
    #[must_use]
    pub const fn squash(mut self, squash: Squash) -> Self {
        self.color.squash = squash;
        self
    }

    /// Adds a tensor that all images of a batch share, which keeps them aligned.
    #[must_use]
    pub fn shared(mut self, shared: Shared) -> Self {
        self.shared.push(shared);
        self
    }

    /// Sets a photograph to start from instead of noise. Shared tensors then start at 0.
    #[must_use]
    pub fn start_from(mut self, photograph: Picture) -> Self {
        self.start = Some(photograph);
        self
    }

    /// Checks the settings that do not depend on the basis, and returns the shape of the batch.
    fn check(&self, batch: usize) -> Result<[usize; 4], ParamError> {
        let [height, width] = self.size;
        if width == 0 || height == 0 {
            return Err(ParamError::EmptyImage { width, height });
        }
        if width > LARGEST_SIDE || height > LARGEST_SIDE {
            return Err(ParamError::TooLarge {
                width,
                height,
                allowed: LARGEST_SIDE,
            });
        }
        let channels = self.channels;
        let good = (1..=MOST_CHANNELS).contains(&channels);
        SettingError::require("the number of channels", channels, good, "from 1 to 4096")?;
        if batch == 0 {
            return Err(ParamError::EmptyBatch);
        }
        Ok([batch, self.channels, height, width])
    }
}

impl<B: Basis> Parameterization for InBasis<B> {
    fn shape(&self) -> [usize; 3] {
        let [height, width] = self.size;
        [self.channels, height, width]
    }

    fn init(
        &self,
        batch: usize,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<LatentImage, ParamError> {
        let shape = self.check(batch)?;
        Backend::of(device)?;
        let spec = ImageSpec {
            shape,
            color: self.color,
            device,
        };
        let prepared = self.basis.prepare(&spec)?;
        let shared = self.shared.iter().map(|shared| shared.prepare(&spec));
        let shared = shared.collect::<Result<Vec<_>, _>>()?;
        let mut latent = match &self.start {
            Some(picture) => {
                let [_, channels, height, width] = shape;
                let one = photograph(picture, [channels, height, width], device)?;
                prepared.encode(self.color.from_rgb(one.repeat_dim(0, batch)))?
            }
            None => prepared.start(rng)?,
        };
        let own = latent.len();
        latent.extend(shared.iter().map(|shared| match &self.start {
            Some(_) => shared.zeros(),
            None => shared.start(rng),
        }));
        let to_rgb = self.color.to_rgb(device);
        Ok(LatentImage::new(latent, move |latent| {
            let (own, rest) = latent.split_at(own);
            let added = shared.iter().zip(rest);
            to_rgb(
                added.fold(prepared.decode(own), |values, (shared, latent)| {
                    values + shared.decode(latent)
                }),
            )
        }))
    }
}

/// Checks the size and the channels of a photograph and converts it to [1, channels, height,
/// width].
pub(crate) fn photograph(
    picture: &Picture,
    [channels, height, width]: [usize; 3],
    device: &Device,
) -> Result<Tensor<4>, ParamError> {
    if (picture.width(), picture.height()) != (width, height) {
        return Err(ParamError::PhotographSize {
            width,
            height,
            found_width: picture.width(),
            found_height: picture.height(),
        });
    }
    if picture.channels() != channels {
        return Err(ParamError::PhotographChannels {
            expected: channels,
            found: picture.channels(),
        });
    }
    Ok(picture.to_tensor(device))
}
