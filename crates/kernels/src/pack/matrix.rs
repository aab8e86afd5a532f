//! Matrices of fully connected layers.

use oneiric_graph::Gemm;

use super::Packing;
use crate::lanes::LANES;

/// A matrix `[output][feature]` among the packed weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix {
    /// The first number.
    pub(crate) start: usize,
    /// The distance from a row to the next: the features, filled up to whole vectors with zeros.
    pub(crate) row: usize,
    /// The start of the bias, which is filled up likewise.
    pub(crate) bias: Option<usize>,
}

impl Packing<'_> {
    /// Packs the matrix and the bias of a fully connected layer.
    pub(crate) fn matrix(&mut self, op: &Gemm, node: usize) {
        let [outputs, features] = op.dimensions(self.graph.graph.weights());
        let weight = self.weights[op.weight.index()];
        let row = features.next_multiple_of(LANES);
        let start = self.values.len();
        for output in 0..outputs {
            let at = |feature: usize| {
                if op.transposed {
                    feature * outputs + output
                } else {
                    output * features + feature
                }
            };
            let factors = (0..features).map(|feature| op.alpha * weight[at(feature)]);
            self.values.extend(factors);
            self.values.fill_up(start + (output + 1) * row);
        }
        let bias = op.bias.map(|bias| {
            let start = self.values.len();
            let bias = self.weights[bias.index()].iter();
            self.values.extend(bias.map(|value| op.beta * value));
            let len = self.values.len().next_multiple_of(LANES);
            self.values.fill_up(len);
            start
        });
        self.packed
            .matrices
            .insert(node, Matrix { start, row, bias });
    }
}
