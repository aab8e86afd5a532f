//! What the tests of objectives share.

#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use burn::tensor::{Device, Tensor};
use oneiric_model::{
    InceptionV1, InceptionV1Config, Layer, Network, NetworkExt, NetworkInfo, Probe, ReluGradient,
};
use oneiric_objective::Objective;
use oneiric_testkit::{Array, assert_gradient, devices};

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

/// A network that sees what there is: its layers are the image and twice the image, so that
/// numbers can be told by hand. It counts its forward passes.
#[derive(Debug)]
pub(crate) struct Pixels {
    info: NetworkInfo,
    pub(crate) passes: AtomicUsize,
}

pub(crate) const PIXELS: &str = "pixels";
pub(crate) const TWICE: &str = "twice";

impl Pixels {
    pub(crate) fn new(channels: usize, device: &Device) -> Arc<Self> {
        let layers = [PIXELS, TWICE].map(|name| Layer::new(name, channels));
        let size = |image: [usize; 2]| image.iter().all(|n| *n > 0).then_some(image);
        let info = NetworkInfo::new(layers, device).with_channels(channels);
        Arc::new(Self {
            info: info.with_sizes(move |_, image| size(image)),
            passes: AtomicUsize::new(0),
        })
    }
}

impl Network for Pixels {
    fn info(&self) -> &NetworkInfo {
        &self.info
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        self.passes.fetch_add(1, Ordering::Relaxed);
        let images = probe.layer(PIXELS, images)?;
        probe.layer(TWICE, images * 2.0)?;
        ControlFlow::Continue(())
    }
}

/// Runs a check on every backend.
pub(crate) fn on_devices(check: impl Fn(&str, &Device)) {
    for (backend, device) in devices() {
        check(backend.name(), &device);
    }
}

#[track_caller]
pub(crate) fn assert_right_gradient(
    what: &str,
    objective: &Objective,
    at: &Array,
    device: &Device,
) {
    assert_gradient(what, at, 1e-3, device, |x| {
        let activations = objective.forward(&x, ReluGradient::Plain);
        objective.value(&x, &activations).expect("one number")
    });
}
