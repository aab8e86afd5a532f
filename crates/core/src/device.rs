//! The burn backends that are compiled in, and a device of each.

use std::{fmt, str::FromStr};

#[cfg(feature = "wgpu")]
use burn::backend::CubeDevice;
use burn::{
    backend::DispatchDevice,
    tensor::{Device, FloatDType},
};

use crate::DeviceError;

/// A burn backend that oneiric can run on.
///
/// burn 0.22 picks the backend at run time, through the [`Device`] that tensors live on. This type
/// names the backends that oneiric knows and makes their devices with an error instead of a panic.
///
/// ```
/// use oneiric_core::Backend;
///
/// let backend: Backend = "flex".parse()?;
/// # if Backend::compiled().contains(&backend) {
/// let device = backend.device()?;
/// assert_eq!(Backend::of(&device)?, Backend::Flex);
/// # }
/// # Ok::<(), oneiric_core::DeviceError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// `burn-flex`: pure Rust on the CPU; the default.
    Flex,
    /// `burn-ndarray`: pure Rust on the CPU; deprecated by burn and much slower.
    NdArray,
    /// `burn-wgpu`: a GPU through Vulkan, Metal, DirectX or WebGPU.
    Wgpu,
}

impl Backend {
    const ALL: [Self; 3] = [Self::Flex, Self::NdArray, Self::Wgpu];

    /// Name of the cargo feature.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::NdArray => "ndarray",
            Self::Wgpu => "wgpu",
        }
    }

    /// Lists the backends that are compiled in, in order of preference.
    #[must_use]
    pub fn compiled() -> Vec<Self> {
        let is_compiled = |backend: &Self| match backend {
            Self::Flex => cfg!(feature = "flex"),
            Self::NdArray => cfg!(feature = "ndarray"),
            Self::Wgpu => cfg!(feature = "wgpu"),
        };
        Self::ALL.into_iter().filter(is_compiled).collect()
    }

    /// Returns true if tensors of this backend lie in the host's memory.
    #[must_use]
    pub const fn is_host(self) -> bool {
        matches!(self, Self::Flex | Self::NdArray)
    }

    /// Returns the backend of a device, with autodiff or without.
    ///
    /// # Errors
    ///
    /// Returns [`DeviceError::Foreign`] if oneiric was not built for the backend or does not know
    /// it, [`DeviceError::Precision`] if the device is configured for another precision than f32.
    pub fn of(device: &Device) -> Result<Self, DeviceError> {
        let backend = Self::find(device).ok_or_else(|| DeviceError::Foreign {
            device: format!("{device:?}"),
            compiled: Self::compiled(),
        })?;
        let precision = device.settings().float_dtype;
        if precision != FloatDType::F32 {
            return Err(DeviceError::Precision {
                device: format!("{device:?}"),
                precision: format!("{precision:?}"),
            });
        }
        Ok(backend)
    }

    fn find(device: &Device) -> Option<Self> {
        match device.clone().without_autodiff().as_dispatch() {
            #[cfg(feature = "flex")]
            DispatchDevice::Flex(_) => Some(Self::Flex),
            #[cfg(feature = "ndarray")]
            DispatchDevice::NdArray(_) => Some(Self::NdArray),
            // burn's `Cube` is the backend of CUDA, ROCm and others too.
            #[cfg(feature = "wgpu")]
            DispatchDevice::Cube(CubeDevice::Wgpu(_)) => Some(Self::Wgpu),
            #[allow(
                unreachable_patterns,
                reason = "reachable when burn has further backends on"
            )]
            _ => None,
        }
    }

    /// Opens the default device of this backend.
    ///
    /// # Errors
    ///
    /// Returns [`DeviceError::NotCompiled`] if the cargo feature is off, [`DeviceError::NoGpu`] if
    /// wgpu finds no adapter.
    pub fn device(self) -> Result<Device, DeviceError> {
        match self {
            #[cfg(feature = "flex")]
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "ndarray")]
            #[allow(
                deprecated,
                reason = "burn deprecates its ndarray backend, which 0.22 has to its end"
            )]
            Self::NdArray => Ok(Device::ndarray()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => wgpu::device(),
            #[allow(unreachable_patterns, reason = "reachable when a backend is left out")]
            backend => Err(DeviceError::NotCompiled {
                backend,
                compiled: Self::compiled(),
            }),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Backend {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        Self::ALL
            .into_iter()
            .find(|backend| backend.name() == name.to_ascii_lowercase())
            .ok_or_else(|| DeviceError::UnknownName {
                name: name.to_owned(),
            })
    }
}

/// Opens the default device of the first backend compiled in: flex, then ndarray, then wgpu.
///
/// burn's own `Device::default()` prefers a GPU and panics without any backend.
///
/// # Errors
///
/// Returns [`DeviceError::NoBackend`] if no backend is compiled in, or the error of
/// [`Backend::device`].
pub fn default_device() -> Result<Device, DeviceError> {
    Backend::compiled()
        .first()
        .ok_or(DeviceError::NoBackend)?
        .device()
}

/// Returns true if tensors on this device lie in the host's memory, where operations of the CPU
/// read them in place.
#[must_use]
pub fn is_host(device: &Device) -> bool {
    Backend::find(device).is_some_and(Backend::is_host)
}

#[cfg(feature = "wgpu")]
mod wgpu {
    use std::sync::OnceLock;

    use burn::tensor::{Device, DeviceKind, wgpu::WgpuInitError};

    use crate::DeviceError;

    /// Opens the default adapter once for the process, so that a machine without one gets an
    /// error here and not a panic in the first tensor operation.
    pub(super) fn device() -> Result<Device, DeviceError> {
        static ADAPTER: OnceLock<Result<(), String>> = OnceLock::new();
        let opened = ADAPTER.get_or_init(|| match Device::wgpu_options().init() {
            Ok(_) => Ok(()),
            // The program has started wgpu itself; `init` refuses to start it twice.
            Err(WgpuInitError::Registration { .. }) => Ok(()),
            Err(error) => Err(error.to_string()),
        });
        match opened {
            Ok(()) => Ok(Device::wgpu(DeviceKind::DefaultDevice)),
            Err(reason) => Err(DeviceError::NoGpu {
                reason: reason.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Backend;
    use crate::DeviceError;

    #[test]
    fn a_backend_is_named_by_its_feature() {
        for backend in Backend::ALL {
            let parsed: Backend = backend.name().parse().expect("a backend's own name");
            assert_eq!(parsed, backend);
        }
        let error = "cuda".parse::<Backend>().expect_err("not ours").to_string();
        assert!(error.contains("cuda") && error.contains("flex"), "{error}");
    }

    #[test]
    fn the_default_device_is_one_that_is_compiled_in() {
        match (Backend::compiled().first(), super::default_device()) {
            (Some(backend), Ok(device)) => {
                assert_eq!(Backend::of(&device).expect("ours"), *backend);
            }
            (None, Err(DeviceError::NoBackend)) | (Some(Backend::Wgpu), Err(_)) => {}
            other => panic!("{other:?}"),
        }
    }

    /// Runs in a process of its own, where neither Vulkan nor EGL finds a driver.
    #[cfg(feature = "wgpu")]
    #[test]
    fn a_machine_without_a_gpu_gets_an_error_that_says_what_to_do() {
        const CHILD: &str = "ONEIRIC_TEST_NO_GPU";
        if std::env::var_os(CHILD).is_some() {
            let error = Backend::Wgpu.device().expect_err("no driver").to_string();
            assert!(error.contains("mesa-vulkan-drivers"), "{error}");
            return;
        }
        let name = "device::tests::a_machine_without_a_gpu_gets_an_error_that_says_what_to_do";
        let status = std::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", name])
            .env(CHILD, "1")
            .env("VK_DRIVER_FILES", "/nonexistent")
            .env("VK_ICD_FILENAMES", "/nonexistent")
            .env("__EGL_VENDOR_LIBRARY_FILENAMES", "/nonexistent")
            .status();
        assert!(status.expect("a process").success());
    }

    /// Names devices without opening them, which takes a runtime that is linked.
    #[cfg(feature = "wgpu")]
    #[test]
    fn the_other_runtimes_behind_burns_cube_are_told_apart() {
        use burn::{
            backend::{CubeDevice, DeviceId, DispatchDevice, RuntimeId},
            tensor::Device,
        };
        let device = |runtime: RuntimeId| {
            let id = runtime.stamp(DeviceId::new(0, 0));
            Device::new(DispatchDevice::Cube(CubeDevice::from_id(id)))
        };
        let found = Backend::find(&device(RuntimeId::Wgpu));
        assert_eq!(found, Some(Backend::Wgpu));
        for runtime in [RuntimeId::Cuda, RuntimeId::Hip, RuntimeId::Metal] {
            let device = device(runtime);
            let error = Backend::of(&device).expect_err("not ours");
            assert!(matches!(error, DeviceError::Foreign { .. }), "{error}");
            assert!(error.to_string().contains(&format!("{runtime:?}")));
            assert!(!super::is_host(&device));
        }
    }

    #[test]
    fn a_backend_left_out_says_which_feature_is_missing() {
        for backend in Backend::ALL {
            if Backend::compiled().contains(&backend) {
                continue;
            }
            let error = backend.device().expect_err("not compiled in").to_string();
            assert!(error.contains(backend.name()), "{error}");
        }
    }
}
