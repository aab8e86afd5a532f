//! What the benches share.

#![allow(dead_code, reason = "each bench uses its part")]

use oneiric::{
    Backend, InceptionV1,
    burn::tensor::{Device, Tensor},
    model::{InceptionV1Config, Variant},
};

/// The devices to measure: those named in `ONEIRIC_BENCH`, separated by commas, or else flex.
pub(crate) fn devices() -> Vec<(String, Device)> {
    let names = std::env::var("ONEIRIC_BENCH").unwrap_or_else(|_| "flex".to_owned());
    names
        .split(',')
        .map(|name| {
            let backend: Backend = name.parse().expect("flex, ndarray or wgpu");
            (name.to_owned(), backend.device().expect("a device"))
        })
        .collect()
}

/// Waits for the device, so that the clock does not stop before the work is done.
pub(crate) fn sync(device: &Device) {
    device.sync().expect("a device that works");
}

/// Both published networks, with random weights: speed does not depend on what was learned.
pub(crate) fn networks(device: &Device) -> [(&'static str, InceptionV1); 2] {
    let random = |config| {
        let config = InceptionV1Config {
            variant: Variant::Custom,
            ..config
        };
        InceptionV1::random(config, 0, device).expect("a published configuration")
    };
    [
        ("bvlc", random(InceptionV1Config::bvlc())),
        ("5h", random(InceptionV1Config::inception5h())),
    ]
}

/// A gray image.
pub(crate) fn gray(size: usize, device: &Device) -> Tensor<4> {
    Tensor::full([1, 3, size, size], 0.5, device)
}
