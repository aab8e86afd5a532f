//! The two-dimensional real Fourier transform and its inverse, of any size, differentiable.
//!
//! On the CPU backends rustfft computes them (`kernel.rs`, of which `host.rs` makes operations with
//! gradients). Elsewhere they are products with the matrices of the transform, which stay on the
//! device forward and backward (`device.rs`).

mod device;
mod host;
mod kernel;

use burn::tensor::{Device, Tensor};
use oneiric_core::Backend;

use crate::ParamError;
use device::DftMatrices;
use host::HostPlan;

/// A plan for images of one size on one device. Making it costs about as much as using it once.
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
    way: Way,
}

/// How the transforms are computed.
#[derive(Debug, Clone)]
enum Way {
    Host(HostPlan),
    Device(Box<DftMatrices>),
}

impl Fft2 {
    /// A plan for images of that size.
    ///
    /// # Errors
    ///
    /// When a side is 0 or the device cannot be used.
    pub fn new(height: usize, width: usize, device: &Device) -> Result<Self, ParamError> {
        Self::scaled(height, width, device, |_, _| 1.0)
    }

    /// A plan for spectra whose coefficient in row `k` and column `l` is to be multiplied by
    /// `scale(k, l)` before it makes an image; [`rfft2`](Self::rfft2) divides by it.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
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
        let way = Way::new([height, width], &scale, device)?;
        Ok(Self {
            height,
            width,
            device: device.clone().without_autodiff(),
            way,
        })
    }

    /// Inverse real transform: a half spectrum [n, c, height, width / 2 + 1, 2], real and
    /// imaginary part last, to images [n, c, height, width]; normalised by 1 / (height * width).
    ///
    /// As in NumPy and PyTorch, the missing half of the spectrum is the conjugate of the given
    /// one, and the imaginary part of what cannot be imaginary is ignored.
    ///
    /// The gradient with respect to the spectrum is the adjoint: the forward transform of the
    /// incoming gradient over height * width, doubled in the columns that stand for two conjugate
    /// coefficients.
    ///
    /// # Errors
    ///
    /// [`ParamError::PlanSize`] for a spectrum of another size, [`ParamError::PlanDevice`] for one
    /// on another device.
    pub fn irfft2(&self, spectrum: Tensor<5>) -> Result<Tensor<4>, ParamError> {
        self.check_device(&spectrum.device())?;
        let [_, _, height, half, parts] = spectrum.dims();
        if [height, half, parts] != [self.height, self.width / 2 + 1, 2] {
            return Err(self.wrong_size(&spectrum.dims()));
        }
        Ok(self.irfft2_unchecked(spectrum))
    }

    /// Real transform, not normalised: images [n, c, height, width] to their half spectrum
    /// [n, c, height, width / 2 + 1, 2], real and imaginary part last. Differentiable.
    ///
    /// # Errors
    ///
    /// [`ParamError::PlanSize`] for images of another size, [`ParamError::PlanDevice`] for some on
    /// another device.
    pub fn rfft2(&self, images: Tensor<4>) -> Result<Tensor<5>, ParamError> {
        self.check_device(&images.device())?;
        let [_, _, height, width] = images.dims();
        if [height, width] != [self.height, self.width] {
            return Err(self.wrong_size(&images.dims()));
        }
        Ok(match &self.way {
            Way::Host(plan) => plan.rfft2(images),
            Way::Device(matrices) => matrices.rfft2(images),
        })
    }

    /// [`irfft2`](Self::irfft2) of a spectrum whose size is known to be right.
    pub(crate) fn irfft2_unchecked(&self, spectrum: Tensor<5>) -> Tensor<4> {
        match &self.way {
            Way::Host(plan) => plan.irfft2(spectrum),
            Way::Device(matrices) => matrices.irfft2(spectrum),
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

impl Way {
    /// `scale` is that of every coefficient, row by row.
    fn new(size: [usize; 2], scale: &[f64], device: &Device) -> Result<Self, ParamError> {
        if Backend::of(device)?.is_host() {
            return Ok(Self::Host(HostPlan::new(size, scale)));
        }
        let device = device.clone().without_autodiff();
        let matrices = DftMatrices::new(size, scale, &device);
        Ok(Self::Device(Box::new(matrices)))
    }
}

/// [`Fft2::irfft2`] without a plan kept: `width` tells whether the images are
/// `2 * (columns - 1)` wide or one wider.
///
/// # Errors
///
/// When the spectrum is not one of images that wide, or the device cannot be used.
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

/// [`Fft2::rfft2`] without a plan kept.
///
/// # Errors
///
/// When the images are empty or the device cannot be used.
pub fn rfft2(images: Tensor<4>) -> Result<Tensor<5>, ParamError> {
    let [_, _, height, width] = images.dims();
    Fft2::new(height, width, &images.device())?.rfft2(images)
}

/// How many coefficients of the whole spectrum each column of the half spectrum stands for:
/// itself, or itself and its conjugate.
fn multiplicity(column: usize, width: usize) -> u8 {
    if column == 0 || 2 * column == width {
        1
    } else {
        2
    }
}
