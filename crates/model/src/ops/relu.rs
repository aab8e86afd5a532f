//! ReLU, and Lucid's redirected gradient.

use burn::tensor::{Tensor, activation};
use oneiric_core::custom_gradient;
use oneiric_graph::{Relu, ReluGradient};

use super::{BurnOp, Inputs, Pass, Value};

impl BurnOp for Relu {
    fn run(&self, mut inputs: Inputs<'_>, pass: &Pass<'_>) -> Value {
        let x = inputs.take(0);
        let dims = x.dims();
        let [images, ..] = dims;
        let values = inputs.output().count();
        relu(x.reshape([images, values, 1, 1]), pass.relu).reshape(dims)
    }
}

/// Computes ReLU with a plain or redirected gradient.
pub(crate) fn relu(x: Tensor<4>, gradient: ReluGradient) -> Tensor<4> {
    match gradient {
        ReluGradient::Plain => activation::relu(x),
        ReluGradient::Redirected => redirected_relu(x),
    }
}

/// ReLU whose gradient lets dead units wake up.
///
/// Forward it is max(x, 0). Backward, with g the gradient of a loss that is to be **minimized**
/// with respect to the output, the plain gradient is 0 where x <= 0 and g elsewhere. For an item
/// of the batch whose plain gradient is 0 everywhere in this layer, the gradient is instead 0
/// only where x <= 0 and g > 0: a gradient that would push a dead unit further down stays blocked,
/// one that would raise it passes.
///
/// Source: Lucid, `misc/redirected_relu_grad.py` (Apache-2.0), described in its module
/// documentation; the formula is restated here, per item of the batch as there. At exactly 0 Lucid
/// passes the plain gradient; here it is blocked, as in every framework's ReLU.
#[must_use]
pub fn redirected_relu(x: Tensor<4>) -> Tensor<4> {
    custom_gradient(x, |x| {
        let y = activation::relu(x.clone());
        (y, move |gradient| redirect(x.clone(), gradient))
    })
}

fn redirect(x: Tensor<4>, gradient: Tensor<4>) -> Tensor<4> {
    let shape = x.dims();
    let items = shape[0];
    let values_per_item = shape[1] * shape[2] * shape[3];

    let negative = x.lower_equal_elem(0.0);
    let pushes_down = gradient.clone().greater_elem(0.0);
    let plain = gradient.clone().mask_fill(negative.clone(), 0.0);
    let redirected = gradient.mask_fill(negative.bool_and(pushes_down), 0.0);

    let magnitude = plain.clone().abs().reshape([items, values_per_item]);
    let magnitude = magnitude.sum_dim(1).reshape([items, 1, 1, 1]);
    let dead = magnitude.equal_elem(0.0).expand(shape);
    plain.mask_where(dead, redirected)
}

#[cfg(test)]
mod tests {
    use super::redirected_relu;
    use crate::ops::testing::check;
    use oneiric_testkit::{Array, devices};

    #[test]
    fn it_is_its_definition_with_both_gradients() {
        check("relu", 3, &[[1, 1], [5, 3]], |net| {
            net.relu("relu", net.input())
        });
    }

    /// Returns the output, and the gradient with respect to the input, given the gradient `g` with
    /// respect to the output.
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
    fn a_unit_at_zero_is_dead() {
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
