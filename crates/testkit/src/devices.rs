//! The devices that a test runs on.

use burn::tensor::Device;
use oneiric_core::Backend;

/// Every backend compiled in, with its device.
///
/// A machine without a GPU (or a software one) skips wgpu and says so; on CI, where the variable
/// `CI` is set, that is a failure.
///
/// # Panics
///
/// When no device is left, or on CI when one is missing.
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
    assert!(!found.is_empty(), "no device to test on");
    found
}
