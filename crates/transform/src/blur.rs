//! Gaussian blur.

use burn::tensor::Tensor;
use rand::RngExt;

use crate::{
    Transform, TransformContext, TransformError,
    separable::{Weights, mix},
    settings::{check_sd, require},
};

/// Sigmas at which a Gaussian is truncated, as in SciPy's `gaussian_filter`.
const REACH: f64 = 4.0;

/// Gaussian blur with a standard deviation of `sigma` pixels, fixed or drawn in each step.
///
/// The Gaussian is truncated at 4 sigmas. At the border only pixels of the image count, and their
/// weights are scaled up to a sum of 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianBlur {
    sigma: [f32; 2],
}

impl GaussianBlur {
    /// Creates a blur with the same sigma in each step, from 0 (no change) to 1000 pixels.
    #[must_use]
    pub const fn new(sigma: f32) -> Self {
        Self::between(sigma, sigma)
    }

    /// Creates a blur with sigma drawn uniformly between `least` and `most`; both are in 0..=1000,
    /// and `least` is at most `most`.
    #[must_use]
    pub const fn between(least: f32, most: f32) -> Self {
        let sigma = [least, most];
        Self { sigma }
    }
}

fn gaussian(n: usize, sigma: f64) -> Weights {
    let reach = (REACH * sigma).ceil();
    Weights::new(n, n, |to, from| {
        let away = to.abs_diff(from) as f64;
        if away > reach {
            return 0.0;
        }
        (-0.5 * (away / sigma).powi(2)).exp()
    })
}

impl Transform for GaussianBlur {
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
        let [least, most] = self.sigma.map(f64::from);
        let sigma = if least == most {
            least
        } else {
            least + (most - least) * context.rng.random::<f64>()
        };
        if sigma == 0.0 {
            return images;
        }
        let [_, _, h, w] = images.dims();
        mix(images, gaussian(h, sigma), gaussian(w, sigma))
    }

    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        let [least, most] = self.sigma;
        check_sd(self, "least sigma", least)?;
        check_sd(self, "largest sigma", most)?;
        let ordered = least <= most;
        require(self, "least sigma", least, ordered, "at most the largest")?;
        Ok(size)
    }
}
