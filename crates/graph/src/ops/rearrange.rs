//! Operators that move values and compute nothing.

mod ranges;

use serde::{Deserialize, Serialize};

use self::ranges::{invalid, pads, positions, slices};
use super::Operator;
use crate::{
    Arity, Fact, NodeError, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

/// How a padding is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// With zeros.
    Zeros,
    /// With the values mirrored at the first and last one.
    Reflect,
    /// With the first and last value.
    Edge,
    /// With the values from the other end.
    Wrap,
}

/// An operator each of whose output values is one of the first input, or 0. Further inputs are
/// known integers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rearrange {
    /// The axes in another order: axis i of the output is axis `permutation[i]` of the input.
    Transpose {
        /// The order; `None` for the reverse.
        permutation: Option<Vec<usize>>,
    },
    /// Every `step`-th position from `start` to `end`, without it, along some axes. The further
    /// inputs are starts, ends, axes and steps, as in ONNX: negative ones count from the end, those
    /// outside are cut off, and negative steps go back.
    Slice,
    /// One of the parts of an axis. A second input holds their lengths, unless they are equal.
    Split {
        /// The axis; a negative one counts from the end.
        axis: isize,
        /// The number of the part.
        index: usize,
        /// The number of equal parts, of which the last may be shorter; `None` for given lengths.
        parts: Option<usize>,
    },
    /// The positions along an axis that the second input holds, whose shape takes the axis' place.
    Gather {
        /// The axis; a negative one counts from the end.
        axis: isize,
    },
    /// For each index of the second input, that position along an axis.
    GatherElements {
        /// The axis; a negative one counts from the end.
        axis: isize,
    },
    /// More positions before and after each axis; fewer where the padding is negative. The second
    /// input holds those before each axis, then those after; a third may hold the axes.
    Pad {
        /// How they are filled.
        fill: Fill,
    },
    /// Broadcasting with the shape that the second input holds.
    Expand,
    /// Repetition, as often as the second input says for each axis.
    Tile,
    /// Blocks of channels as blocks of positions.
    DepthToSpace {
        /// The side of a block.
        block: usize,
        /// True if a channel's block lies in neighboring channels (`CRD`), as in PyTorch's pixel
        /// shuffle; false if it lies as far apart as there are channels in the output (`DCR`).
        neighbors: bool,
    },
    /// Blocks of positions as blocks of channels.
    SpaceToDepth {
        /// The side of a block.
        block: usize,
        /// True if a channel's block goes to neighboring channels, as in PyTorch's pixel unshuffle.
        neighbors: bool,
    },
}

/// What a [`Rearrange`] does to tensors of given shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrangement {
    /// The shape of the output.
    pub shape: Shape,
    /// For each output value the place of the input's value; `None` for 0.
    pub sources: Vec<Option<usize>>,
}

impl Rearrange {
    /// Returns the places of the input's values in the output.
    ///
    /// # Errors
    ///
    /// Returns a [`NodeError`] if the inputs do not fit.
    pub fn arrangement(&self, inputs: &[Fact<'_>]) -> Result<Arrangement, NodeError> {
        let shape = self.lengths(inputs)?;
        let shape = Shape::of(&shape)?;
        let source = self.source(inputs, shape)?;
        let strides = inputs[0].shape.strides();
        let mut sources = Vec::with_capacity(shape.count());
        let _ = Tensor::from_index(shape, |index| {
            let place = source(index).map(|places| {
                let places = places.iter().zip(&strides);
                places.map(|(place, stride)| place * stride).sum()
            });
            sources.push(place);
            0.0
        });
        Ok(Arrangement { shape, sources })
    }

    /// The permutation of a transposition.
    ///
    /// # Errors
    ///
    /// Returns [`NodeError::Axes`] if it is none of the input's axes.
    pub fn permutation(given: Option<&[usize]>, shape: Shape) -> Result<Vec<usize>, NodeError> {
        let all: Vec<usize> = (0..shape.axes()).collect();
        let Some(given) = given else {
            return Ok(all.into_iter().rev().collect());
        };
        let mut sorted = given.to_vec();
        sorted.sort_unstable();
        if sorted == all {
            return Ok(given.to_vec());
        }
        Err(NodeError::Axes {
            expected: format!("the axes that {given:?} orders"),
            found: shape.lengths().to_vec(),
        })
    }

    /// The positions before and after each axis of a padding; negative ones are cut off.
    ///
    /// # Errors
    ///
    /// Returns a [`NodeError`] if the inputs are not those of a padding.
    pub fn paddings(inputs: &[Fact<'_>]) -> Result<Vec<[i64; 2]>, NodeError> {
        pads(inputs)
    }

    /// The lengths of the output.
    fn lengths(&self, inputs: &[Fact<'_>]) -> Result<Vec<usize>, NodeError> {
        let x = inputs[0].shape;
        let mut lengths = x.lengths().to_vec();
        match self {
            Self::Transpose { permutation } => {
                let order = Self::permutation(permutation.as_deref(), x)?;
                lengths = order.iter().map(|&axis| x.lengths()[axis]).collect();
            }
            Self::Slice => {
                for (axis, range) in slices(inputs)? {
                    lengths[axis] = range.count;
                }
            }
            Self::Split { axis, .. } => {
                let (axis, _, length) = self.part(inputs, *axis)?;
                lengths[axis] = length;
            }
            Self::Gather { axis } => {
                let axis = x.axis(*axis)?;
                lengths.splice(axis..=axis, inputs[1].shape.lengths().iter().copied());
            }
            Self::GatherElements { .. } => lengths = inputs[1].shape.lengths().to_vec(),
            Self::Pad { .. } => {
                for (axis, [before, after]) in pads(inputs)?.into_iter().enumerate() {
                    let length = lengths[axis] as i64 + before + after;
                    lengths[axis] = usize::try_from(length)
                        .map_err(|_| invalid("a negative padding is longer than the axis"))?;
                }
            }
            Self::Expand => {
                let to = Shape::of(&inputs[1].lengths("the shape of an expansion")?)?;
                lengths = x.broadcast(&to)?.lengths().to_vec();
            }
            Self::Tile => {
                let repeats = inputs[1].lengths("the repeats of a tiling")?;
                if repeats.len() != lengths.len() {
                    return Err(invalid("a tiling has other axes than its input"));
                }
                for (length, times) in lengths.iter_mut().zip(repeats) {
                    *length = length.saturating_mul(times);
                }
            }
            Self::DepthToSpace { block, .. } | Self::SpaceToDepth { block, .. } => {
                let (items, map) = x.maps()?;
                let block = *block;
                let into_channels = matches!(self, Self::SpaceToDepth { .. });
                let divides = if into_channels {
                    block > 0 && map.height.is_multiple_of(block) && map.width.is_multiple_of(block)
                } else {
                    block > 0 && map.channels.is_multiple_of(block * block)
                };
                if !divides {
                    return Err(invalid("blocks do not divide the tensor"));
                }
                lengths = if into_channels {
                    let [height, width] = map.size().map(|side| side / block);
                    vec![items, map.channels * block * block, height, width]
                } else {
                    let [height, width] = map.size().map(|side| side * block);
                    vec![items, map.channels / (block * block), height, width]
                };
            }
        }
        Ok(lengths)
    }

    /// The axis, the first position and the length of a part of a split.
    fn part(&self, inputs: &[Fact<'_>], axis: isize) -> Result<(usize, usize, usize), NodeError> {
        let Self::Split { index, parts, .. } = self else {
            unreachable!("of a split");
        };
        let x = inputs[0].shape;
        let axis = x.axis(axis)?;
        let length = x.lengths()[axis];
        let lengths = match parts {
            Some(parts) => {
                let each = length.div_ceil((*parts).max(1));
                let part = |at: usize| length.saturating_sub(at * each).min(each);
                (0..*parts).map(part).collect()
            }
            None => match inputs.get(1) {
                Some(lengths) => lengths.lengths("the lengths of a split")?,
                None => return Err(invalid("a split has no lengths")),
            },
        };
        if lengths.iter().sum::<usize>() != length || *index >= lengths.len() {
            return Err(invalid("the parts of a split are not as long as its axis"));
        }
        Ok((axis, lengths[..*index].iter().sum(), lengths[*index]))
    }

    /// Returns a function from an index of the output to that of the input.
    #[expect(clippy::type_complexity, reason = "said once")]
    fn source<'a>(
        &'a self,
        inputs: &[Fact<'_>],
        output: Shape,
    ) -> Result<Box<dyn Fn(&[usize]) -> Option<Vec<usize>> + 'a>, NodeError> {
        let x = inputs[0].shape;
        let lengths = x.lengths().to_vec();
        Ok(match self {
            Self::Transpose { permutation } => {
                let order = Self::permutation(permutation.as_deref(), x)?;
                Box::new(move |index| {
                    let mut source = vec![0; index.len()];
                    for (place, axis) in index.iter().zip(&order) {
                        source[*axis] = *place;
                    }
                    Some(source)
                })
            }
            Self::Slice => {
                let slices = slices(inputs)?;
                Box::new(move |index| {
                    let mut source = index.to_vec();
                    for (axis, range) in &slices {
                        source[*axis] = range.at(index[*axis]);
                    }
                    Some(source)
                })
            }
            Self::Split { axis, .. } => {
                let (axis, first, _) = self.part(inputs, *axis)?;
                Box::new(move |index| {
                    let mut source = index.to_vec();
                    source[axis] += first;
                    Some(source)
                })
            }
            Self::Gather { axis } => {
                let axis = x.axis(*axis)?;
                let places = positions(&inputs[1], lengths[axis])?;
                let inner = inputs[1].shape;
                Box::new(move |index| {
                    let (own, strides) = (&index[axis..axis + inner.axes()], inner.strides());
                    let at = own
                        .iter()
                        .zip(strides)
                        .map(|(place, stride)| place * stride);
                    let mut source = index[..axis].to_vec();
                    source.push(places[at.sum::<usize>()]);
                    source.extend_from_slice(&index[axis + inner.axes()..]);
                    Some(source)
                })
            }
            Self::GatherElements { axis } => {
                let axis = x.axis(*axis)?;
                let places = positions(&inputs[1], lengths[axis])?;
                let strides = output.strides();
                let fits = output.axes() == x.axes()
                    && (0..x.axes()).all(|at| at == axis || output.lengths()[at] <= lengths[at]);
                if !fits {
                    return Err(invalid("the indices have other axes than the tensor"));
                }
                Box::new(move |index| {
                    let at = index
                        .iter()
                        .zip(&strides)
                        .map(|(place, stride)| place * stride);
                    let mut source = index.to_vec();
                    source[axis] = places[at.sum::<usize>()];
                    Some(source)
                })
            }
            Self::Pad { fill } => {
                let pads = pads(inputs)?;
                if *fill != Fill::Zeros && lengths.contains(&0) {
                    return Err(invalid("a padding of nothing"));
                }
                Box::new(move |index| {
                    let axes = index.iter().zip(&pads).zip(&lengths);
                    axes.map(|((&place, [before, _]), &length)| {
                        fill.place(place as i64 - before, length)
                    })
                    .collect()
                })
            }
            Self::Expand => Box::new(move |index| {
                let own = &index[index.len() - lengths.len()..];
                let places = own.iter().zip(&lengths);
                Some(
                    places
                        .map(|(place, length)| if *length == 1 { 0 } else { *place })
                        .collect(),
                )
            }),
            Self::Tile => Box::new(move |index| {
                let places = index.iter().zip(&lengths);
                Some(places.map(|(place, length)| place % length).collect())
            }),
            Self::DepthToSpace { block, neighbors } => {
                let channels = output.lengths()[1];
                Box::new(move |index| {
                    let [item, channel, y, x] = *index else {
                        return None;
                    };
                    let within = y % block * block + x % block;
                    let from = if *neighbors {
                        channel * block * block + within
                    } else {
                        within * channels + channel
                    };
                    Some(vec![item, from, y / block, x / block])
                })
            }
            Self::SpaceToDepth { block, neighbors } => Box::new(move |index| {
                let [item, channel, y, x] = *index else {
                    return None;
                };
                let (within, from) = if *neighbors {
                    (channel % (block * block), channel / (block * block))
                } else {
                    (channel / lengths[1], channel % lengths[1])
                };
                let (dy, dx) = (within / block, within % block);
                Some(vec![item, from, y * block + dy, x * block + dx])
            }),
        })
    }
}

impl Operator for Rearrange {
    fn arity(&self) -> Arity {
        match self {
            Self::Transpose { .. } | Self::DepthToSpace { .. } | Self::SpaceToDepth { .. } => {
                Arity::Exactly(1)
            }
            Self::Slice => Arity::AtLeast(3),
            Self::Split { parts: Some(_), .. } => Arity::Exactly(1),
            Self::Pad { .. } => Arity::AtLeast(2),
            _ => Arity::Exactly(2),
        }
    }

    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        Ok(match self {
            Self::DepthToSpace { block, .. } => {
                inputs[0].map(|channels| channels / (block * block).max(1))
            }
            Self::SpaceToDepth { block, .. } => inputs[0].map(|channels| channels * block * block),
            _ => None,
        })
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        let shape = Shape::of(&self.lengths(inputs)?)?;
        // The rest of what can be wrong.
        let _ = self.source(inputs, shape)?;
        Ok(shape)
    }

    fn is_smooth(&self, input: usize) -> bool {
        input == 0
    }

    fn forward(&self, inputs: &[&Tensor], _: &Weights<'_>) -> Tensor {
        let facts: Vec<Fact<'_>> = inputs.iter().map(|input| input.fact()).collect();
        let Arrangement { shape, sources } = self.arrangement(&facts).expect("checked");
        let value = |source: Option<usize>| source.map_or(0.0, |at| inputs[0].values[at]);
        Tensor::new(shape, sources.into_iter().map(value).collect())
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let facts: Vec<Fact<'_>> = pass.inputs.iter().map(|input| input.fact()).collect();
        let arrangement = self.arrangement(&facts).expect("checked");
        let mut gradients: Vec<Tensor> =
            pass.inputs.iter().map(|x| Tensor::zeros(x.shape)).collect();
        for (source, value) in arrangement.sources.iter().zip(&pass.gradient.values) {
            if let Some(at) = source {
                gradients[0].values[*at] += value;
            }
        }
        gradients
    }
}
