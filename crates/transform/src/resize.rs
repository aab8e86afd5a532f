//! Resizing to a given size.

use burn::tensor::Tensor;

use crate::{
    Resampling, Transform, TransformContext, TransformError, resample,
    separable::{Weights, mix},
    settings::check_size,
};

/// Scales images of any size to a given size. Draws no random numbers.
///
/// An enlarged image is interpolated bilinearly between the centers of pixels. A reduced one is
/// averaged with triangular weights whose base is two pixels of the result wide, so that nothing
/// aliases: PyTorch's `interpolate(mode="bilinear", antialias=True)`.
/// [`RandomScale`](crate::RandomScale) does not average, because its factors are near 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resize {
    size: [usize; 2],
}

impl Resize {
    /// Creates the transform to a size, sides of 1 to 16384 pixels.
    #[must_use]
    pub const fn new(width: usize, height: usize) -> Self {
        let size = [height, width];
        Self { size }
    }
}

/// Triangular weights, centered on the positions of the result's pixels in the image.
fn triangles(input: usize, output: usize) -> Weights {
    let ratio = input as f64 / output as f64;
    let reach = ratio.max(1.0);
    Weights::new(input, output, |to, from| {
        let center = (to as f64 + 0.5) * ratio;
        let away = (from as f64 + 0.5 - center).abs();
        (1.0 - away / reach).max(0.0)
    })
}

impl Transform for Resize {
    fn apply(&self, images: Tensor<4>, _context: &mut TransformContext<'_>) -> Tensor<4> {
        let [_, _, h, w] = images.dims();
        let [height, width] = self.size;
        if [h, w] == self.size {
            return images;
        }
        if h <= height && w <= width {
            return resample(images, Resampling::scale([h, w], self.size));
        }
        mix(images, triangles(h, height), triangles(w, width))
    }

    fn smallest_output(&self, _size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        check_size(self, self.size)?;
        Ok(self.size)
    }
}
