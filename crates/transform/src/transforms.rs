//! What a transform is, and several of them in order.

use std::{fmt, sync::Arc};

use burn::tensor::Tensor;
use rand::Rng;

use crate::{Jitter, Pad, RandomRotate, RandomScale, TransformError};

/// A random, differentiable change of a batch of images.
pub trait Transform: fmt::Debug + Send + Sync {
    /// Draws once from `rng` and changes all images [n, c, h, w] alike. Values in 0..=1 stay
    /// there; the size may change.
    fn apply(&self, images: Tensor<4>, rng: &mut dyn Rng) -> Tensor<4>;

    /// The smallest height and width that images of that size can come out with.
    ///
    /// # Errors
    ///
    /// When the settings make no sense or nothing of such an image would be left. What this
    /// accepts, [`apply`](Self::apply) can do.
    fn smallest(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError>;
}

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

    /// The standard list of Lucid and lucent: pad 12 pixels of grey, jitter 8, scale by one of
    /// 0.9, 0.92, ... 1.1, rotate by a whole number of degrees from -10 to 10 or (five times as
    /// likely again) not, jitter 4.
    ///
    /// Source: Lucid, `optvis/transform.py`. What a rotation brings in from outside is the same
    /// grey as the padding; Lucid and lucent bring in black.
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

    /// Adds one at the end.
    #[must_use]
    pub fn then(mut self, transform: impl Transform + 'static) -> Self {
        self.list.push(Arc::new(transform));
        self
    }
}

impl Transform for Transforms {
    fn apply(&self, images: Tensor<4>, rng: &mut dyn Rng) -> Tensor<4> {
        self.list
            .iter()
            .fold(images, |images, transform| transform.apply(images, rng))
    }

    fn smallest(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        self.list
            .iter()
            .try_fold(size, |size, transform| transform.smallest(size))
    }
}
