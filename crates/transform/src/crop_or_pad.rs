//! Cropping or padding to a given size.

use burn::tensor::Tensor;

use crate::{
    Transform, TransformContext, TransformError,
    settings::{check_share, check_size},
    window::{Window, window},
};

/// Crops or pads each side around the center to a given size. Draws no random numbers.
///
/// Source: Lucid's `crop_or_pad_to` (TensorFlow's `resize_image_with_crop_or_pad`), which pads with
/// black. If the difference is odd, the extra pixel is cropped or added at the bottom or on the
/// right.
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
        // Division of signed numbers rounds toward 0.
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
