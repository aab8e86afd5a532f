//! Attention, which files spell as products of queries, keys and values.

use oneiric_graph::{Attention, Node, NodeId, Number, Op};

use super::{
    Simpler, State, Walk,
    form::{Factor, Form},
    refusal,
};

/// Products of queries and keys, or their softmax: values that are never written.
#[derive(Debug, Clone)]
pub(super) struct Scores {
    queries: NodeId,
    keys: NodeId,
    heads: usize,
    scale: f64,
    /// The axes before the last, with heads and queries.
    axes: Vec<Vec<Factor>>,
    /// The positions of the keys.
    positions: Vec<Factor>,
    is_softmax: bool,
}

impl Walk<'_, '_> {
    /// A product of two tensors that depend on the image.
    pub(super) fn product(&self, node: &Node) -> Result<Simpler, String> {
        let [a, b] = node.inputs[..] else {
            return Err(refusal("a product has two inputs"));
        };
        match self.state(a) {
            State::Scores(scores) if scores.is_softmax => self.attention(scores, b),
            State::Map(_) => {
                let scores = self.scores(a, b);
                let scores = scores.ok_or_else(|| {
                    refusal("its factors are neither a weight nor queries and keys of attention")
                })?;
                Ok(Simpler::hidden(a, State::Scores(scores)))
            }
            _ => Err(refusal("its factors are neither scores nor maps")),
        }
    }

    /// Scores times a number.
    pub(super) fn scaled(&self, node: &Node, scale: f64) -> Result<Simpler, String> {
        let input = node
            .inputs
            .iter()
            .find_map(|&input| match self.state(input) {
                State::Scores(scores) if !scores.is_softmax => Some((input, scores)),
                _ => None,
            });
        let (input, scores) = input.ok_or_else(|| refusal("it reads no scores of attention"))?;
        let scores = Scores {
            scale: scores.scale * scale,
            ..scores.clone()
        };
        Ok(Simpler::hidden(input, State::Scores(scores)))
    }

    /// The softmax of scores over the keys.
    pub(super) fn softmax(&self, node: &Node, axis: isize) -> Result<Simpler, String> {
        let input = node.inputs[0];
        match self.state(input) {
            State::Scores(scores)
                if !scores.is_softmax && (axis == -1 || axis == scores.axes.len() as isize) =>
            {
                let scores = Scores {
                    is_softmax: true,
                    ..scores.clone()
                };
                Ok(Simpler::hidden(input, State::Scores(scores)))
            }
            _ => Err(refusal(
                "the kernels have Softmax as a part of attention only",
            )),
        }
    }

    fn scores(&self, queries: NodeId, keys: NodeId) -> Option<Scores> {
        let (q, k) = (self.form(queries).ok()?, self.form(keys).ok()?);
        let [lead @ .., rows, last] = &q.axes[..] else {
            return None;
        };
        let [own_lead @ .., own_last, positions] = &k.axes[..] else {
            return None;
        };
        let (heads, size) = heads(q, lead, last)?;
        if (heads, size) != self::heads(k, own_lead, own_last)?
            || lead != own_lead
            || !is_positions(rows)
            || !is_positions(positions)
        {
            return None;
        }
        let (queries, first) = self.unscaled(queries);
        let (keys, second) = self.unscaled(keys);
        Some(Scores {
            queries,
            keys,
            heads,
            scale: first * second,
            axes: q.axes[..q.axes.len() - 1].to_vec(),
            positions: positions.clone(),
            is_softmax: false,
        })
    }

    fn attention(&self, scores: &Scores, values: NodeId) -> Result<Simpler, String> {
        let no_values = || refusal("its second factor is no tensor of values of attention");
        let v = self.form(values)?;
        let [lead @ .., positions, last] = &v.axes[..] else {
            return Err(no_values());
        };
        let (heads, size) = heads(v, lead, last).ok_or_else(no_values)?;
        if heads != scores.heads || *positions != scores.positions {
            return Err(no_values());
        }
        let mut axes: Vec<Vec<Factor>> = lead.to_vec();
        axes.extend(scores.axes.last().cloned());
        axes.push(last.clone());
        let own_heads = |axes: &[Vec<Factor>]| axes.iter().position(|axis| !axis.is_empty());
        if own_heads(lead) != own_heads(&scores.axes[..lead.len()]) || size == 0 {
            return Err(no_values());
        }
        let op = Attention {
            heads,
            scale: Number(scores.scale),
        };
        let inputs = vec![scores.queries, scores.keys, values];
        Ok(Simpler::new(Op::from(op), inputs, Form { axes }))
    }

    /// The tensor before a factor that is the same for all its channels, and that factor.
    fn unscaled(&self, node: NodeId) -> (NodeId, f64) {
        let affine = self.affines.get(&node);
        let scaled = affine.and_then(|affine| Some((affine.from, f64::from(affine.scale()?))));
        scaled.unwrap_or((node, 1.0))
    }
}

/// The number of heads and the channels of each, if the axes are those of heads and of a head.
fn heads(form: &Form, lead: &[Vec<Factor>], last: &[Factor]) -> Option<(usize, usize)> {
    let channels = form.channels();
    let [
        Factor::Channels {
            count: size,
            stride: 1,
        },
    ] = *last
    else {
        return None;
    };
    let mut others = lead.iter().filter(|axis| !axis.is_empty());
    let heads = match others.next().map(|axis| &axis[..]) {
        None => 1,
        Some(&[Factor::Channels { count, stride }]) if stride == size => count,
        Some(_) => return None,
    };
    (others.next().is_none() && heads * size == channels).then_some((heads, size))
}

fn is_positions(axis: &[Factor]) -> bool {
    axis.iter().all(|factor| !factor.is_channels())
}
