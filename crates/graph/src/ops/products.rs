//! Operators on maps whose output values are sums of products of input values and factors.

use super::Operator;
use crate::{
    Shape, WeightId,
    oracle::{Backward, Tensor, Weights},
};

/// An operator of such sums, whose definition and whose gradient follow from the list of products.
pub(super) trait Products: Operator + Sized {
    /// Calls `work` with the output's index, the input's index and the factor of every product.
    fn products(
        &self,
        input: Shape,
        output: Shape,
        weights: &Weights<'_>,
        work: impl FnMut(usize, usize, f64),
    );

    /// Computes the sums, and adds the bias of each channel.
    fn sums(&self, x: &Tensor, weights: &Weights<'_>, bias: Option<WeightId>) -> Tensor {
        let mut y = weights.output(self, &[x]);
        self.products(x.shape, y.shape, weights, |output, input, factor| {
            y.values[output] += x.values[input] * factor;
        });
        if let Some(bias) = bias {
            let (_, map) = y.maps();
            let plane = map.height * map.width;
            for (at, value) in y.values.iter_mut().enumerate() {
                *value += f64::from(weights.values(bias)[at / plane % map.channels]);
            }
        }
        y
    }

    /// Computes the gradient of the input.
    fn gradient(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let shape = pass.inputs[0].shape;
        let mut gradient = Tensor::zeros(shape);
        let output = pass.output.shape;
        self.products(shape, output, pass.weights, |output, input, factor| {
            gradient.values[input] += pass.gradient.values[output] * factor;
        });
        vec![gradient]
    }
}
