//! MACO's transparency map: the accumulated size of the image's gradient.

use burn::tensor::Tensor;
use oneiric_core::{Picture, PictureError};

/// The sum over the steps of the image's gradient, by its size: [n, 1, h, w].
///
/// Source: Fel et al. 2023, "Unlocking Feature Visualization for Deeper Networks with MAgnitude
/// Constrained Optimization", section 3: pixels without a gradient are left transparent.
#[derive(Debug, Default)]
pub(crate) struct Transparency {
    sum: Option<Tensor<4>>,
}

impl Transparency {
    /// Adds a step's gradient of the image [n, c, h, w]: the mean size over its channels.
    pub(crate) fn add(&mut self, gradient: Tensor<4>) {
        let size = gradient.abs().mean_dim(1);
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + size,
            None => size,
        });
    }

    /// Returns one gray picture per image: shares of that image's largest sum.
    pub(crate) fn pictures(&self) -> Result<Vec<Picture>, PictureError> {
        let Some(sum) = self.sum.clone() else {
            return Ok(Vec::new());
        };
        let largest = sum.clone().max_dim(3).max_dim(2);
        // No gradient anywhere: 0 / 0 is taken for 0.
        let largest = largest.clone().mask_fill(largest.equal_elem(0.0), 1.0);
        Picture::from_tensor(sum / largest)
    }
}
