//! Weights as tensors.

use oneiric_graph::Parameter;

use super::{BurnOp, Inputs, Pass, Value, lengths};

impl BurnOp for Parameter {
    fn run(&self, inputs: Inputs<'_>, pass: &Pass<'_>) -> Value {
        let flat = pass.weights.flat(self.weight);
        flat.reshape(lengths(1, inputs.output()))
    }
}
