//! The gradients of queries, keys and values.

use super::{
    super::{
        access::{Accesses, Space},
        context::Context,
        matrix::multiply,
        tile::Tiles,
    },
    QUERIES,
    heads::Heads,
    scores::{score_gradient, softmax},
    scratch::{Scratch, left, right, rows_of},
};
use crate::{
    lanes::LANES,
    view::{Dest, View},
};

/// The gradients of queries, keys and values.
#[derive(Debug, Clone)]
pub(crate) struct AttentionGradient {
    pub(crate) heads: usize,
    pub(crate) scale: f32,
    /// Queries, keys and values among the activations.
    pub(crate) inputs: [View; 3],
    /// Their channels.
    pub(crate) sizes: [usize; 3],
    /// The gradient of the output.
    pub(crate) from: View,
    /// Destination of each block of the three gradients; `None` for one that is not computed.
    pub(crate) dests: [Option<Vec<Dest>>; 3],
}

impl AttentionGradient {
    /// One task for each group of heads.
    pub(crate) fn tasks(&self) -> usize {
        self.heads.div_ceil(self.together())
    }

    fn together(&self) -> usize {
        Heads::together(&self.sizes.map(|size| size / self.heads))
    }

    fn heads_of(&self, view: View, channels: usize, task: usize) -> Heads {
        let first = task * self.together();
        Heads {
            view,
            first,
            count: self.together().min(self.heads - first),
            size: channels / self.heads,
        }
    }

    fn heads(&self, input: usize, task: usize) -> Heads {
        self.heads_of(self.inputs[input], self.sizes[input], task)
    }

    /// Adds what a task touches.
    pub(in crate::kernel) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let from = self.heads_of(self.from, self.sizes[2], task);
        accesses.read(Space::Data, from.region());
        for (input, dests) in self.dests.iter().enumerate() {
            let heads = self.heads(input, task);
            accesses.read(Space::Activations, heads.region());
            for dest in dests.iter().flat_map(|dests| &dests[heads.blocks()]) {
                accesses.finish(dest, 0..heads.view.height, heads.view.width, LANES);
            }
        }
    }

    /// Runs one task: some heads.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(in crate::kernel) unsafe fn run<L: Tiles>(&self, task: usize, context: &Context<'_>) {
        let [q, k, v] = [0, 1, 2].map(|input| self.heads(input, task));
        let output = self.heads_of(self.from, self.sizes[2], task);
        let (keys, all) = (k.head(0).positions(), q.head(0).positions());
        let padded = keys.next_multiple_of(LANES);
        let (size, value_size) = (q.size, v.size);
        let (row, v_row) = (q.head(0).row(), v.head(0).row());
        let parts = [
            (size + value_size) * padded + keys * (2 * row + v_row),
            all * q.row() + keys * (k.row() + v.row()),
            QUERIES * (2 * row + v_row + 2 * padded),
        ];
        let mut scratch = Scratch::take(parts.iter().sum());
        let activations = *context.activations;
        // SAFETY: as in the forward direction.
        unsafe {
            let k_columns = scratch.part(size * padded);
            let v_columns = scratch.part(value_size * padded);
            let k_rows = scratch.part(keys * row);
            let k_gradient = scratch.part(keys * row);
            let v_gradient = scratch.part(keys * v_row);
            let gathered = [(&q, all), (&k, keys), (&v, keys)]
                .map(|(heads, positions)| scratch.part(positions * heads.row()));
            let queries = scratch.part(QUERIES * row);
            let q_gradient = scratch.part(QUERIES * row);
            let gradients = scratch.part(QUERIES * v_row);
            let shares = scratch.part(QUERIES * padded);
            let changes = scratch.part(QUERIES * padded);
            for head in 0..q.count {
                k.head(head).transpose(activations, padded, k_columns);
                v.head(head).transpose(activations, padded, v_columns);
                k.head(head).copy::<L>(activations, 0..keys, k_rows);
                for start in (0..all).step_by(QUERIES) {
                    let some = start..all.min(start + QUERIES);
                    let (count, more) = (some.len(), start > 0);
                    q.head(head).copy::<L>(activations, some.clone(), queries);
                    let from = context.data.cast_const();
                    output.head(head).copy::<L>(from, some.clone(), gradients);
                    let (a, to) = (left(queries, row, 1), rows_of(shares, padded));
                    multiply::<L>([count, size], a, right(k_columns, padded), to, false);
                    let (a, to) = (left(gradients, v_row, 1), rows_of(changes, padded));
                    multiply::<L>([count, value_size], a, right(v_columns, padded), to, false);
                    for own in 0..count {
                        let (share, change) = (shares.add(own * padded), changes.add(own * padded));
                        let sum = softmax::<L>(share, [keys, padded], self.scale);
                        score_gradient::<L>(share, change, padded, sum, self.scale);
                    }
                    // Summed over the queries: the transposed matrices from the left.
                    let (a, to) = (left(shares, 1, padded), rows_of(v_gradient, v_row));
                    multiply::<L>([keys, count], a, right(gradients, v_row), to, more);
                    let (a, to) = (left(changes, 1, padded), rows_of(k_gradient, row));
                    multiply::<L>([keys, count], a, right(queries, row), to, more);
                    let (a, to) = (left(changes, padded, 1), rows_of(q_gradient, row));
                    multiply::<L>([count, keys], a, right(k_rows, row), to, false);
                    q.collect::<L>(head, some, q_gradient, |_| 1.0, gathered[0]);
                }
                k.collect::<L>(head, 0..keys, k_gradient, |_| 1.0, gathered[1]);
                v.collect::<L>(head, 0..keys, v_gradient, |_| 1.0, gathered[2]);
            }
            let heads = [(&q, all), (&k, keys), (&v, keys)];
            for (at, (heads, positions)) in heads.into_iter().enumerate() {
                if let Some(dests) = &self.dests[at] {
                    heads.write::<L>(dests, 0..positions, gathered[at], context);
                }
            }
        }
        scratch.give_back();
    }
}
