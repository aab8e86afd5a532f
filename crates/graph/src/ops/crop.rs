//! Parts of maps.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Fact, NodeError, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

/// Some channels of a map, some of its rows and some of its columns:
/// [1, channels, height, width] to the same with other lengths.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub struct Crop {
    /// The channels, in their new order; `None` for all.
    pub channels: Option<Vec<usize>>,
    /// The rows; `None` for all.
    pub rows: Option<Range<usize>>,
    /// The columns; `None` for all.
    pub columns: Option<Range<usize>>,
}

impl Crop {
    /// The rows and the columns of a map of a height and width.
    #[must_use]
    pub fn positions(&self, size: [usize; 2]) -> [Range<usize>; 2] {
        let given = [&self.rows, &self.columns];
        [0, 1].map(|axis| given[axis].clone().unwrap_or(0..size[axis]))
    }

    /// The place in the input of each value of the output.
    fn sources(&self, input: Shape) -> Vec<usize> {
        let (items, map) = input.maps().expect("checked");
        let all = || (0..map.channels).collect();
        let channels: Vec<usize> = self.channels.clone().unwrap_or_else(all);
        let [rows, columns] = self.positions(map.size());
        let mut sources = Vec::new();
        for item in 0..items {
            for &channel in &channels {
                for row in rows.clone() {
                    let line = map.index(item * map.channels + channel, row, 0);
                    sources.extend(columns.clone().map(|column| line + column));
                }
            }
        }
        sources
    }
}

impl Operator for Crop {
    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        let Some(channels) = &self.channels else {
            return Ok(inputs[0]);
        };
        let outside = inputs[0].and_then(|all| channels.iter().find(|&&channel| channel >= all));
        match outside {
            Some(outside) => Err(NodeError::Invalid {
                reason: format!("there is no channel {outside}"),
            }),
            None => Ok(Some(channels.len())),
        }
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        let (items, map) = inputs[0].shape.maps()?;
        self.channels(&[Some(map.channels)], &[])?;
        let parts = self.positions(map.size());
        for (part, size) in parts.iter().zip(map.size()) {
            if part.is_empty() || part.end > size {
                return Err(NodeError::Invalid {
                    reason: format!("the positions {part:?} are not among {size}"),
                });
            }
        }
        let channels = self.channels.as_ref().map_or(map.channels, Vec::len);
        Shape::of(&[items, channels, parts[0].len(), parts[1].len()])
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let sources = self.sources(inputs[0].shape).into_iter();
        let values = sources.map(|at| inputs[0].values[at]).collect();
        Tensor::new(weights.shape_of(self, inputs), values)
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let shape = pass.inputs[0].shape;
        let mut gradient = Tensor::zeros(shape);
        for (at, value) in self.sources(shape).into_iter().zip(&pass.gradient.values) {
            gradient.values[at] += value;
        }
        vec![gradient]
    }
}
