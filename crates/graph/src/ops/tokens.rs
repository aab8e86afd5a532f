//! The positions of a map as a row of tokens.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Fact, NodeError, Shape, Weight, WeightId,
    oracle::{Backward, Tensor, Weights},
    weight::declared,
};

/// The positions of a map, row by row, as one row, with learned positions before them (a class
/// token) and a learned number added to each value (an embedding of positions):
/// [1, channels, height, width] to [1, channels, 1, prefix + height * width].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tokens {
    /// The positions before those of the map, [channels, prefix].
    pub prefix: Option<WeightId>,
    /// The summands, [channels, prefix + height * width], which fix the number of positions.
    pub embedding: Option<WeightId>,
}

impl Tokens {
    /// The declared shapes of the weights, with two axes.
    fn lengths(weights: &[Weight], id: Option<WeightId>) -> Result<Option<[usize; 2]>, NodeError> {
        let Some(id) = id else {
            return Ok(None);
        };
        let weight = declared(weights, id)?;
        match weight.shape[..] {
            [channels, positions] => Ok(Some([channels, positions])),
            _ => Err(NodeError::WeightShape {
                weight: weight.name.clone(),
                expected: "[channels, positions]".to_owned(),
                found: weight.shape.clone(),
            }),
        }
    }

    /// The number of positions before those of the map.
    fn before(&self, weights: &[Weight]) -> Result<usize, NodeError> {
        Ok(Self::lengths(weights, self.prefix)?.map_or(0, |[_, positions]| positions))
    }
}

impl Operator for Tokens {
    fn weights(&self) -> Vec<WeightId> {
        self.prefix.into_iter().chain(self.embedding).collect()
    }

    fn channels(
        &self,
        inputs: &[Option<usize>],
        weights: &[Weight],
    ) -> Result<Option<usize>, NodeError> {
        let mut known = inputs[0];
        for id in [self.prefix, self.embedding] {
            if let Some([found, _]) = Self::lengths(weights, id)? {
                let expected = *known.get_or_insert(found);
                if expected != found {
                    return Err(NodeError::Channels { expected, found });
                }
            }
        }
        Ok(known)
    }

    fn shape(&self, inputs: &[Fact<'_>], weights: &[Weight]) -> Result<Shape, NodeError> {
        let (items, map) = inputs[0].shape.maps()?;
        let positions = self.before(weights)? + map.height * map.width;
        let expected = [items, map.channels, 1, positions];
        let embedding = Self::lengths(weights, self.embedding)?;
        if embedding.is_some_and(|[_, length]| length != positions) {
            let found = embedding.unwrap_or_default().to_vec();
            let expected = expected[1..].to_vec();
            return Err(NodeError::Shapes { expected, found });
        }
        Shape::of(&expected)
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let shape = weights.shape_of(self, inputs);
        let (items, map) = inputs[0].maps();
        let plane = map.height * map.width;
        let all = shape.lengths()[3];
        let before = all - plane;
        Tensor::from_index(
            Shape::of(&[items, map.channels, all]).expect("checked"),
            |at| {
                let [item, channel, position] = *at else {
                    unreachable!("three axes");
                };
                let own = match position.checked_sub(before) {
                    Some(place) => {
                        inputs[0].values[(item * map.channels + channel) * plane + place]
                    }
                    None => {
                        let prefix = self.prefix.map(|id| weights.values(id));
                        prefix.map_or(0.0, |prefix| f64::from(prefix[channel * before + position]))
                    }
                };
                let summand = self.embedding.map(|id| weights.values(id));
                own + summand.map_or(0.0, |values| f64::from(values[channel * all + position]))
            },
        )
        .with_shape(shape)
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let shape = pass.inputs[0].shape;
        let (_, map) = pass.inputs[0].maps();
        let plane = map.height * map.width;
        let all = pass.output.shape.lengths()[3];
        let values = (0..shape.count()).map(|at| {
            let (line, place) = (at / plane, at % plane);
            pass.gradient.values[line * all + all - plane + place]
        });
        vec![Tensor::new(shape, values.collect())]
    }
}
