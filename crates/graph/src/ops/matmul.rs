//! Matrix product.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Arity, Fact, NodeError, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

/// The product of two tensors as stacks of matrices, [..., rows, inner] and [..., inner, columns]:
/// the axes before the last two are broadcast. A vector is a row on the left and a column on the
/// right, and its axis is not in the output (NumPy's `matmul`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MatMul;

/// The shapes of a product as matrices.
struct Matrices {
    /// [..., rows, inner].
    left: Shape,
    /// [..., inner, columns].
    right: Shape,
    /// [..., rows, columns].
    output: Shape,
}

impl MatMul {
    /// The shapes of two tensors with the axis that a vector lacks, and that of their product.
    fn matrices(left: Shape, right: Shape) -> Result<Matrices, NodeError> {
        let mismatch = || NodeError::Shapes {
            expected: left.lengths().to_vec(),
            found: right.lengths().to_vec(),
        };
        let (own, other) = (left, right);
        let left = match own.lengths() {
            [] => return Err(mismatch()),
            [inner] => Shape::of(&[1, *inner])?,
            _ => own,
        };
        let right = match other.lengths() {
            [] => return Err(mismatch()),
            [inner] => Shape::of(&[*inner, 1])?,
            _ => other,
        };
        let ([left_stack @ .., rows, inner], [right_stack @ .., same, columns]) =
            (left.lengths(), right.lengths())
        else {
            unreachable!("both have two axes or more");
        };
        if inner != same {
            return Err(mismatch());
        }
        let stack = Shape::of(left_stack)?.broadcast(&Shape::of(right_stack)?)?;
        let output = [stack.lengths(), &[*rows, *columns]].concat();
        Ok(Matrices {
            left,
            right,
            output: Shape::of(&output)?,
        })
    }

    /// Calls `work` with the places in the output, the left and the right tensor of every product.
    fn products(left: Shape, right: Shape, mut work: impl FnMut(usize, usize, usize)) {
        let Matrices {
            left,
            right,
            output,
        } = Self::matrices(left, right).expect("checked");
        let [stack @ .., rows, columns] = output.lengths() else {
            unreachable!("an output has two axes");
        };
        let inner = left.lengths()[left.axes() - 1];
        let stack = Shape::of(stack).expect("checked");
        let matrix = |of: Shape, index: &[usize]| {
            let own = &of.lengths()[..of.axes() - 2];
            let index = &index[index.len() - own.len()..];
            let places = own.iter().zip(index);
            places.fold(0, |at, (&n, &place)| {
                at * n + if n == 1 { 0 } else { place }
            })
        };
        let mut at = 0;
        let _ = Tensor::from_index(stack, |index| {
            let (l, r) = (matrix(left, index), matrix(right, index));
            for row in 0..*rows {
                for column in 0..*columns {
                    for k in 0..inner {
                        let l = (l * rows + row) * inner + k;
                        let r = (r * inner + k) * columns + column;
                        work((at * rows + row) * columns + column, l, r);
                    }
                }
            }
            at += 1;
            0.0
        });
    }
}

impl Operator for MatMul {
    fn arity(&self) -> Arity {
        Arity::Exactly(2)
    }

    fn channels(&self, _: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        Ok(None)
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        let (left, right) = (inputs[0].shape, inputs[1].shape);
        let mut lengths = Self::matrices(left, right)?.output.lengths().to_vec();
        if right.axes() == 1 {
            lengths.pop();
        }
        if left.axes() == 1 {
            lengths.remove(lengths.len() - if right.axes() == 1 { 1 } else { 2 });
        }
        Shape::of(&lengths)
    }

    fn multiply_adds(&self, inputs: &[Shape], output: Shape, _: &[Weight]) -> u64 {
        let inner = inputs[0].lengths().last().copied().unwrap_or(1);
        (output.count() * inner) as u64
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let (left, right) = (inputs[0], inputs[1]);
        let mut y = weights.output(self, inputs);
        Self::products(left.shape, right.shape, |at, l, r| {
            y.values[at] += left.values[l] * right.values[r];
        });
        y
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let (left, right) = (pass.inputs[0], pass.inputs[1]);
        let mut gradients = [Tensor::zeros(left.shape), Tensor::zeros(right.shape)];
        Self::products(left.shape, right.shape, |at, l, r| {
            let gradient = pass.gradient.values[at];
            gradients[0].values[l] += gradient * right.values[r];
            gradients[1].values[r] += gradient * left.values[l];
        });
        gradients.into()
    }
}
