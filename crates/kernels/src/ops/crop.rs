//! Parts of maps.

use oneiric_graph::Crop;

use super::{Operator, add::sum_to};
use crate::{
    blocked::blocks,
    kernel::Term,
    plan::{Backward, Forward},
    view::View,
};

impl Operator for Crop {
    fn lanes(&self, inputs: &[&[usize]], channels: usize) -> Vec<usize> {
        match (self.lies_in_input(inputs), &self.channels) {
            (Some(first), _) => {
                inputs[0][first..][..block_count(inputs[0], first, channels)].to_vec()
            }
            (None, None) => inputs[0].to_vec(),
            (None, Some(_)) => blocks(channels),
        }
    }

    /// Whole blocks side by side.
    fn lies_in_input(&self, inputs: &[&[usize]]) -> Option<usize> {
        let channels = self.channels.as_ref()?;
        let (&start, &end) = (channels.first()?, channels.last()?);
        let neighbors = channels.iter().copied().eq(start..=end);
        if !neighbors || self.rows.is_some() || self.columns.is_some() {
            return None;
        }
        let ends = inputs[0].iter().scan(0, |end, used| {
            *end += used;
            Some(*end)
        });
        let bounds: Vec<usize> = std::iter::once(0).chain(ends).collect();
        let first = bounds.iter().position(|&bound| bound == start)?;
        bounds.contains(&(end + 1)).then_some(first)
    }

    fn forward(&self, plan: &mut Forward<'_>, node: usize) {
        let graph = plan.graph;
        let input = graph.inputs(node)[0];
        if self.lies_in_input(&[&graph.lanes[input]]).is_some() {
            plan.ready[node] = plan.ready[input];
            return;
        }
        let (all, to) = (plan.layout.view(input), plan.layout.view(node));
        let from = cropped(self, &all);
        let lanes = [&graph.lanes[input][..], &graph.lanes[node]];
        let step = sum_to(
            vec![Term::chosen(from, lanes, self.channels.as_deref())],
            &to,
            to.dests(),
        );
        plan.push(node, step);
    }

    fn backward(&self, plan: &mut Backward<'_>, node: usize) {
        let graph = plan.graph;
        let input = graph.inputs(node)[0];
        if self.lies_in_input(&[&graph.lanes[input]]).is_some() {
            return;
        }
        let (from, to) = (plan.gradient(node), plan.gradient(input));
        let level = plan.after(&[from], &to);
        let lanes = [&graph.lanes[node][..], &graph.lanes[input]];
        // Zeros for what the part lacks.
        let terms = Term::placed(from, lanes, self.channels.as_deref());
        let within = self.positions([to.height, to.width]);
        let terms = terms.into_iter().map(|term| term.within(within.clone()));
        let step = sum_to(terms.collect(), &to, plan.write(&to, level));
        plan.program.push(level, node, step);
    }
}

/// The rows and columns of a tensor that a part has, with all channels.
pub(crate) fn cropped(crop: &Crop, all: &View) -> View {
    let [rows, columns] = crop.positions([all.height, all.width]);
    View {
        offset: all.offset + rows.start * all.row + columns.start * all.pixel,
        height: rows.len(),
        width: columns.len(),
        ..*all
    }
}

/// The number of blocks from the first on that have that many channels.
fn block_count(lanes: &[usize], first: usize, channels: usize) -> usize {
    let mut sum = 0;
    lanes[first..]
        .iter()
        .take_while(|&&used| {
            let more = sum < channels;
            sum += used;
            more
        })
        .count()
}
