//! A batch that is read image by image, at the price of one batch.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use oneiric_core::Parts;

/// A batch [n, c, h, w] of which single images are read.
pub(crate) struct ByImage {
    batch: Parts<4>,
    shape: [usize; 4],
    /// The images that were read. Each is cut out once, as parts may not overlap.
    images: BTreeMap<usize, Tensor<4>>,
}

impl ByImage {
    pub(crate) fn new(batch: Tensor<4>) -> Self {
        Self {
            shape: batch.dims(),
            batch: Parts::new(batch),
            images: BTreeMap::new(),
        }
    }

    /// Returns the image of that number, [1, c, h, w].
    pub(crate) fn image(&mut self, index: usize) -> Tensor<4> {
        let [_, c, h, w] = self.shape;
        let place = [index..index + 1, 0..c, 0..h, 0..w];
        let image = self.images.entry(index);
        image.or_insert_with(|| self.batch.part(place)).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::ByImage;
    use burn::tensor::Tensor;
    use oneiric_testkit::{Array, Tolerance, assert_close, devices};

    #[test]
    fn the_gradient_is_that_of_slices() {
        let batch = Array::noise([4, 2, 3, 2], 1);
        let weights = Array::noise([1, 2, 3, 2], 2);
        for (backend, device) in devices() {
            let gradient = |image: &mut dyn FnMut(&Tensor<4>, usize) -> Tensor<4>| {
                let x = batch.tensor::<4>(&device).autodiff().require_grad();
                let inner = x.clone() * 2.0;
                let weights = weights.tensor::<4>(&device);
                // Image 1 twice, image 2 never, and the batch itself beside them.
                let parts = [3, 1, 0, 1].map(|index| image(&inner, index) * weights.clone());
                let [a, b, c, d] = parts.map(|part| (part.clone() * part).sum());
                let value = a * b + c + d * 3.0 + inner.square().sum();
                let mut gradients = value.backward();
                Array::of(x.grad_remove(&mut gradients).expect("a gradient"))
            };
            let expected = gradient(&mut |batch, index| batch.clone().narrow(0, index, 1));
            let mut by_image = None;
            let actual = gradient(&mut |batch, index| {
                let by_image = by_image.get_or_insert_with(|| ByImage::new(batch.clone()));
                by_image.image(index)
            });
            assert_close(backend.name(), &actual, &expected, Tolerance::ARITHMETIC);
        }
    }

    #[test]
    fn constants_have_images_too() {
        let batch = Array::noise([2, 1, 1, 3], 1);
        for (backend, device) in devices() {
            let mut images = ByImage::new(batch.tensor::<4>(&device));
            let image = Array::of(images.image(1));
            assert_eq!(image.values, batch.values[3..], "{backend}");
        }
    }
}
