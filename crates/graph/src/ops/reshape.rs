//! Other axes for the same values.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Arity, Fact, NodeError, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
    shape::axis_of,
};

/// The same values in the same order under other axes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reshape {
    /// The lengths that a second input holds, one of which may be -1: whatever is left.
    To {
        /// True if a length of 0 stands for that of the input's axis of the same number.
        zero_copies: bool,
    },
    /// Two axes: those before `axis` as one, and the others as one.
    Flatten {
        /// The first axis of the second part, which may be the number of axes; a negative one
        /// counts from the end.
        axis: isize,
    },
    /// Without some axes of length 1.
    Squeeze {
        /// The axes, of which negative ones count from the end; `None` for all of length 1.
        axes: Option<Vec<isize>>,
    },
    /// With new axes of length 1.
    Unsqueeze {
        /// The places of the new axes in the output; negative ones count from its end.
        axes: Vec<isize>,
    },
}

impl Reshape {
    /// The lengths of the output.
    fn lengths(&self, inputs: &[Fact<'_>]) -> Result<Vec<usize>, NodeError> {
        let shape = inputs[0].shape;
        let lengths = shape.lengths();
        match self {
            Self::To { zero_copies } => {
                let to = inputs[1].integers("the shape of a reshape")?;
                given(&to, shape, *zero_copies)
            }
            Self::Flatten { axis } => {
                // The axis behind the last one may be named, but not counted from the end.
                let at = match usize::try_from(*axis) {
                    Ok(at) if at == lengths.len() => at,
                    _ => shape.axis(*axis)?,
                };
                let (before, after) = lengths.split_at(at);
                Ok(vec![before.iter().product(), after.iter().product()])
            }
            Self::Squeeze { axes: None } => {
                Ok(lengths.iter().copied().filter(|&n| n != 1).collect())
            }
            Self::Squeeze { axes: Some(axes) } => {
                let mut kept: Vec<Option<usize>> = lengths.iter().copied().map(Some).collect();
                for &axis in axes {
                    let axis = shape.axis(axis)?;
                    if lengths[axis] != 1 {
                        return Err(NodeError::Axes {
                            expected: format!("a length of 1 along axis {axis}"),
                            found: lengths.to_vec(),
                        });
                    }
                    kept[axis] = None;
                }
                Ok(kept.into_iter().flatten().collect())
            }
            Self::Unsqueeze { axes } => {
                let all = lengths.len() + axes.len();
                let mut is_new = vec![false; all];
                for &axis in axes {
                    is_new[axis_of(axis, all)?] = true;
                }
                if is_new.iter().filter(|&&new| new).count() != axes.len() {
                    return Err(NodeError::Invalid {
                        reason: format!("the new axes {axes:?} name one twice"),
                    });
                }
                let mut old = lengths.iter();
                let length = |new| if new { Some(1) } else { old.next().copied() };
                Ok(is_new.into_iter().filter_map(length).collect())
            }
        }
    }
}

/// Resolves the lengths that a reshape is given.
fn given(to: &[i64], shape: Shape, zero_copies: bool) -> Result<Vec<usize>, NodeError> {
    let invalid = || NodeError::Invalid {
        reason: format!("values of the shape {shape} cannot be given the shape {to:?}"),
    };
    let mut lengths = Vec::with_capacity(to.len());
    let mut rest = None;
    for (at, &length) in to.iter().enumerate() {
        lengths.push(match length {
            -1 if rest.is_none() => {
                rest = Some(at);
                1
            }
            0 if zero_copies => *shape.lengths().get(at).ok_or_else(invalid)?,
            _ => usize::try_from(length).map_err(|_| invalid())?,
        });
    }
    let count = lengths
        .iter()
        .copied()
        .try_fold(1_usize, usize::checked_mul);
    let count = count.ok_or_else(invalid)?;
    if let Some(rest) = rest {
        if count == 0 || !shape.count().is_multiple_of(count) {
            return Err(invalid());
        }
        lengths[rest] = shape.count() / count;
    } else if count != shape.count() {
        return Err(invalid());
    }
    Ok(lengths)
}

impl Operator for Reshape {
    fn arity(&self) -> Arity {
        Arity::Exactly(if matches!(self, Self::To { .. }) {
            2
        } else {
            1
        })
    }

    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        // Without the axes behind the channels, they stay what they are.
        Ok(match self {
            Self::Squeeze { axes: Some(axes) } if axes.iter().all(|&axis| axis > 1) => inputs[0],
            _ => None,
        })
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        Shape::of(&self.lengths(inputs)?)
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        Tensor::new(weights.shape_of(self, inputs), inputs[0].values.clone())
    }

    fn is_smooth(&self, input: usize) -> bool {
        input == 0
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let values = pass.gradient.values.clone();
        let own = Tensor::new(pass.inputs[0].shape, values);
        let others = pass.inputs[1..].iter();
        [own]
            .into_iter()
            .chain(others.map(|x| Tensor::zeros(x.shape)))
            .collect()
    }
}
