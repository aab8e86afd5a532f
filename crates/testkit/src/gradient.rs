//! Gradients against finite differences.

use burn::tensor::{Device, Tensor};

use crate::{Array, Tolerance, assert_close};

/// How many directions are tried.
const DIRECTIONS: u64 = 6;

/// Panics unless the gradient of the scalar `f` at `at` agrees with central differences of step
/// `step` along several random directions.
///
/// Directions instead of coordinates: each difference is then as large as the gradient itself and
/// does not drown in rounding.
///
/// # Panics
///
/// As said.
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
