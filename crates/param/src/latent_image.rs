//! Latent images: the numbers that are optimized, and their decoder to images.

use std::{fmt, sync::Arc};

use burn::tensor::{Device, Gradients, Tensor};
use rand::Rng;

use crate::ParamError;

/// A parameterization: describes images by numbers that an optimizer can change.
pub trait Parameterization: fmt::Debug + Send + Sync {
    /// Returns channels, height and width of the images. Channels are 1 gray, 3 RGB, 4 RGB and
    /// alpha, or any other number.
    fn shape(&self) -> [usize; 3];

    /// Creates the latent image of a batch, with random numbers from `rng`.
    ///
    /// # Errors
    ///
    /// Returns [`ParamError`] if a setting is not allowed, before any costly work, or if the device
    /// fails.
    fn init(
        &self,
        batch: usize,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<LatentImage, ParamError>;
}

/// References, boxes and `Arc`s of a parameterization are parameterizations.
macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<P: Parameterization + ?Sized> Parameterization for $pointer {
            fn shape(&self) -> [usize; 3] {
                (**self).shape()
            }

            fn init(
                &self,
                batch: usize,
                rng: &mut dyn Rng,
                device: &Device,
            ) -> Result<LatentImage, ParamError> {
                (**self).init(batch, rng, device)
            }
        }
    )*};
}

forward!(&P, Box<P>, Arc<P>);

/// The function from the latent to the images [n, channels, height, width] in 0..=1.
type Decode = Box<dyn Fn(&[Tensor<1>]) -> Tensor<4> + Send>;

/// A batch of images as the numbers that are optimized (the latent) and their decoder.
///
/// Latent tensors are flat, because optimizers work on each number alone; the decoder knows the
/// shapes.
pub struct LatentImage {
    latent: Vec<Tensor<1>>,
    decode: Decode,
}

impl LatentImage {
    /// Creates a latent image from its latent tensors and a differentiable function that decodes
    /// them to images [n, channels, height, width] in 0..=1.
    pub fn new(
        latent: Vec<Tensor<1>>,
        decode: impl Fn(&[Tensor<1>]) -> Tensor<4> + Send + 'static,
    ) -> Self {
        Self {
            latent,
            decode: Box::new(decode),
        }
    }

    /// Returns the images [n, channels, height, width] in 0..=1.
    #[must_use]
    pub fn image(&self) -> Tensor<4> {
        self.decode(&self.latent)
    }

    /// Decodes another latent of the same shape, such as one of an earlier step.
    #[must_use]
    pub fn decode(&self, latent: &[Tensor<1>]) -> Tensor<4> {
        (self.decode)(latent)
    }

    /// The latent tensors.
    #[must_use]
    pub fn latent(&self) -> &[Tensor<1>] {
        &self.latent
    }

    /// Starts recording for autodiff: results computed from [`image`](Self::image) afterwards can
    /// be differentiated with respect to the latent.
    pub fn record(&mut self) {
        for tensor in &mut self.latent {
            *tensor = tensor.clone().without_autodiff().autodiff().require_grad();
        }
    }

    /// Stops recording and replaces each latent tensor by the result of `update`, which takes its
    /// index, its value and its gradient. A tensor without a gradient keeps its value.
    pub fn update(
        &mut self,
        gradients: &mut Gradients,
        mut update: impl FnMut(usize, Tensor<1>, Tensor<1>) -> Tensor<1>,
    ) {
        for (index, tensor) in self.latent.iter_mut().enumerate() {
            let gradient = tensor.grad_remove(gradients);
            let value = tensor.clone().without_autodiff();
            *tensor = match gradient {
                Some(gradient) => update(index, value, gradient),
                None => value,
            };
        }
    }
}

impl fmt::Debug for LatentImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<_> = self.latent.iter().map(Tensor::dims).collect();
        f.debug_struct("LatentImage")
            .field("latent", &sizes)
            .finish_non_exhaustive()
    }
}
