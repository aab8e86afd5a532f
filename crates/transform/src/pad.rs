//! A border of one value.

use burn::tensor::Tensor;
use rand::Rng;

use crate::{
    Transform, TransformError,
    window::{Window, window},
};

/// A border of `by` pixels of one value on every side; draws nothing.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `value` | 0.5 | the border's value | 0..=1 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pad {
    by: usize,
    value: f32,
}

impl Pad {
    /// A grey border of that many pixels.
    #[must_use]
    pub const fn new(by: usize) -> Self {
        Self { by, value: 0.5 }
    }

    /// Sets the border's value.
    #[must_use]
    pub const fn with_value(mut self, value: f32) -> Self {
        self.value = value;
        self
    }
}

impl Transform for Pad {
    fn apply(&self, images: Tensor<4>, _rng: &mut dyn Rng) -> Tensor<4> {
        if self.by == 0 {
            return images;
        }
        let [_, _, h, w] = images.dims();
        let view = Window {
            start: [-self.by.cast_signed(); 2],
            size: [h, w].map(|n| n + 2 * self.by),
            fill: self.value,
        };
        window(images, view)
    }

    fn smallest(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        check_fill(self, self.value)?;
        Ok(size.map(|n| n.saturating_add(self.by.saturating_mul(2))))
    }
}

/// A value that is brought in from outside the image must be one of an image.
pub(crate) fn check_fill(transform: &dyn Transform, value: f32) -> Result<(), TransformError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(TransformError::Number {
        transform: format!("{transform:?}"),
        value,
        allowed: "in 0..=1",
    })
}
