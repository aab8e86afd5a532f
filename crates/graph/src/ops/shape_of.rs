//! The lengths of a tensor's axes, as a tensor.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Fact, NodeError, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

/// The lengths of a tensor's axes, or of some of them, as a vector: the beginning of arithmetic
/// with shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ShapeOf {
    /// The first axis; a negative one counts from the end. What lies outside is cut off.
    pub start: isize,
    /// The axis after the last one, in the same way; `None` for all from `start` on.
    pub end: Option<isize>,
}

impl ShapeOf {
    /// The lengths of all axes.
    pub const ALL: Self = Self {
        start: 0,
        end: None,
    };

    fn lengths(self, shape: Shape) -> Vec<usize> {
        let axes = shape.axes() as isize;
        let place = |at: isize| {
            let at = if at < 0 { at + axes } else { at };
            at.clamp(0, axes) as usize
        };
        let (start, end) = (place(self.start), self.end.map_or(axes as usize, place));
        shape.lengths().get(start..end).unwrap_or(&[]).to_vec()
    }
}

impl Operator for ShapeOf {
    fn channels(&self, _: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        Ok(None)
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        Shape::of(&[self.lengths(inputs[0].shape).len()])
    }

    fn is_known(&self, _: &[Fact<'_>]) -> bool {
        true
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let _ = weights;
        let lengths = self.lengths(inputs[0].shape);
        let shape = Shape::vector(lengths.len());
        Tensor::new(shape, lengths.into_iter().map(|n| n as f64).collect())
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        vec![Tensor::zeros(pass.inputs[0].shape)]
    }
}
