//! Reductions.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Fact, NodeError, Shape, Weight,
    oracle::{Tensor, Weights},
};

/// How many values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reduction {
    /// The sum.
    Sum,
    /// The mean.
    Mean,
    /// The largest; minus infinity of nothing.
    Max,
    /// The smallest; infinity of nothing.
    Min,
    /// The product.
    Product,
    /// The sum of the squares.
    SumSquare,
    /// The sum of the absolute values.
    L1,
    /// The square root of the sum of the squares.
    L2,
    /// The logarithm of the sum.
    LogSum,
    /// The logarithm of the sum of the exponentials.
    LogSumExp,
}

impl Reduction {
    fn of(self, values: &[f64]) -> f64 {
        let all = values.iter();
        let sum = || all.clone().sum::<f64>();
        let squares = || all.clone().map(|value| value * value).sum::<f64>();
        let largest = || all.clone().copied().fold(f64::NEG_INFINITY, f64::max);
        match self {
            Self::Sum => sum(),
            Self::Mean => sum() / values.len() as f64,
            Self::Max => largest(),
            Self::Min => all.copied().fold(f64::INFINITY, f64::min),
            Self::Product => all.product(),
            Self::SumSquare => squares(),
            Self::L1 => all.map(|value| value.abs()).sum(),
            Self::L2 => squares().sqrt(),
            Self::LogSum => sum().ln(),
            Self::LogSumExp => {
                let most = largest();
                if most.is_infinite() {
                    return most;
                }
                most + all.map(|value| (value - most).exp()).sum::<f64>().ln()
            }
        }
    }
}

/// A reduction along some axes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reduce {
    /// How values become one.
    pub reduction: Reduction,
    /// The axes, of which negative ones count from the end; `None` for all.
    pub axes: Option<Vec<isize>>,
    /// True if the axes stay, with a length of 1.
    pub keep: bool,
}

impl Reduce {
    /// Returns, for each axis of a shape, true if the reduction is along it.
    ///
    /// # Errors
    ///
    /// Returns [`NodeError::NoSuchAxis`] if the shape lacks an axis.
    pub fn along(&self, shape: Shape) -> Result<Vec<bool>, NodeError> {
        let Some(axes) = &self.axes else {
            return Ok(vec![true; shape.axes()]);
        };
        let mut along = vec![false; shape.axes()];
        for axis in axes {
            along[shape.axis(*axis)?] = true;
        }
        Ok(along)
    }
}

impl Operator for Reduce {
    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        // From the end, axis 1 cannot be told.
        let behind = |axes: &Vec<isize>| axes.iter().all(|axis| *axis > 1);
        Ok(if self.axes.as_ref().is_some_and(behind) {
            inputs[0]
        } else {
            None
        })
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        let shape = inputs[0].shape;
        let axes = shape.lengths().iter().zip(self.along(shape)?);
        let lengths = axes.filter_map(|(&length, along)| match (along, self.keep) {
            (false, _) => Some(length),
            (true, true) => Some(1),
            (true, false) => None,
        });
        Shape::of(&lengths.collect::<Vec<_>>())
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let x = inputs[0];
        let output = weights.shape_of(self, inputs);
        let along = self.along(x.shape).expect("checked");
        let kept: Vec<usize> = (0..along.len()).filter(|&axis| !along[axis]).collect();
        let mut groups: Vec<Vec<f64>> = vec![Vec::new(); output.count()];
        let _ = Tensor::from_index(x.shape, |index| {
            let lengths = x.shape.lengths();
            let place = kept.iter();
            let place = place.fold(0, |at, &axis| at * lengths[axis] + index[axis]);
            groups[place].push(x.at_broadcast(index));
            0.0
        });
        let values = groups.iter().map(|group| self.reduction.of(group));
        Tensor::new(output, values.collect())
    }
}
