//! Concatenation.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Arity, Fact, NodeError, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

/// Concatenation along an axis, in the order of the inputs, whose other axes agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Concat {
    /// The axis; a negative one counts from the end. Channels are axis 1.
    pub axis: isize,
}

impl Concat {
    /// Concatenation along the channels.
    pub const CHANNELS: Self = Self { axis: 1 };

    /// The values of each input that lie side by side in the output.
    fn run(axis: usize, input: &Tensor) -> usize {
        input.shape.lengths()[axis..].iter().product()
    }
}

impl Operator for Concat {
    fn arity(&self) -> Arity {
        Arity::AtLeast(1)
    }

    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        Ok(match self.axis {
            1 => inputs.iter().copied().sum(),
            _ => None,
        })
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        let first = inputs[0].shape;
        let axis = first.axis(self.axis)?;
        let mut lengths = first.lengths().to_vec();
        for input in &inputs[1..] {
            let mut expected = lengths.clone();
            let found = input.shape.lengths();
            if found.len() == expected.len() {
                expected[axis] = found[axis];
            }
            if expected != found {
                return Err(NodeError::Shapes {
                    expected: first.lengths().to_vec(),
                    found: found.to_vec(),
                });
            }
            lengths[axis] += found[axis];
        }
        Shape::of(&lengths)
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let shape = weights.shape_of(self, inputs);
        let axis = shape.axis(self.axis).expect("checked");
        let outer: usize = shape.lengths()[..axis].iter().product();
        let mut values = Vec::with_capacity(shape.count());
        for row in 0..outer {
            for input in inputs {
                let run = Self::run(axis, input);
                values.extend_from_slice(&input.values[row * run..(row + 1) * run]);
            }
        }
        Tensor::new(shape, values)
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let shape = pass.output.shape;
        let axis = shape.axis(self.axis).expect("checked");
        let outer: usize = shape.lengths()[..axis].iter().product();
        let mut parts = vec![Vec::new(); pass.inputs.len()];
        let mut rest = &pass.gradient.values[..];
        for _ in 0..outer {
            for (part, input) in parts.iter_mut().zip(&pass.inputs) {
                let (run, after) = rest.split_at(Self::run(axis, input));
                part.extend_from_slice(run);
                rest = after;
            }
        }
        let parts = parts.into_iter().zip(&pass.inputs);
        parts
            .map(|(part, input)| Tensor::new(input.shape, part))
            .collect()
    }
}
