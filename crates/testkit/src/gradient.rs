//! Comparison of gradients with finite differences.

use burn::tensor::{Device, Tensor};

use crate::{Array, Tolerance, assert_close};

/// The number of random directions.
const DIRECTIONS: u64 = 6;

/// Asserts that the gradient of the scalar function `f` at `at` agrees with central differences of
/// step size `step` along several random directions. `what` names the function in the message.
///
/// Along random directions, unlike along coordinates, each difference is as large as the gradient
/// itself, and rounding errors stay small in comparison.
///
/// # Panics
///
/// Panics if a directional derivative differs by more than [`Tolerance::FINITE_DIFFERENCES`].
#[track_caller]
pub fn assert_gradient<const D: usize>(
    what: &str,
    at: &Array,
    step: f32,
    device: &Device,
    f: impl Fn(Tensor<D>) -> Tensor<1>,
) {
    let x = at.tensor::<D>(device).autodiff().require_grad();
    let mut gradients = f(x.clone()).sum().backward();
    let gradient = Array::of(
        x.grad_remove(&mut gradients)
            .expect("f depends on its input"),
    );

    let value = |x: &Array| f64::from(f(x.tensor::<D>(device)).sum().into_scalar::<f32>());
    let (mut analytic, mut numeric) = (Vec::new(), Vec::new());
    for seed in 0..DIRECTIONS {
        let direction = Array::noise(at.shape.clone(), 1000 + seed);
        let moved = |by: f32| {
            let pairs = at.values.iter().zip(&direction.values);
            Array::new(at.shape.clone(), pairs.map(|(a, d)| a + by * d).collect())
        };
        let slope = (value(&moved(step)) - value(&moved(-step))) / f64::from(2.0 * step);
        numeric.push(slope as f32);
        analytic.push(gradient.dot(&direction) as f32);
    }
    assert_close(
        what,
        &Array::new([analytic.len()], analytic),
        &Array::new([numeric.len()], numeric),
        Tolerance::FINITE_DIFFERENCES,
    );
}
