//! What the tests of objectives share.

#![allow(dead_code, reason = "each test file uses its part")]

use burn::tensor::Device;
use oneiric_model::{InceptionV1, InceptionV1Config, Network, ReluGradient};
use oneiric_objective::Objective;
use oneiric_testkit::{Array, devices};

/// Values relative to their size, across backends.
const CLOSE: f64 = 1e-4;

pub(crate) fn net(device: &Device) -> InceptionV1 {
    InceptionV1::random(InceptionV1Config::tiny(), 5, device).expect("a configuration of ours")
}

pub(crate) fn images(n: usize) -> Array {
    let noise = Array::noise([n, 3, 40, 48], 1);
    Array::new(
        noise.shape,
        noise.values.iter().map(|v| 0.5 + 0.5 * v).collect(),
    )
}

/// The objective's value for images that the network sees as they are.
pub(crate) fn value(objective: &Objective, images: &Array, device: &Device) -> f64 {
    let images = images.tensor::<4>(device);
    let activations = objective.forward(&images, ReluGradient::Plain);
    f64::from(
        objective
            .value(&images, &activations)
            .expect("one number")
            .into_scalar::<f32>(),
    )
}

/// Activations of a layer, by hand.
pub(crate) fn acts(net: &InceptionV1, layer: &str, images: &Array) -> Array {
    let layer = net.layer(layer).expect("a layer");
    let images = images.tensor(net.device());
    Array::of(
        net.forward_to(images, &[layer], ReluGradient::Plain)
            .remove(0),
    )
}

#[track_caller]
pub(crate) fn assert_value(what: &str, actual: f64, expected: f64) {
    let apart = (actual - expected).abs();
    assert!(
        apart <= CLOSE * expected.abs().max(1e-3),
        "{what}: {actual} instead of {expected}"
    );
}

/// Runs a check on every backend with its network.
pub(crate) fn everywhere(check: impl Fn(&str, &InceptionV1, &Device)) {
    for (backend, device) in devices() {
        check(backend.name(), &net(&device), &device);
    }
}

/// The layer that most tests read.
pub(crate) const LAYER: &str = "mixed3b";
