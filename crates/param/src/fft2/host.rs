//! The transform by rustfft, as an operation of the CPU backends with its gradient.

#![allow(
    deprecated,
    reason = "burn deprecates its ndarray backend; users of it exist"
)]

use std::cell::RefCell;

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, TensorMetadata,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind, unary},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::{Tensor, TensorData},
};
use oneiric_core::read_host;
use realfft::RealFftPlanner;
use rustfft::{FftPlanner, num_complex::Complex32};

use super::multiplicity;

/// Both planners keep the plans they made, by length.
struct Planners {
    complex: FftPlanner<f32>,
    real: RealFftPlanner<f32>,
}

thread_local! {
    static PLANNERS: RefCell<Planners> = RefCell::new(Planners {
        complex: FftPlanner::new(),
        real: RealFftPlanner::new(),
    });
}

/// [n, c, h, half, 2] to [n, c, h, width].
pub(super) fn irfft2(spectrum: Tensor<5>, width: usize) -> Tensor<4> {
    let spectrum = spectrum.into_dispatch();
    Tensor::from_dispatch(<Dispatch as HostFourier>::irfft2(spectrum, width))
}

/// [n, c, h, w] to [n, c, h, half, 2].
pub(super) fn rfft2(images: Tensor<4>) -> Tensor<5> {
    Tensor::from_dispatch(<Dispatch as HostFourier>::rfft2(images.into_dispatch()))
}

#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Autodiff
)]
pub(crate) trait HostFourier: Backend {
    fn irfft2(spectrum: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
        irfft2_on_host::<Self>(spectrum, width, |_| 1.0)
    }

    fn rfft2(images: FloatTensor<Self>) -> FloatTensor<Self> {
        rfft2_on_host::<Self>(images, |_| 1.0)
    }
}

#[cfg(feature = "flex")]
impl HostFourier for burn::backend::Flex {}
#[cfg(feature = "ndarray")]
impl HostFourier for burn::backend::NdArray {}

/// `column_scale` multiplies each column of the spectrum before the transform.
fn irfft2_on_host<B: Backend>(
    spectrum: FloatTensor<B>,
    width: usize,
    column_scale: impl Fn(usize) -> f32,
) -> FloatTensor<B> {
    let device = spectrum.device();
    let [n, c, h, half, _] = spectrum.shape().dims();
    let values = read_host::<B>(spectrum);
    let mut images = vec![0.0_f32; n * c * h * width];
    PLANNERS.with_borrow_mut(|planners| {
        let along_y = planners.complex.plan_fft_inverse(h);
        let along_x = planners.real.plan_fft_inverse(width);
        let mut columns = vec![Complex32::default(); half * h];
        let mut row = along_x.make_input_vec();
        let mut scratch = vec![Complex32::default(); along_y.get_inplace_scratch_len()];
        let mut row_scratch = along_x.make_scratch_vec();
        let normalisation = 1.0 / (h * width) as f32;
        let planes = values
            .chunks_exact(h * half * 2)
            .zip(images.chunks_exact_mut(h * width));
        for (spectrum, image) in planes {
            for l in 0..half {
                let scale = column_scale(l) * normalisation;
                for k in 0..h {
                    let at = (k * half + l) * 2;
                    columns[l * h + k] = Complex32::new(spectrum[at], spectrum[at + 1]) * scale;
                }
            }
            along_y.process_with_scratch(&mut columns, &mut scratch);
            for (y, image_row) in image.chunks_exact_mut(width).enumerate() {
                for (l, value) in row.iter_mut().enumerate() {
                    *value = columns[l * h + y];
                    // Their own mirror image: the imaginary part stands for nothing.
                    if multiplicity(l, width) == 1 {
                        value.im = 0.0;
                    }
                }
                along_x
                    .process_with_scratch(&mut row, image_row, &mut row_scratch)
                    .expect("the buffers are the plan's own");
            }
        }
    });
    B::float_from_data(TensorData::new(images, [n, c, h, width]), &device)
}

/// `column_scale` multiplies each column of the spectrum after the transform.
fn rfft2_on_host<B: Backend>(
    images: FloatTensor<B>,
    column_scale: impl Fn(usize) -> f32,
) -> FloatTensor<B> {
    let device = images.device();
    let [n, c, h, width] = images.shape().dims();
    let half = width / 2 + 1;
    let mut values = read_host::<B>(images);
    let mut spectra = vec![0.0_f32; n * c * h * half * 2];
    PLANNERS.with_borrow_mut(|planners| {
        let along_y = planners.complex.plan_fft_forward(h);
        let along_x = planners.real.plan_fft_forward(width);
        let mut columns = vec![Complex32::default(); half * h];
        let mut row = along_x.make_output_vec();
        let mut scratch = vec![Complex32::default(); along_y.get_inplace_scratch_len()];
        let mut row_scratch = along_x.make_scratch_vec();
        let planes = values
            .chunks_exact_mut(h * width)
            .zip(spectra.chunks_exact_mut(h * half * 2));
        for (image, spectrum) in planes {
            for (y, image_row) in image.chunks_exact_mut(width).enumerate() {
                along_x
                    .process_with_scratch(image_row, &mut row, &mut row_scratch)
                    .expect("the buffers are the plan's own");
                for (l, value) in row.iter().enumerate() {
                    columns[l * h + y] = *value;
                }
            }
            along_y.process_with_scratch(&mut columns, &mut scratch);
            for l in 0..half {
                let scale = column_scale(l);
                for k in 0..h {
                    let value = columns[l * h + k] * scale;
                    let at = (k * half + l) * 2;
                    spectrum[at] = value.re;
                    spectrum[at + 1] = value.im;
                }
            }
        }
    });
    B::float_from_data(TensorData::new(spectra, [n, c, h, half, 2]), &device)
}

/// Gradient of `irfft2`: the adjoint, so the forward transform over h w, doubled where a column
/// stands for two.
#[derive(Debug)]
struct Irfft2Backward;

impl<B: Backend> Backward<B, 1> for Irfft2Backward {
    type State = ();

    fn backward(self, ops: Ops<(), 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, grads, |grad| {
            let [_, _, h, w] = grad.shape().dims();
            rfft2_on_host::<B>(grad, |l| f32::from(multiplicity(l, w)) / (h * w) as f32)
        });
    }
}

/// Gradient of `rfft2`: its adjoint, so the inverse transform times h w, halved where a column
/// stands for two.
#[derive(Debug)]
struct Rfft2Backward;

impl<B: Backend> Backward<B, 1> for Rfft2Backward {
    /// Width of the images.
    type State = usize;

    fn backward(self, ops: Ops<usize, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        unary::<B, _>(ops.parents, ops.node, grads, |grad| {
            let width = ops.state;
            let [_, _, h, _, _] = grad.shape().dims();
            irfft2_on_host::<B>(grad, width, |l| {
                (h * width) as f32 / f32::from(multiplicity(l, width))
            })
        });
    }
}

impl<B: Backend + HostFourier, C: CheckpointStrategy> HostFourier for Autodiff<B, C> {
    fn irfft2(spectrum: FloatTensor<Self>, width: usize) -> FloatTensor<Self> {
        let node = spectrum.node();
        let images = B::irfft2(spectrum.into_primitive(), width);
        match Irfft2Backward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((), images),
            OpsKind::UnTracked(prep) => prep.finish(images),
        }
    }

    fn rfft2(images: FloatTensor<Self>) -> FloatTensor<Self> {
        let node = images.node();
        let [_, _, _, width] = images.shape().dims();
        let spectra = B::rfft2(images.into_primitive());
        match Rfft2Backward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(width, spectra),
            OpsKind::UnTracked(prep) => prep.finish(spectra),
        }
    }
}
