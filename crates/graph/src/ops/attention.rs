//! Attention of positions to positions.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Arity, Fact, Map, NodeError, Number, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

/// Scaled dot-product attention in heads, on maps: queries, keys and values are
/// [1, heads * size, height, width], where keys and values have the same positions, and values may
/// have another size of a head. The output has the positions of the queries and the channels of the
/// values. For each head, with `q`, `k` and `v` the vectors of the head's channels at a position,
/// `y_i = sum_j softmax_j(scale * q_i . k_j) * v_j`
/// (Vaswani et al., Attention Is All You Need, 2017, section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Attention {
    /// The heads.
    pub heads: usize,
    /// The factor of the products of queries and keys: `1 / sqrt(size)` as a rule.
    pub scale: Number,
}

/// The maps of queries, keys and values.
struct Maps([Map; 3]);

impl Maps {
    fn new(inputs: [Shape; 3]) -> Result<Self, NodeError> {
        let [q, k, v] = inputs;
        let all = Self([q.maps()?.1, k.maps()?.1, v.maps()?.1]);
        let Self([queries, keys, values]) = all;
        let items = [q, k, v].map(|shape| shape.lengths()[0]);
        if keys.size() != values.size() || items != [items[0]; 3] {
            return Err(NodeError::Shapes {
                expected: k.lengths().to_vec(),
                found: v.lengths().to_vec(),
            });
        }
        if queries.channels != keys.channels {
            return Err(NodeError::Channels {
                expected: queries.channels,
                found: keys.channels,
            });
        }
        Ok(all)
    }
}

/// One head of one item: where its vectors lie.
struct Head {
    /// The first value of queries, keys and values.
    first: [usize; 3],
    /// The channels of queries and keys, and of values.
    size: usize,
    value_size: usize,
    /// Positions of the queries, and of keys and values.
    queries: usize,
    keys: usize,
    scale: f64,
}

impl Head {
    /// The share of each key for a query.
    fn shares(&self, q: &Tensor, k: &Tensor, query: usize) -> Vec<f64> {
        let score = |key: usize| {
            let products = (0..self.size).map(|channel| {
                let a = q.values[self.first[0] + channel * self.queries + query];
                a * k.values[self.first[1] + channel * self.keys + key]
            });
            self.scale * products.sum::<f64>()
        };
        let scores: Vec<f64> = (0..self.keys).map(score).collect();
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers.into_iter().map(|power| power / sum).collect()
    }
}

impl Attention {
    fn heads(self, inputs: &[&Tensor]) -> Vec<Head> {
        let shapes = [inputs[0].shape, inputs[1].shape, inputs[2].shape];
        let Maps([q, k, v]) = Maps::new(shapes).expect("checked");
        let items = shapes[0].lengths()[0];
        let all = (0..items * self.heads).map(|at| {
            let (item, head) = (at / self.heads, at % self.heads);
            let first = |map: &Map| {
                (item * map.channels + head * map.channels / self.heads) * map.height * map.width
            };
            Head {
                first: [first(&q), first(&k), first(&v)],
                size: q.channels / self.heads,
                value_size: v.channels / self.heads,
                queries: q.height * q.width,
                keys: k.height * k.width,
                scale: self.scale.0,
            }
        });
        all.collect()
    }
}

impl Operator for Attention {
    fn arity(&self) -> Arity {
        Arity::Exactly(3)
    }

    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        let fits = |channels: &usize| self.heads > 0 && channels.is_multiple_of(self.heads);
        if let Some(channels) = inputs.iter().flatten().find(|channels| !fits(channels)) {
            return Err(NodeError::Invalid {
                reason: format!(
                    "{channels} channels cannot be cut into {} heads",
                    self.heads
                ),
            });
        }
        if let [Some(expected), Some(found), _] = inputs[..]
            && expected != found
        {
            return Err(NodeError::Channels { expected, found });
        }
        Ok(inputs[2])
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        let shapes = [inputs[0].shape, inputs[1].shape, inputs[2].shape];
        let Maps([q, _, v]) = Maps::new(shapes)?;
        Shape::of(&[shapes[0].lengths()[0], v.channels, q.height, q.width])
    }

    fn multiply_adds(&self, inputs: &[Shape], output: Shape, _: &[Weight]) -> u64 {
        // Each query with each key, over the channels of both products.
        let keys: usize = inputs[1].lengths()[2..].iter().product();
        ((inputs[0].count() + output.count()) * keys) as u64
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let mut y = weights.output(self, inputs);
        let mut output = 0;
        for head in self.heads(inputs) {
            for query in 0..head.queries {
                let shares = head.shares(inputs[0], inputs[1], query);
                for channel in 0..head.value_size {
                    let from = head.first[2] + channel * head.keys;
                    let values = inputs[2].values[from..].iter();
                    let products = shares
                        .iter()
                        .zip(values)
                        .map(|(share, value)| share * value);
                    y.values[output + channel * head.queries + query] = products.sum();
                }
            }
            output += head.value_size * head.queries;
        }
        y
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let [q, k, v] = [0, 1, 2].map(|at| pass.inputs[at]);
        let mut gradients: Vec<Tensor> = pass
            .inputs
            .iter()
            .map(|input| Tensor::zeros(input.shape))
            .collect();
        let mut output = 0;
        for head in self.heads(&pass.inputs) {
            for query in 0..head.queries {
                let shares = head.shares(q, k, query);
                let gradient =
                    |channel: usize| pass.gradient.values[output + channel * head.queries + query];
                // Of the shares, then of the scores.
                let mut of_shares = vec![0.0; head.keys];
                for channel in 0..head.value_size {
                    for key in 0..head.keys {
                        let at = head.first[2] + channel * head.keys + key;
                        of_shares[key] += gradient(channel) * v.values[at];
                        gradients[2].values[at] += gradient(channel) * shares[key];
                    }
                }
                let mean: f64 = shares.iter().zip(&of_shares).map(|(a, b)| a * b).sum();
                for key in 0..head.keys {
                    let score = head.scale * shares[key] * (of_shares[key] - mean);
                    for channel in 0..head.size {
                        let at = head.first[0] + channel * head.queries + query;
                        let other = head.first[1] + channel * head.keys + key;
                        gradients[0].values[at] += score * k.values[other];
                        gradients[1].values[other] += score * q.values[at];
                    }
                }
            }
            output += head.value_size * head.queries;
        }
        gradients
    }
}
