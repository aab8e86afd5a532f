//! ReLU, and Lucid's redirected gradient of it.

#![allow(
    deprecated,
    reason = "burn deprecates its ndarray backend; users of it exist"
)]

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, TensorMetadata,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind, unary},
        },
        backend_extension, get_or_init_device_settings,
        tensor::FloatTensor,
    },
    tensor::{Shape, Tensor, activation},
};

use crate::ReluGradient;

/// ReLU with one or the other gradient.
pub(crate) fn relu(x: Tensor<4>, gradient: ReluGradient) -> Tensor<4> {
    match gradient {
        ReluGradient::Plain => activation::relu(x),
        ReluGradient::Redirected => redirected_relu(x),
    }
}

/// ReLU whose gradient lets dead units wake up.
///
/// Forward it is max(x, 0). Backward, with g the gradient of a loss that is to be **minimised**
/// with respect to the output, the plain gradient is 0 where x <= 0 and g elsewhere. For an item
/// of the batch whose plain gradient is 0 everywhere in this layer, the gradient is instead 0
/// only where x <= 0 and g > 0: what would push a dead unit further down stays blocked, what would
/// raise it passes.
///
/// Source: Lucid, `misc/redirected_relu_grad.py` (Apache-2.0), described in its module
/// documentation; the formula is restated here, per item of the batch as there. At exactly 0 Lucid
/// passes the plain gradient; here it is blocked, as in every framework's ReLU.
#[must_use]
pub fn redirected_relu(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as RedirectedRelu>::redirected_relu(
        x.into_dispatch(),
    ))
}

/// The operation as a backend extension: every backend computes the plain ReLU, and the autodiff
/// decorator puts its own gradient on top.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "wgpu"),
    Autodiff
)]
pub(crate) trait RedirectedRelu: Backend {
    fn redirected_relu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::relu(x)
    }
}

#[cfg(feature = "flex")]
impl RedirectedRelu for burn::backend::Flex {}
#[cfg(feature = "ndarray")]
impl RedirectedRelu for burn::backend::NdArray {}
// `Cube` is burn's alias of what wgpu runs on, with or without fusion.
#[cfg(feature = "wgpu")]
impl RedirectedRelu for burn::backend::Cube {}

#[derive(Debug)]
struct RedirectedReluBackward;

impl<B: Backend> Backward<B, 1> for RedirectedReluBackward {
    /// The input of the forward pass, [n, c, h, w].
    type State = FloatTensor<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        unary::<B, _>(ops.parents, ops.node, grads, |grad| {
            redirect::<B>(ops.state, grad)
        });
    }
}

fn redirect<B: Backend>(x: FloatTensor<B>, grad: FloatTensor<B>) -> FloatTensor<B> {
    let bool_dtype = get_or_init_device_settings::<B>(&x.device()).bool_dtype;
    let shape = x.shape();
    let items = shape[0];
    let values_per_item = shape.num_elements() / items.max(1);

    let negative = B::float_lower_equal_elem(x, 0.0.into(), bool_dtype);
    let pushes_down = B::float_greater_elem(grad.clone(), 0.0.into(), bool_dtype);
    let plain = B::float_mask_fill(grad.clone(), negative.clone(), 0.0.into());
    let redirected = B::float_mask_fill(grad, B::bool_and(negative, pushes_down), 0.0.into());

    let magnitude = B::float_abs(plain.clone());
    let magnitude = B::float_reshape(magnitude, Shape::from([items, values_per_item]));
    let magnitude = B::float_sum_dim(magnitude, 1);
    let magnitude = B::float_reshape(magnitude, Shape::from([items, 1, 1, 1]));
    let dead = B::float_equal_elem(magnitude, 0.0.into(), bool_dtype);
    B::float_mask_where(plain, B::bool_expand(dead, shape), redirected)
}

impl<B: Backend, C: CheckpointStrategy> RedirectedRelu for Autodiff<B, C> {
    fn redirected_relu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let node = x.node();
        let x = x.into_primitive();
        let y = B::relu(x.clone());
        match RedirectedReluBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(x, y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::redirected_relu;
    use oneiric_testkit::{Array, devices};

    /// The gradient with respect to the input, for a given one with respect to the output.
    fn gradient(x: &Array, g: &Array, device: &burn::tensor::Device) -> (Array, Array) {
        let input = x.tensor::<4>(device).autodiff().require_grad();
        let output = redirected_relu(input.clone());
        let mut gradients = (output.clone() * g.tensor::<4>(device)).sum().backward();
        let gradient = input.grad_remove(&mut gradients).expect("a gradient");
        (Array::of(output), Array::of(gradient))
    }

    #[test]
    fn only_items_whose_plain_gradient_vanishes_are_redirected() {
        // Three items of two channels, one position each.
        let x = Array::new([3, 2, 1, 1], vec![-1.0, 2.0, -1.0, -2.0, -1.0, -3.0]);
        let g = Array::new([3, 2, 1, 1], vec![-5.0, 7.0, -5.0, 7.0, 3.0, 4.0]);
        // Item 0 is alive: plain. Item 1 is dead: what raises it (g < 0) passes, what pushes it
        // down (g > 0) does not. Item 2 is dead and is only pushed down: nothing passes.
        let expected = [0.0, 7.0, -5.0, 0.0, 0.0, 0.0];
        for (backend, device) in devices() {
            let (output, gradient) = gradient(&x, &g, &device);
            assert_eq!(output.values, [0.0, 2.0, 0.0, 0.0, 0.0, 0.0], "{backend}");
            assert_eq!(gradient.values, expected, "{backend}");
        }
    }

    #[test]
    fn a_unit_at_nothing_is_a_dead_one() {
        let x = Array::new([1, 1, 1, 3], vec![0.0, 0.0, -1.0]);
        let g = Array::new([1, 1, 1, 3], vec![-5.0, 7.0, -3.0]);
        for (backend, device) in devices() {
            let gradient = gradient(&x, &g, &device).1.values;
            assert_eq!(gradient, [-5.0, 0.0, -3.0], "{backend}");
        }
    }

    #[test]
    fn an_item_is_dead_only_if_the_whole_layer_is() {
        // The gradient reaches a dead unit while another of the same item lives but gets none:
        // the plain gradient is zero everywhere, so the dead one is woken.
        let x = Array::new([1, 2, 1, 2], vec![-1.0, -1.0, 4.0, 4.0]);
        let only_dead = Array::new([1, 2, 1, 2], vec![-2.0, -2.0, 0.0, 0.0]);
        let both = Array::new([1, 2, 1, 2], vec![-2.0, -2.0, 0.0, 1.0]);
        for (backend, device) in devices() {
            let woken = gradient(&x, &only_dead, &device).1.values;
            assert_eq!(woken, [-2.0, -2.0, 0.0, 0.0], "{backend}");
            assert_eq!(
                gradient(&x, &both, &device).1.values,
                [0.0, 0.0, 0.0, 1.0],
                "{backend}"
            );
        }
    }
}
