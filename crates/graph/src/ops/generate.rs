//! Tensors that are made of lengths alone.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Arity, Fact, NodeError, Number, Shape, Weight,
    oracle::{Tensor, Weights},
};

/// A tensor of known values, made from known numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generate {
    /// One value everywhere, in the shape that the input holds.
    Fill {
        /// The value.
        value: Number,
    },
    /// The numbers from the first input up to the second, without it, in steps of the third.
    Range,
    /// The indices of the values that are not 0, [axes, count].
    NonZero,
    /// The first input with the values of the third at the indices of the second, whose last axis
    /// holds places along the first axes (ONNX's `ScatterND`), as exporters make masks.
    Scatter,
}

/// Returns the flat places of a scatter's slices in its data, and the length of a slice.
fn places(inputs: &[Fact<'_>]) -> Result<(Vec<usize>, usize), NodeError> {
    let invalid = |reason: &str| NodeError::Invalid {
        reason: reason.to_owned(),
    };
    let (data, indices) = (inputs[0].shape, inputs[1].shape);
    let Some(&depth) = indices.lengths().last() else {
        return Err(invalid("the indices of a scatter are a number"));
    };
    if depth == 0 || depth > data.axes() {
        return Err(invalid(
            "the indices of a scatter name more axes than there are",
        ));
    }
    let slice: usize = data.lengths()[depth..].iter().product();
    let numbers = inputs[1].integers("the indices of a scatter")?;
    let expected = numbers.len() / depth * slice;
    if inputs[2].shape.count() != expected {
        return Err(invalid(
            "a scatter has another number of values than of places",
        ));
    }
    let strides = data.strides();
    let place = |index: &[i64]| -> Option<usize> {
        let mut place = 0;
        for (axis, at) in index.iter().enumerate() {
            let length = data.lengths()[axis] as i64;
            let at = if *at < 0 { at + length } else { *at };
            if !(0..length).contains(&at) {
                return None;
            }
            place += at as usize * strides[axis];
        }
        Some(place)
    };
    let found: Option<Vec<usize>> = numbers.chunks(depth).map(place).collect();
    let outside = || invalid("an index of a scatter lies outside");
    Ok((found.ok_or_else(outside)?, slice))
}

impl Operator for Generate {
    fn arity(&self) -> Arity {
        Arity::Exactly(match self {
            Self::Range | Self::Scatter => 3,
            Self::Fill { .. } | Self::NonZero => 1,
        })
    }

    fn channels(&self, _: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        Ok(None)
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        match self {
            Self::Fill { .. } => Shape::of(&inputs[0].lengths("the shape of a filled tensor")?),
            Self::Range => {
                let [start, limit, step] = [0, 1, 2].map(|at| inputs[at].known("a range's bound"));
                let bound = |values: Result<&[f64], NodeError>| {
                    let first = values?.first().copied();
                    first
                        .filter(|value| value.is_finite())
                        .ok_or(NodeError::Invalid {
                            reason: "a range has no bound".to_owned(),
                        })
                };
                let (start, limit, step) = (bound(start)?, bound(limit)?, bound(step)?);
                let count = ((limit - start) / step).ceil().max(0.0);
                Shape::of(&[count as usize])
            }
            Self::NonZero => {
                let values = inputs[0].known("the tensor whose indices are asked for")?;
                let count = values.iter().filter(|value| **value != 0.0).count();
                Shape::of(&[inputs[0].shape.axes(), count])
            }
            Self::Scatter => {
                inputs[0].known("the tensor that a scatter changes")?;
                inputs[2].known("the values of a scatter")?;
                places(inputs)?;
                Ok(inputs[0].shape)
            }
        }
    }

    fn is_smooth(&self, _: usize) -> bool {
        false
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let shape = weights.shape_of(self, inputs);
        match self {
            Self::Fill { value } => Tensor::new(shape, vec![value.0; shape.count()]),
            Self::Range => {
                let (start, step) = (inputs[0].values[0], inputs[2].values[0]);
                let values = (0..shape.count()).map(|at| start + at as f64 * step);
                Tensor::new(shape, values.collect())
            }
            Self::NonZero => {
                let mut found: Vec<Vec<usize>> = Vec::new();
                let _ = Tensor::from_index(inputs[0].shape, |index| {
                    if inputs[0].at_broadcast(index) != 0.0 {
                        found.push(index.to_vec());
                    }
                    0.0
                });
                Tensor::from_index(shape, |index| found[index[1]][index[0]] as f64)
            }
            Self::Scatter => {
                let facts: Vec<Fact<'_>> = inputs.iter().map(|input| input.fact()).collect();
                let (places, slice) = places(&facts).expect("checked");
                let mut data = inputs[0].clone();
                for (at, place) in places.into_iter().enumerate() {
                    let values = &inputs[2].values[at * slice..(at + 1) * slice];
                    data.values[place..place + slice].copy_from_slice(values);
                }
                data
            }
        }
    }
}
