//! A random shift by cropping.

use burn::tensor::Tensor;
use rand::RngExt;

use crate::{
    Transform, TransformContext, TransformError,
    window::{Window, window},
};

/// Crops at a random position to a size that is `by` pixels smaller, which shifts the image by up
/// to `by` pixels. As in Lucid; no pixels from outside the image appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jitter {
    by: usize,
}

impl Jitter {
    /// Creates a jitter of up to `by` pixels.
    #[must_use]
    pub const fn new(by: usize) -> Self {
        Self { by }
    }
}

impl Transform for Jitter {
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
        let [_, _, h, w] = images.dims();
        let (top, left) = (
            context.rng.random_range(0..=self.by),
            context.rng.random_range(0..=self.by),
        );
        let view = Window {
            start: [top, left].map(usize::cast_signed),
            size: [h - self.by, w - self.by],
            fill: 0.0,
        };
        window(images, view)
    }

    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        let left = size.map(|n| n.saturating_sub(self.by));
        if left.contains(&0) {
            return Err(TransformError::TooSmall {
                transform: format!("{self:?}"),
                width: size[1],
                height: size[0],
            });
        }
        Ok(left)
    }
}
