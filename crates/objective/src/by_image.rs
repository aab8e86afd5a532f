//! A batch that is read image by image, at the price of one batch.
//!
//! The gradient of a slice is as large as what it was cut from, zeros but for the slice: to read
//! each of n images that way costs n batches of memory and time. Here the images' gradients meet in
//! one tensor instead, each written to its place.

#![allow(
    deprecated,
    reason = "burn deprecates its ndarray backend; users of it exist"
)]

use std::{
    any::Any,
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, TensorMetadata,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::{Slice, Tensor},
};

/// A batch [n, c, h, w] of which single images are read, each as a node of its own.
pub(crate) struct ByImage {
    batch: Tensor<4>,
    gathered: Gathered,
    /// Those that were read. Each is cut out once, so no gradient is written over another.
    images: BTreeMap<usize, Tensor<4>>,
}

impl ByImage {
    pub(crate) fn new(batch: Tensor<4>) -> Self {
        let gathered = Gathered::default();
        let batch = batch.into_dispatch();
        let batch = <Dispatch as SingleImages>::batch(batch, gathered.clone());
        Self {
            batch: Tensor::from_dispatch(batch),
            gathered,
            images: BTreeMap::new(),
        }
    }

    /// The image of that number, [1, c, h, w].
    pub(crate) fn image(&mut self, index: usize) -> Tensor<4> {
        let image = self.images.entry(index).or_insert_with(|| {
            let batch = self.batch.clone().into_dispatch();
            let image = <Dispatch as SingleImages>::image(batch, index, self.gathered.clone());
            Tensor::from_dispatch(image)
        });
        image.clone()
    }
}

/// The gradient of the batch while those of its images come in, a tensor of whatever backend.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gathered(Arc<Mutex<Option<Box<dyn Any + Send>>>>);

impl Gathered {
    fn take<B: Backend>(&self) -> Option<FloatTensor<B>> {
        let mut gradient = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gradient = gradient.take()?.downcast();
        Some(*gradient.expect("a graph is of one backend"))
    }

    fn put<B: Backend>(&self, gradient: FloatTensor<B>) {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(Box::new(gradient));
    }
}

#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "wgpu"),
    Autodiff
)]
pub(crate) trait SingleImages: Backend {
    /// The batch as it is; its gradient is what its images gathered.
    fn batch(batch: FloatTensor<Self>, _gathered: Gathered) -> FloatTensor<Self> {
        batch
    }

    /// One image of it; its gradient goes to the others'.
    fn image(batch: FloatTensor<Self>, index: usize, _gathered: Gathered) -> FloatTensor<Self> {
        let place = place(index, batch.shape().dims());
        Self::float_slice(batch, &place)
    }
}

#[cfg(feature = "flex")]
impl SingleImages for burn::backend::Flex {}
#[cfg(feature = "ndarray")]
impl SingleImages for burn::backend::NdArray {}
// `Cube` is burn's alias of what wgpu runs on, with or without fusion.
#[cfg(feature = "wgpu")]
impl SingleImages for burn::backend::Cube {}

fn place(index: usize, [_, c, h, w]: [usize; 4]) -> [Slice; 4] {
    [index..index + 1, 0..c, 0..h, 0..w].map(Slice::from)
}

#[derive(Debug)]
struct BatchBackward;

impl<B: Backend> Backward<B, 1> for BatchBackward {
    type State = Gathered;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [parent] = ops.parents;
        if let Some((parent, gradient)) = parent.zip(ops.state.take::<B>()) {
            grads.register::<B>(parent.id, gradient);
        }
    }
}

#[derive(Debug)]
struct ImageBackward;

impl<B: Backend> Backward<B, 1> for ImageBackward {
    /// Where the gradient goes, the image's number and the shape of the batch.
    type State = (Gathered, usize, [usize; 4]);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let (gathered, index, shape) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let batch = gathered.take::<B>().unwrap_or_else(|| {
            let (device, dtype) = (gradient.device(), gradient.dtype().into());
            B::float_zeros(shape.into(), &device, dtype)
        });
        let batch = B::float_slice_assign(batch, &place(index, shape), gradient);
        gathered.put::<B>(batch);
    }
}

impl<B: Backend + SingleImages, C: CheckpointStrategy> SingleImages for Autodiff<B, C> {
    fn batch(batch: FloatTensor<Self>, gathered: Gathered) -> FloatTensor<Self> {
        let node = batch.node();
        let batch = batch.into_primitive();
        match BatchBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(gathered, batch),
            OpsKind::UnTracked(prep) => prep.finish(batch),
        }
    }

    fn image(batch: FloatTensor<Self>, index: usize, gathered: Gathered) -> FloatTensor<Self> {
        let node = batch.node();
        let shape = batch.shape().dims();
        let image = B::image(batch.into_primitive(), index, gathered.clone());
        match ImageBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((gathered, index, shape), image),
            OpsKind::UnTracked(prep) => prep.finish(image),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ByImage;
    use burn::tensor::Tensor;
    use oneiric_testkit::{Array, Tolerance, assert_close, devices};

    #[test]
    fn the_gradient_is_that_of_slices() {
        let batch = Array::noise([4, 2, 3, 2], 1);
        let weights = Array::noise([1, 2, 3, 2], 2);
        for (backend, device) in devices() {
            let gradient = |image: &mut dyn FnMut(&Tensor<4>, usize) -> Tensor<4>| {
                let x = batch.tensor::<4>(&device).autodiff().require_grad();
                let inner = x.clone() * 2.0;
                let weights = weights.tensor::<4>(&device);
                // Image 1 twice, image 2 never, and the batch itself beside them.
                let parts = [3, 1, 0, 1].map(|index| image(&inner, index) * weights.clone());
                let [a, b, c, d] = parts.map(|part| (part.clone() * part).sum());
                let value = a * b + c + d * 3.0 + inner.square().sum();
                let mut gradients = value.backward();
                Array::of(x.grad_remove(&mut gradients).expect("a gradient"))
            };
            let expected = gradient(&mut |batch, index| batch.clone().narrow(0, index, 1));
            let mut by_image = None;
            let actual = gradient(&mut |batch, index| {
                let by_image = by_image.get_or_insert_with(|| ByImage::new(batch.clone()));
                by_image.image(index)
            });
            assert_close(backend.name(), &actual, &expected, Tolerance::ARITHMETIC);
        }
    }

    #[test]
    fn constants_have_images_too() {
        let batch = Array::noise([2, 1, 1, 3], 1);
        for (backend, device) in devices() {
            let mut images = ByImage::new(batch.tensor::<4>(&device));
            let image = Array::of(images.image(1));
            assert_eq!(image.values, batch.values[3..], "{backend}");
        }
    }
}
