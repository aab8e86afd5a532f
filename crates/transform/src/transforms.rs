//! What a transform is, and several of them in order.

use std::{fmt, sync::Arc};

use burn::tensor::Tensor;

use crate::{
    FnTransform, Jitter, Noise, Pad, RandomCrop, RandomRotate, RandomScale, TransformContext,
    TransformError,
};

/// A random, differentiable change of a batch of images.
pub trait Transform: fmt::Debug + Send + Sync {
    /// Draws once and changes all images [n, c, h, w] alike. Values in 0..=1 stay there (unless a
    /// setting says otherwise, as [`Noise::clamped`]); the size may change. What is drawn depends on the images' size, never on their number: a single one
    /// can be seen as one of a batch was.
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4>;

    /// The smallest height and width that images of that size can come out with.
    ///
    /// # Errors
    ///
    /// When the settings make no sense or nothing of such an image would be left. What this
    /// accepts, [`apply`](Self::apply) can do.
    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError>;

    /// How many channels images of that many come out with: as many, unless a transform says
    /// otherwise.
    ///
    /// # Errors
    ///
    /// When it does not take images of that many.
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

/// Transforms one after the other.
#[derive(Debug, Clone, Default)]
pub struct Transforms {
    list: Vec<Arc<dyn Transform>>,
}

impl Transforms {
    /// None: the network sees the image as it is.
    #[must_use]
    pub const fn none() -> Self {
        Self { list: Vec::new() }
    }

    /// The standard list of Lucid and lucent: pad 12 pixels of gray, jitter 8, scale by one of
    /// 0.9, 0.92, ... 1.1, rotate by a whole number of degrees from -10 to 10 or (five times as
    /// likely again) not, jitter 4.
    ///
    /// Source: Lucid, `optvis/transform.py`. What a rotation brings in from outside is the same
    /// gray as the padding; Lucid and lucent bring in black.
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

    /// MACO's: crops that get smaller in the course of the run, each as large as the image, under
    /// normal noise of 0.08 and uniform noise of 0.04 to each side, which is not cut.
    ///
    /// Source: Fel et al., 2023, as in its authors' Xplique
    /// (`features_visualizations/maco.py`), whose images lie in -1..1 where ours lie in 0..=1: the
    /// same numbers are twice the noise here.
    #[must_use]
    pub fn maco() -> Self {
        let noise = Noise::new(0.08).uniform(0.04).clamped(false);
        Self::none().then(RandomCrop::new()).then(noise)
    }

    /// Adds one at the end.
    #[must_use]
    pub fn then(mut self, transform: impl Transform + 'static) -> Self {
        self.list.push(Arc::new(transform));
        self
    }

    /// Adds a function at the end that keeps size and channels; [`FnTransform`] takes one that
    /// does not.
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
