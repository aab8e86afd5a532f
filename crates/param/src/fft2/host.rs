//! The transform as an operation of the CPU backends with its gradient.

#![allow(
    deprecated,
    reason = "burn deprecates its ndarray backend; users of it exist"
)]

use std::sync::Arc;

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
use oneiric_core::with_host;

use super::kernel::{self, Weights};

/// The weights of both ways.
#[derive(Debug, Clone)]
pub(super) struct HostPlan {
    to_images: Arc<Weights>,
    to_spectra: Arc<Weights>,
}

impl HostPlan {
    /// `scale` is that of every coefficient, row by row.
    pub(super) fn new(size: [usize; 2], scale: &[f64]) -> Self {
        let area = (size[0] * size[1]) as f64;
        let forward = scale.iter().map(|scale| (scale / area) as f32).collect();
        let back = scale.iter().map(|scale| scale.recip() as f32).collect();
        Self {
            to_images: Arc::new(Weights::to_images(size, forward)),
            to_spectra: Arc::new(Weights::to_spectra(size, back)),
        }
    }

    /// [n, c, h, half, 2] to [n, c, h, w].
    pub(super) fn irfft2(&self, spectra: Tensor<5>) -> Tensor<4> {
        let (spectra, weights) = (spectra.into_dispatch(), self.to_images.clone());
        Tensor::from_dispatch(<Dispatch as HostFourier>::to_images(spectra, weights))
    }

    /// [n, c, h, w] to [n, c, h, half, 2].
    pub(super) fn rfft2(&self, images: Tensor<4>) -> Tensor<5> {
        let (images, weights) = (images.into_dispatch(), self.to_spectra.clone());
        Tensor::from_dispatch(<Dispatch as HostFourier>::to_spectra(images, weights))
    }
}

#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Autodiff
)]
pub(crate) trait HostFourier: Backend {
    fn to_images(spectra: FloatTensor<Self>, weights: Arc<Weights>) -> FloatTensor<Self> {
        to_images_on_host::<Self>(spectra, weights.size(), weights.values())
    }

    fn to_spectra(images: FloatTensor<Self>, weights: Arc<Weights>) -> FloatTensor<Self> {
        to_spectra_on_host::<Self>(images, weights.size(), weights.values())
    }
}

#[cfg(feature = "flex")]
impl HostFourier for burn::backend::Flex {}
#[cfg(feature = "ndarray")]
impl HostFourier for burn::backend::NdArray {}

fn to_images_on_host<B: Backend>(
    spectra: FloatTensor<B>,
    size: [usize; 2],
    weights: &[f32],
) -> FloatTensor<B> {
    let device = spectra.device();
    let [n, c, _, _, _] = spectra.shape().dims();
    let images = with_host::<B, _>(spectra, |spectra| kernel::to_images(spectra, weights, size));
    B::float_from_data(TensorData::new(images, [n, c, size[0], size[1]]), &device)
}

fn to_spectra_on_host<B: Backend>(
    images: FloatTensor<B>,
    size: [usize; 2],
    weights: &[f32],
) -> FloatTensor<B> {
    let device = images.device();
    let [n, c, height, width] = images.shape().dims();
    let spectra = with_host::<B, _>(images, |images| kernel::to_spectra(images, weights, size));
    let shape = [n, c, height, width / 2 + 1, 2];
    B::float_from_data(TensorData::new(spectra, shape), &device)
}

/// Gradient of `to_images`: the adjoint.
#[derive(Debug)]
struct ToImagesBackward;

impl<B: Backend> Backward<B, 1> for ToImagesBackward {
    type State = Arc<Weights>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let weights = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |grad| {
            to_spectra_on_host::<B>(grad, weights.size(), weights.adjoint())
        });
    }
}

/// Gradient of `to_spectra`: the adjoint.
#[derive(Debug)]
struct ToSpectraBackward;

impl<B: Backend> Backward<B, 1> for ToSpectraBackward {
    type State = Arc<Weights>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let weights = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |grad| {
            to_images_on_host::<B>(grad, weights.size(), weights.adjoint())
        });
    }
}

impl<B: Backend + HostFourier, C: CheckpointStrategy> HostFourier for Autodiff<B, C> {
    fn to_images(spectra: FloatTensor<Self>, weights: Arc<Weights>) -> FloatTensor<Self> {
        let node = spectra.node();
        let images = B::to_images(spectra.into_primitive(), weights.clone());
        match ToImagesBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(weights, images),
            OpsKind::UnTracked(prep) => prep.finish(images),
        }
    }

    fn to_spectra(images: FloatTensor<Self>, weights: Arc<Weights>) -> FloatTensor<Self> {
        let node = images.node();
        let spectra = B::to_spectra(images.into_primitive(), weights.clone());
        match ToSpectraBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(weights, spectra),
            OpsKind::UnTracked(prep) => prep.finish(spectra),
        }
    }
}
