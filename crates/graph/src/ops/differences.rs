//! Gradients by central differences.

use super::Operator;
use crate::oracle::{Backward, Tensor};

/// The step of a central difference, relative to a value or to 1: its error is in the order of the
/// step's square, and that of rounding in the order of 1e-16 over the step.
const STEP: f64 = 1e-5;

/// Returns the gradients of an operator's inputs: zeros for those that the output does not change
/// with gradually.
pub(super) fn gradients<O: Operator + ?Sized>(op: &O, pass: &Backward<'_>) -> Vec<Tensor> {
    let of = |input: usize| {
        let mut gradient = Tensor::zeros(pass.inputs[input].shape);
        if op.is_smooth(input) {
            for (at, value) in gradient.values.iter_mut().enumerate() {
                *value = difference(op, pass, input, at);
            }
        }
        gradient
    };
    (0..pass.inputs.len()).map(of).collect()
}

/// Returns the derivative of the loss with respect to one value of one input.
fn difference<O: Operator + ?Sized>(op: &O, pass: &Backward<'_>, input: usize, at: usize) -> f64 {
    let value = pass.inputs[input].values[at];
    let step = STEP * value.abs().max(1.0);
    let output = |value: f64| {
        let mut changed = pass.inputs[input].clone();
        changed.values[at] = value;
        let mut inputs = pass.inputs.clone();
        inputs[input] = &changed;
        op.forward(&inputs, pass.weights).values
    };
    let (after, before) = (output(value + step), output(value - step));
    let changes = after.iter().zip(&before).zip(&pass.gradient.values);
    // Two infinities are no change, as behind the mask of an attention.
    let changes = changes.filter(|((after, before), _)| after != before);
    let sum: f64 = changes
        .map(|((after, before), gradient)| (after - before) * gradient)
        .sum();
    sum / (2.0 * step)
}
