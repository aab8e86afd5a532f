//! The devices on which tests run.

use burn::tensor::Device;
use oneiric_core::Backend;

/// Returns every backend compiled in, with its device.
///
/// On a machine without a GPU (or a software one), wgpu is skipped with a message. On CI, where the
/// environment variable `CI` is set, a missing device is a failure.
///
/// # Panics
///
/// Panics if there is no device, or on CI if one is missing.
#[must_use]
pub fn devices() -> Vec<(Backend, Device)> {
    let found: Vec<(Backend, Device)> = Backend::compiled()
        .into_iter()
        .filter_map(|backend| match backend.device() {
            Ok(device) => Some((backend, device)),
            Err(error) if std::env::var_os("CI").is_some() => panic!("{backend}: {error}"),
            Err(error) => {
                eprintln!("skipped on {backend}: {error}");
                None
            }
        })
        .collect();
    assert!(!found.is_empty(), "no device to run tests on");
    found
}
