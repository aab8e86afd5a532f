//! The transforms on the host, as operations with gradients.

use std::sync::Arc;

use burn::tensor::Tensor;
use oneiric_core::{custom_gradient, map_host};

use super::kernel::{self, Weights};

/// Weights of the coefficients, for both directions.
#[derive(Debug, Clone)]
pub(super) struct HostPlan {
    to_images: Arc<Weights>,
    to_spectra: Arc<Weights>,
}

impl HostPlan {
    /// Creates the weights from the scale of each coefficient, row by row.
    pub(super) fn new(size: [usize; 2], scale: &[f64]) -> Self {
        let area = (size[0] * size[1]) as f64;
        let forward = scale.iter().map(|scale| (scale / area) as f32).collect();
        let back = scale.iter().map(|scale| scale.recip() as f32).collect();
        Self {
            to_images: Arc::new(Weights::to_images(size, forward)),
            to_spectra: Arc::new(Weights::to_spectra(size, back)),
        }
    }

    /// Transforms [n, c, h, half, 2] to [n, c, h, w].
    pub(super) fn irfft2(&self, spectra: Tensor<5>) -> Tensor<4> {
        let weights = Arc::clone(&self.to_images);
        let (size, spectrum) = (weights.size(), spectra.dims());
        let image = [spectrum[0], spectrum[1], size[0], size[1]];
        custom_gradient(spectra, |spectra| {
            let images = map_host(spectra, image, |spectra| {
                kernel::to_images(spectra, weights.values(), size)
            });
            let adjoint = move |gradient| {
                map_host(gradient, spectrum, |gradient| {
                    kernel::to_spectra(gradient, weights.adjoint(), size)
                })
            };
            (images, adjoint)
        })
    }

    /// Transforms [n, c, h, w] to [n, c, h, half, 2].
    pub(super) fn rfft2(&self, images: Tensor<4>) -> Tensor<5> {
        let weights = Arc::clone(&self.to_spectra);
        let (size, image) = (weights.size(), images.dims());
        let spectrum = [image[0], image[1], size[0], size[1] / 2 + 1, 2];
        custom_gradient(images, |images| {
            let spectra = map_host(images, spectrum, |images| {
                kernel::to_spectra(images, weights.values(), size)
            });
            let adjoint = move |gradient| {
                map_host(gradient, image, |gradient| {
                    kernel::to_images(gradient, weights.adjoint(), size)
                })
            };
            (spectra, adjoint)
        })
    }
}
