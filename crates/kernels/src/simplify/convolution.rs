//! Convolutions, and paddings before them.

use oneiric_graph::{Conv, Fact, Fill, Node, NodeId, Op, Padding, Rearrange, Shape};

use super::{Simpler, Walk, form::Form};

impl Walk<'_, '_> {
    /// A convolution, which takes over a padding with zeros before it.
    pub(super) fn convolution(&self, node: &Node, conv: &Conv) -> Result<Simpler, String> {
        let input = node.inputs[0];
        let (from, conv) = self.padded(input, conv).unwrap_or((input, *conv));
        let form = self.map(from)?;
        let channels = self.values.declared[conv.weight.index()].shape[0];
        let form = Form::map(self.map_lengths(channels, form.size()));
        Ok(Simpler::new(Op::from(conv), vec![from], form))
    }

    /// The input of a padding, and the convolution that pads it itself.
    fn padded(&self, input: NodeId, conv: &Conv) -> Option<(NodeId, Conv)> {
        let (source, added) = self.zeros(input)?;
        let Padding::Explicit(own) = conv.window.padding else {
            return None;
        };
        let mut conv = *conv;
        let sum = |axis: usize| [0, 1].map(|side| own[axis][side] + added[axis][side]);
        conv.window.padding = Padding::Explicit([sum(0), sum(1)]);
        Some((source, conv))
    }

    /// The input of a padding of rows and columns with zeros, and how many it adds on each side.
    pub(super) fn zeros(&self, padding: NodeId) -> Option<(NodeId, [[usize; 2]; 2])> {
        let node = self.graph.node(padding);
        let Op::Rearrange(Rearrange::Pad { fill: Fill::Zeros }) = node.op else {
            return None;
        };
        if !self.takes_paddings {
            return None;
        }
        let source = node.inputs[0];
        // What it adds does not depend on the lengths of the axes.
        let map = Fact {
            shape: Shape::new(1, [1; 2]),
            values: None,
        };
        let known = node.inputs[1..].iter().map(|&input| self.known(input));
        let facts: Option<Vec<Fact<'_>>> = std::iter::once(Some(map)).chain(known).collect();
        let amounts = Rearrange::paddings(&facts?).ok()?;
        let [[0, 0], [0, 0], rows, columns] = amounts[..] else {
            return None;
        };
        let counts = |[before, after]: [i64; 2]| {
            Some([usize::try_from(before).ok()?, usize::try_from(after).ok()?])
        };
        Some((source, [counts(rows)?, counts(columns)?]))
    }
}
