//! Batches of drawn images.

use burn::tensor::{Device, Int, Tensor, TensorData};
use oneiric_core::{Picture, PictureError};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A batch of images with their classes.
#[derive(Debug)]
pub struct Batch {
    /// The images, [n, 3, side, side], RGB in 0..=1.
    pub images: Tensor<4>,
    /// The class of each image, `[n]`.
    pub classes: Tensor<1, Int>,
    /// The class of each image, on the host.
    pub labels: Vec<usize>,
}

/// An infinite data set of drawn images. An image depends only on the seed and its index, so
/// another seed gives images that training with this seed has not used.
#[derive(Debug, Clone, Copy)]
pub struct Drawings {
    /// The seed of the data set.
    pub seed: u64,
    /// The height and width of the images in pixels.
    pub side: usize,
}

impl Drawings {
    /// Returns the image of an index with its class: planes of red, green and blue in 0..=1.
    #[must_use]
    pub fn image(&self, index: u64) -> (Vec<f32>, usize) {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(index);
        let class = rng.random_range(0..oneiric_procedural::classes().len());
        let image = oneiric_procedural::draw(class, self.side, &mut rng);
        (image, class)
    }

    /// Draws an image of a class.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError`] if `side` is 0.
    pub fn example(class: usize, seed: u64, side: usize) -> Result<Picture, PictureError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let planes = oneiric_procedural::draw(class, side, &mut rng);
        let plane = side * side;
        let pixels =
            (0..plane).flat_map(|at| [0, 1, 2].map(|channel| planes[channel * plane + at]));
        Picture::new(side, side, pixels.collect())
    }

    /// Returns a batch of `count` images, from index `first` on.
    #[must_use]
    pub fn batch(&self, first: u64, count: usize, device: &Device) -> Batch {
        let mut values = Vec::with_capacity(count * 3 * self.side * self.side);
        let mut labels = Vec::with_capacity(count);
        for index in 0..count as u64 {
            let (image, class) = self.image(first + index);
            values.extend(image);
            labels.push(class);
        }
        let classes: Vec<i64> = labels.iter().map(|&class| class as i64).collect();
        let shape = [count, 3, self.side, self.side];
        Batch {
            images: Tensor::from_data(TensorData::new(values, shape), device),
            classes: Tensor::from_data(TensorData::new(classes, [count]), device),
            labels,
        }
    }
}
