//! A tensor that is read part by part, at the price of one.
//!
//! burn's gradient of a slice is as large as what it was cut from, zeros but for the slice: reading
//! each of n parts that way costs n whole tensors of memory and time. Here the gradients of the
//! parts are written to their places in one.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use burn::{
    backend::{
        Backend, TensorMetadata,
        autodiff::{
            checkpoint::base::Checkpointer,
            grads::Gradients,
            ops::{Backward, NodeGuard, Ops},
        },
    },
    tensor::{Slice, Tensor},
};

use crate::{
    backends::on_backend,
    gradient::{attach, custom_gradient, split},
};

/// A tensor of which disjoint parts are read, each as a node of its own.
#[derive(Debug)]
pub struct Parts<const D: usize> {
    /// A node that nothing but the parts depends on, so its gradient is theirs alone.
    whole: Tensor<D>,
    /// True once the gradient of the whole holds that of a part.
    begun: Arc<AtomicBool>,
    /// Places of the parts that were read.
    read: Vec<[Range<usize>; D]>,
}

impl<const D: usize> Parts<D> {
    /// Prepares a tensor to be read part by part.
    #[must_use]
    pub fn new(tensor: Tensor<D>) -> Self {
        Self {
            whole: custom_gradient(tensor, |tensor| (tensor, |gradient| gradient)),
            begun: Arc::default(),
            read: Vec::new(),
        }
    }

    /// Cuts out the part at those places along each axis, differentiably.
    ///
    /// # Panics
    ///
    /// Panics if the part overlaps one that was read before or reaches beyond the tensor.
    #[must_use]
    pub fn part(&mut self, places: [Range<usize>; D]) -> Tensor<D> {
        let overlaps = |read: &[Range<usize>; D]| {
            let mut axes = read.iter().zip(&places);
            axes.all(|(a, b)| a.start.max(b.start) < a.end.min(b.end))
        };
        assert!(
            !self.read.iter().any(overlaps),
            "{places:?} overlaps a part of {:?}",
            self.read
        );
        self.read.push(places.clone());
        let whole = self.whole.clone();
        let Some(strategy) = whole.gradient_checkpointing_strategy() else {
            return whole.slice(places);
        };
        let place = Place {
            shape: whole.dims(),
            slices: places.clone().map(Slice::from),
            begun: Arc::clone(&self.begun),
        };
        let device = whole.device();
        let (whole, node): (Tensor<D>, NodeGuard) =
            on_backend!(device, strategy, |B, C| split::<B, C, D>(whole));
        let part = whole.slice(places);
        on_backend!(device, strategy, |B, C| attach::<B, C, _, 1, D>(
            PartBackward,
            place,
            [node],
            part
        ))
    }
}

/// Position of a part in its whole.
#[derive(Debug, Clone)]
struct Place<const D: usize> {
    shape: [usize; D],
    slices: [Slice; D],
    begun: Arc<AtomicBool>,
}

#[derive(Debug)]
struct PartBackward<const D: usize>;

impl<B: Backend, const D: usize> Backward<B, 1> for PartBackward<D> {
    type State = Place<D>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let [Some(whole)] = ops.parents else {
            return;
        };
        let Place {
            shape,
            slices,
            begun,
        } = ops.state;
        let part = grads.consume::<B>(&ops.node);
        // Taken out and put back rather than added to, so it is written to in place.
        let gradient = if begun.swap(true, Ordering::Relaxed) {
            grads.consume::<B>(&whole)
        } else {
            B::float_zeros(shape.into(), &part.device(), part.dtype().into())
        };
        let gradient = B::float_slice_assign(gradient, &slices, part);
        grads.register::<B>(whole.id, gradient);
    }
}
