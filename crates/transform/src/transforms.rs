//! The trait of a transform, and lists of transforms.

use std::{fmt, sync::Arc};

use burn::tensor::Tensor;

use crate::{
    FnTransform, Jitter, Noise, Pad, RandomCrop, RandomRotate, RandomScale, TransformContext,
    TransformError,
};

/// A random, differentiable change of a batch of images.
pub trait Transform: fmt::Debug + Send + Sync {
    /// Draws random numbers once and changes all images [n, c, h, w] alike. Values in 0..=1 stay
    /// there (unless a setting says otherwise, as [`Noise::clamped`]); the size may change. The
    /// random numbers depend on the size of the images, never on their number, so that a single
    /// image can be changed in the same way as a batch.
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4>;

    /// Returns the smallest height and width of the result for images of this height and width.
    ///
    /// # Errors
    ///
    /// Returns [`TransformError`] if a setting is not allowed or the images are too small.
    /// [`apply`](Self::apply) accepts every size for which there is no error.
    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError>;

    /// Returns the number of channels of the result for images of `channels` channels. The default
    /// is that the number does not change.
    ///
    /// # Errors
    ///
    /// Returns [`TransformError`] if the transform does not take images of this many channels.
    fn output_channels(&self, channels: usize) -> Result<usize, TransformError> {
        Ok(channels)
    }
}

/// References, boxes and `Arc`s of a transform are transforms.
macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<T: Transform + ?Sized> Transform for $pointer {
            fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
                (**self).apply(images, context)
            }

            fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
                (**self).smallest_output(size)
            }

            fn output_channels(&self, channels: usize) -> Result<usize, TransformError> {
                (**self).output_channels(channels)
            }
        }
    )*};
}

forward!(&T, Box<T>, Arc<T>);

/// A list of transforms, applied one after the other.
#[derive(Debug, Clone, Default)]
pub struct Transforms {
    list: Vec<Arc<dyn Transform>>,
}

impl Transforms {
    /// Creates an empty list: the network sees the image as it is.
    #[must_use]
    pub const fn none() -> Self {
        Self { list: Vec::new() }
    }

    /// Creates the standard list of Lucid and lucent: pad by 12 pixels of gray, jitter by 8, scale
    /// by one of 0.9, 0.92, ... 1.1, rotate by a whole number of degrees from -10 to 10 (0 is six
    /// times as likely as each other angle), jitter by 4.
    ///
    /// Source: Lucid, `optvis/transform.py`. Pixels from outside have the gray of the padding after
    /// a rotation; in Lucid and lucent they are black.
    #[must_use]
    pub fn standard() -> Self {
        let degrees = (-10..=10).map(|d| d as f32).chain([0.0; 5]).collect();
        let factors = (0..=10).map(|i| 1.0 + (i as f32 - 5.0) / 50.0).collect();
        Self::none()
            .then(Pad::new(12))
            .then(Jitter::new(8))
            .then(RandomScale::new(factors))
            .then(RandomRotate::new(degrees))
            .then(Jitter::new(4))
    }

    /// Creates MACO's list: crops that shrink over the run, each scaled to the size of the image,
    /// then normal noise with a standard deviation of 0.08 and uniform noise in -0.04..0.04,
    /// without clamping.
    ///
    /// Source: Fel et al., 2023, as in the authors' Xplique (`features_visualizations/maco.py`).
    /// Xplique's images lie in -1..1 and those here in 0..=1, so that the same numbers are twice as
    /// much noise here.
    #[must_use]
    pub fn maco() -> Self {
        let noise = Noise::new(0.08).uniform(0.04).clamped(false);
        Self::none().then(RandomCrop::new()).then(noise)
    }

    /// Appends a transform.
    #[must_use]
    pub fn then(mut self, transform: impl Transform + 'static) -> Self {
        self.list.push(Arc::new(transform));
        self
    }

    /// Appends a function that keeps the size and the channels. For other functions see
    /// [`FnTransform`].
    #[must_use]
    pub fn then_with(
        self,
        name: impl Into<String>,
        change: impl Fn(Tensor<4>, &mut TransformContext<'_>) -> Tensor<4> + Send + Sync + 'static,
    ) -> Self {
        self.then(FnTransform::new(name, change))
    }
}

impl Transform for Transforms {
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
        self.list
            .iter()
            .fold(images, |images, transform| transform.apply(images, context))
    }

    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        self.list
            .iter()
            .try_fold(size, |size, transform| transform.smallest_output(size))
    }

    fn output_channels(&self, channels: usize) -> Result<usize, TransformError> {
        self.list.iter().try_fold(channels, |channels, transform| {
            transform.output_channels(channels)
        })
    }
}
