//! Learned numbers of tokens.

use oneiric_graph::{Tokens, WeightId};

use super::Packing;
use crate::lanes::LANES;

/// The place of the learned numbers of tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PackedTokens {
    /// Positions before those of the map.
    pub(crate) before: usize,
    /// Start of their values, `[block][position][16]`.
    pub(crate) prefix: usize,
    /// Start of what is added to the positions of the map, `[block][position][16]`.
    pub(crate) summands: Option<usize>,
}

impl Packing<'_> {
    /// Packs the learned numbers of tokens.
    pub(crate) fn tokens(&mut self, op: &Tokens, node: usize) {
        let declared = self.graph.graph.weights();
        let positions = |id: WeightId| declared[id.index()].shape[1];
        let weights = self.weights;
        let values = |id: WeightId| weights[id.index()];
        let before = op.prefix.map_or(0, positions);
        let all = op.embedding.map_or(before, positions);
        let firsts = self.graph.first_channels(node);
        let blocks = firsts.iter().zip(&self.graph.lanes[node]);
        let value = |channel: usize, position: usize| {
            let own = (position < before).then_some(op.prefix).flatten();
            let own = own.map_or(0.0, |id| values(id)[channel * before + position]);
            let summand = op.embedding.map(|id| values(id)[channel * all + position]);
            own + summand.unwrap_or(0.0)
        };
        let mut packed = [Vec::new(), Vec::new()];
        for (first, used) in blocks {
            for position in 0..all {
                let lane = |lane: usize| {
                    if lane < *used {
                        value(first + lane, position)
                    } else {
                        0.0
                    }
                };
                packed[usize::from(position >= before)].extend((0..LANES).map(lane));
            }
        }
        let [prefix, summands] = packed.map(|values| {
            let start = self.values.len();
            self.values.extend(values);
            start
        });
        self.packed.tokens.insert(
            node,
            PackedTokens {
                before,
                prefix,
                summands: op.embedding.map(|_| summands),
            },
        );
    }
}
