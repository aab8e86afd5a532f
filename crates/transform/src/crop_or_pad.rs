//! Cropping or padding to a given size.

use burn::tensor::Tensor;

use crate::{
    Transform, TransformContext, TransformError,
    settings::{check_share, check_size},
    window::{Window, window},
};

/// Crops about the center to a given size, or puts the image into the center of one; each side
/// for itself. Draws nothing.
///
/// Lucid's `crop_or_pad_to` (TensorFlow's `resize_image_with_crop_or_pad`), which brings in
/// black. Where the pixels cannot be halved, the odd one is cropped or added behind.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `fill` | 0.5 | value of pixels outside the image | 0..=1 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CropOrPad {
    size: [usize; 2],
    fill: f32,
}

impl CropOrPad {
    /// Creates the transform to a size, sides of 1 to 16384 pixels.
    #[must_use]
    pub const fn new(width: usize, height: usize) -> Self {
        let size = [height, width];
        Self { size, fill: 0.5 }
    }

    /// Sets the value of pixels outside the image.
    #[must_use]
    pub const fn fill(mut self, fill: f32) -> Self {
        self.fill = fill;
        self
    }
}

impl Transform for CropOrPad {
    fn apply(&self, images: Tensor<4>, _context: &mut TransformContext<'_>) -> Tensor<4> {
        let [_, _, h, w] = images.dims();
        if [h, w] == self.size {
            return images;
        }
        // A division of signed numbers rounds towards 0.
        let start = |from: usize, to: usize| (from.cast_signed() - to.cast_signed()) / 2;
        let view = Window {
            start: [start(h, self.size[0]), start(w, self.size[1])],
            size: self.size,
            fill: self.fill,
        };
        window(images, view)
    }

    fn smallest_output(&self, _size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        check_share(self, "fill", self.fill)?;
        check_size(self, self.size)?;
        Ok(self.size)
    }
}
