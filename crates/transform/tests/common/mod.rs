//! Helpers that the tests of transforms share.

#![allow(dead_code, reason = "each test file uses its part")]

use oneiric_testkit::{Array, devices};
use oneiric_transform::{Transform, TransformContext};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Applies a transform to images at the start of a run, on every backend that is compiled in.
pub(crate) fn apply(transform: &dyn Transform, image: &Array, seed: u64) -> Vec<(String, Array)> {
    apply_at(0.0, transform, image, seed)
}

/// Applies a transform to images at a share of the run's steps.
pub(crate) fn apply_at(
    progress: f32,
    transform: &dyn Transform,
    image: &Array,
    seed: u64,
) -> Vec<(String, Array)> {
    let run = |(backend, device): (oneiric_core::Backend, _)| {
        let mut rng = rng(seed);
        let mut context = TransformContext::new(&mut rng).at(progress);
        let view = transform.apply(image.tensor(&device), &mut context);
        (backend.to_string(), Array::of(view))
    };
    devices().into_iter().map(run).collect()
}

pub(crate) fn counting(h: usize, w: usize) -> Array {
    Array::new([1, 1, h, w], (0..h * w).map(|v| v as f32).collect())
}

/// An image of noise between 0.5 - `by` and 0.5 + `by`.
pub(crate) fn about_gray(shape: [usize; 4], by: f32, seed: u64) -> Array {
    let noise = Array::noise(shape, seed).values;
    Array::new(shape, noise.iter().map(|v| 0.5 + by * v).collect())
}

/// The mean and the standard deviation of values.
pub(crate) fn statistics(values: &[f32]) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum();
    [mean, (squares / n).sqrt()]
}
