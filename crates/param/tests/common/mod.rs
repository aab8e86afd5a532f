//! Helpers of the tests: an initial latent image, a slow resize, a few steps of Adam.

#![allow(dead_code, reason = "each test file uses its own part of it")]

use burn::{
    optim::{AdamConfig, Optimizer},
    tensor::{Device, Tensor},
};
use oneiric_param::{LatentImage, Parameterization};
use oneiric_testkit::Array;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

pub(crate) fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

/// Creates a latent image from settings that are allowed.
pub(crate) fn latent_image(
    params: &dyn Parameterization,
    batch: usize,
    device: &Device,
) -> LatentImage {
    params.init(batch, &mut rng(), device).expect("fine")
}

/// Noise of amplitude `size`, in the shape of each latent tensor.
pub(crate) fn noise_latent(latent_image: &LatentImage, size: f32) -> Vec<Array> {
    let tensors = latent_image.latent().iter().enumerate();
    tensors
        .map(|(index, tensor)| {
            let mut noise = Array::noise(tensor.dims(), 20 + index as u64);
            noise.values.iter_mut().for_each(|value| *value *= size);
            noise
        })
        .collect()
}

pub(crate) fn tensors(latent: &[Array], device: &Device) -> Vec<Tensor<1>> {
    latent.iter().map(|array| array.tensor(device)).collect()
}

pub(crate) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Resizes [n, c, h, w] to [to_n, c, to_h, to_w] in f64. Each value is interpolated from the eight
/// around it; an axis of `from` cells is stretched over one of `to`, and is constant beyond the
/// outermost centers.
pub(crate) fn naive_resize(x: &Array, [to_n, to_h, to_w]: [usize; 3]) -> Array {
    let [n, c, h, w] = x.shape[..] else {
        panic!("four axes");
    };
    let around = |i: usize, from: usize, to: usize| {
        let at = (i as f64 + 0.5) * from as f64 / to as f64 - 0.5;
        let inside = |i: f64| i.clamp(0.0, from as f64 - 1.0) as usize;
        let (below, share) = (at.floor(), at - at.floor());
        [(inside(below), 1.0 - share), (inside(below + 1.0), share)]
    };
    let mut values = Vec::new();
    for image in 0..to_n {
        for channel in 0..c {
            for y in 0..to_h {
                for u in 0..to_w {
                    let mut sum = 0.0;
                    for (k, p) in around(image, n, to_n) {
                        for (row, q) in around(y, h, to_h) {
                            for (column, r) in around(u, w, to_w) {
                                sum += p * q * r * f64::from(x.at(&[k, channel, row, column]));
                            }
                        }
                    }
                    values.push(sum as f32);
                }
            }
        }
    }
    Array::new([to_n, c, to_h, to_w], values)
}

/// Fits an image to a target by Adam with a falling learning rate, for at most `steps` or until the
/// mean absolute error is below `enough`. Returns the error.
pub(crate) fn fit(
    latent_image: &mut LatentImage,
    target: &Tensor<4>,
    steps: usize,
    rate: f64,
    enough: f32,
) -> f32 {
    let adam = AdamConfig::new().with_epsilon(1e-8).build();
    let mut states = vec![None; latent_image.latent().len()];
    let error = |image: Tensor<4>| (image - target.clone()).abs().mean().into_scalar::<f32>();
    for step in 0..steps {
        latent_image.record();
        let apart = latent_image.image() - target.clone();
        let mut gradients = (apart.clone() * apart).sum().backward();
        let rate = rate * (1.0 - step as f64 / steps as f64);
        latent_image.update(&mut gradients, |index, value, gradient| {
            let state = states[index].take();
            let (value, state) = adam.step(rate, value, gradient, state);
            states[index] = state;
            value
        });
        if step % 50 == 49 && error(latent_image.image()) < enough {
            break;
        }
    }
    error(latent_image.image())
}
