//! The two-dimensional real Fourier transform and its inverse, of any size, differentiable.
//!
//! On the CPU backends rustfft computes them (`kernel.rs`); `host.rs` adds their gradients. On
//! other devices they are products with the matrices of the transform, which stay on the device
//! forward and backward (`device.rs`).

mod device;
mod host;
mod kernel;

use burn::tensor::{Device, Tensor};
use oneiric_core::Backend;

use crate::ParamError;
use device::DftMatrices;
use host::HostPlan;

/// A plan of the transforms for images of one size on one device. Making a plan costs about as much
/// as using it once.
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::{Device, Distribution, Tensor};
/// use oneiric_param::Fft2;
///
/// let device = Device::flex();
/// let plan = Fft2::new(15, 20, &device)?;
/// let image = Tensor::<4>::random([1, 3, 15, 20], Distribution::Default, &device);
/// let spectrum = plan.rfft2(image.clone())?;
/// assert_eq!(spectrum.dims(), [1, 3, 15, 11, 2]);
/// let back = plan.irfft2(spectrum)?;
/// assert!((back - image).abs().max().into_scalar::<f32>() < 1e-5);
/// # }
/// # Ok::<(), oneiric_param::ParamError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Fft2 {
    height: usize,
    width: usize,
    device: Device,
    method: Method,
}

/// The implementation of the transforms, by device.
#[derive(Debug, Clone)]
enum Method {
    Host(HostPlan),
    Device(Box<DftMatrices>),
}

impl Fft2 {
    /// Creates a plan for images of a size.
    ///
    /// # Errors
    ///
    /// Returns [`ParamError`] if a side is 0 or the device cannot be used.
    pub fn new(height: usize, width: usize, device: &Device) -> Result<Self, ParamError> {
        Self::scaled(height, width, device, |_, _| 1.0)
    }

    /// Creates a plan with scaled spectra: [`irfft2`](Self::irfft2) multiplies the coefficient in
    /// row `k` and column `l` by `scale(k, l)` first, and [`rfft2`](Self::rfft2) divides by it
    /// last.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`new`](Self::new).
    pub(crate) fn scaled(
        height: usize,
        width: usize,
        device: &Device,
        scale: impl Fn(usize, usize) -> f64,
    ) -> Result<Self, ParamError> {
        if width == 0 || height == 0 {
            return Err(ParamError::EmptyImage { width, height });
        }
        let half = width / 2 + 1;
        let scale: Vec<f64> = (0..height * half)
            .map(|at| scale(at / half, at % half))
            .collect();
        let method = Method::new([height, width], &scale, device)?;
        Ok(Self {
            height,
            width,
            device: device.clone().without_autodiff(),
            method,
        })
    }

    /// Inverse real transform of a half spectrum [n, c, height, width / 2 + 1, 2], real and
    /// imaginary part last, to images [n, c, height, width]. Normalized by `1 / (height * width)`.
    ///
    /// The conventions are those of NumPy and PyTorch: the missing half of the spectrum is the
    /// conjugate of the given one, and imaginary parts of coefficients that must be real are
    /// ignored.
    ///
    /// The gradient with respect to the spectrum is the adjoint: the forward transform of the
    /// incoming gradient, divided by `height * width` and doubled in the columns that stand for two
    /// conjugate coefficients.
    ///
    /// # Errors
    ///
    /// Returns [`ParamError::PlanSize`] if the spectrum has another size than the plan, and
    /// [`ParamError::PlanDevice`] if it is on another device.
    pub fn irfft2(&self, spectrum: Tensor<5>) -> Result<Tensor<4>, ParamError> {
        self.check_device(&spectrum.device())?;
        let [_, _, height, half, parts] = spectrum.dims();
        if [height, half, parts] != [self.height, self.width / 2 + 1, 2] {
            return Err(self.wrong_size(&spectrum.dims()));
        }
        Ok(self.irfft2_unchecked(spectrum))
    }

    /// Real transform of images [n, c, height, width] to their half spectrum
    /// [n, c, height, width / 2 + 1, 2], real and imaginary part last. Not normalized.
    /// Differentiable.
    ///
    /// # Errors
    ///
    /// Returns [`ParamError::PlanSize`] if the images have another size than the plan, and
    /// [`ParamError::PlanDevice`] if they are on another device.
    pub fn rfft2(&self, images: Tensor<4>) -> Result<Tensor<5>, ParamError> {
        self.check_device(&images.device())?;
        let [_, _, height, width] = images.dims();
        if [height, width] != [self.height, self.width] {
            return Err(self.wrong_size(&images.dims()));
        }
        Ok(match &self.method {
            Method::Host(plan) => plan.rfft2(images),
            Method::Device(matrices) => matrices.rfft2(images),
        })
    }

    /// Computes [`irfft2`](Self::irfft2) of a spectrum whose size and device were checked.
    pub(crate) fn irfft2_unchecked(&self, spectrum: Tensor<5>) -> Tensor<4> {
        match &self.method {
            Method::Host(plan) => plan.irfft2(spectrum),
            Method::Device(matrices) => matrices.irfft2(spectrum),
        }
    }

    fn check_device(&self, device: &Device) -> Result<(), ParamError> {
        if *device == self.device {
            return Ok(());
        }
        Err(ParamError::PlanDevice {
            plan: format!("{:?}", self.device),
            found: format!("{device:?}"),
        })
    }

    fn wrong_size(&self, found: &[usize]) -> ParamError {
        ParamError::PlanSize {
            width: self.width,
            height: self.height,
            found: found.to_vec(),
        }
    }
}

impl Method {
    /// Chooses the implementation for a device. The scale of each coefficient is given row by row.
    fn new(size: [usize; 2], scale: &[f64], device: &Device) -> Result<Self, ParamError> {
        if Backend::of(device)?.is_host() {
            return Ok(Self::Host(HostPlan::new(size, scale)));
        }
        let device = device.clone().without_autodiff();
        let matrices = DftMatrices::new(size, scale, &device);
        Ok(Self::Device(Box::new(matrices)))
    }
}

/// Computes [`Fft2::irfft2`] with a plan for one use. A half spectrum fits two widths of images,
/// `2 * (columns - 1)` and one more; `width` decides between them.
///
/// # Errors
///
/// Returns [`ParamError`] if the spectrum does not fit images of this width, or the device cannot
/// be used.
pub fn irfft2(spectrum: Tensor<5>, width: usize) -> Result<Tensor<4>, ParamError> {
    let [_, _, height, half, parts] = spectrum.dims();
    if width == 0 || [half, parts] != [width / 2 + 1, 2] {
        return Err(ParamError::SpectrumShape {
            width,
            found: spectrum.dims(),
        });
    }
    Fft2::new(height, width, &spectrum.device())?.irfft2(spectrum)
}

/// Computes [`Fft2::rfft2`] with a plan for one use.
///
/// # Errors
///
/// Returns [`ParamError`] if the images are empty or the device cannot be used.
pub fn rfft2(images: Tensor<4>) -> Result<Tensor<5>, ParamError> {
    let [_, _, height, width] = images.dims();
    Fft2::new(height, width, &images.device())?.rfft2(images)
}

/// Returns the number of coefficients of the whole spectrum for which a column of the half spectrum
/// stands: 1, or 2 with the conjugate.
fn multiplicity(column: usize, width: usize) -> u8 {
    if column == 0 || 2 * column == width {
        1
    } else {
        2
    }
}
