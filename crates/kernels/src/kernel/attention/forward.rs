//! The output of attention.

use std::ops::Range;

use super::{
    super::{
        access::{Accesses, Space, band},
        context::Context,
        matrix::multiply,
        tile::Tiles,
    },
    QUERIES,
    heads::Heads,
    scores::softmax,
    scratch::{Scratch, left, right, rows_of},
};
use crate::{
    lanes::LANES,
    view::{Dest, View},
};

/// The output, from queries, keys and values.
#[derive(Debug, Clone)]
pub(crate) struct Attention {
    pub(crate) heads: usize,
    pub(crate) scale: f32,
    /// Queries, keys and values.
    pub(crate) inputs: [View; 3],
    /// Their channels.
    pub(crate) sizes: [usize; 3],
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
    /// Bands that the queries are cut into.
    pub(crate) bands: usize,
}

impl Attention {
    /// One task for each band of each group of heads.
    pub(crate) fn tasks(&self) -> usize {
        self.heads.div_ceil(self.together()) * self.bands
    }

    fn together(&self) -> usize {
        Heads::together(&self.sizes.map(|size| size / self.heads))
    }

    /// Rows and columns of a task's queries.
    fn band(&self, task: usize) -> [Range<usize>; 2] {
        band(&self.inputs[0], task % self.bands, self.bands)
    }

    fn heads(&self, input: usize, task: usize) -> Heads {
        let first = task / self.bands * self.together();
        Heads {
            view: self.inputs[input],
            first,
            count: self.together().min(self.heads - first),
            size: self.sizes[input] / self.heads,
        }
    }

    /// Adds what a task touches.
    pub(in crate::kernel) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let [rows, columns] = self.band(task);
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        for input in 0..3 {
            accesses.read(Space::Data, self.heads(input, task).region());
        }
        for dest in &self.dests[self.heads(2, task).blocks()] {
            accesses.finish_band(dest, [rows.clone(), columns.clone()]);
        }
    }

    /// Runs one task: a band of some heads.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(in crate::kernel) unsafe fn run<L: Tiles>(&self, task: usize, context: &Context<'_>) {
        let [rows, columns] = self.band(task);
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        let [q, k, v] = [0, 1, 2].map(|input| self.heads(input, task));
        // The output lies as the queries do, with the channels of the values.
        let out = Heads {
            view: View {
                height: q.view.height,
                width: q.view.width,
                ..v.view
            },
            ..v
        };
        let keys = k.head(0).positions();
        let padded = keys.next_multiple_of(LANES);
        let width = q.view.width;
        let (first, end) = (
            rows.start * width + columns.start,
            (rows.end - 1) * width + columns.end,
        );
        let (size, q_row, v_row) = (q.size, q.head(0).row(), v.head(0).row());
        let parts = [
            size * padded + keys * v_row + (end - first) * out.row(),
            QUERIES * (q_row + padded + v_row),
        ];
        let mut scratch = Scratch::take(parts.iter().sum());
        let from = context.data.cast_const();
        // SAFETY: the caller's contract for the places that `accesses` describes; the scratch
        // belongs to this thread, and its parts have the lengths that are used.
        unsafe {
            let k_columns = scratch.part(size * padded);
            let values = scratch.part(keys * v_row);
            let all = scratch.part((end - first) * out.row());
            let queries = scratch.part(QUERIES * q_row);
            let scores = scratch.part(QUERIES * padded);
            let sums = scratch.part(QUERIES * v_row);
            for head in 0..q.count {
                k.head(head).transpose(from, padded, k_columns);
                v.head(head).copy::<L>(from, 0..keys, values);
                for start in (first..end).step_by(QUERIES) {
                    let some = start..end.min(start + QUERIES);
                    let count = some.len();
                    q.head(head).copy::<L>(from, some.clone(), queries);
                    let (a, to) = (left(queries, q_row, 1), rows_of(scores, padded));
                    multiply::<L>([count, size], a, right(k_columns, padded), to, false);
                    let mut shares = [0.0_f32; QUERIES];
                    for (row, share) in shares.iter_mut().enumerate().take(count) {
                        *share = softmax::<L>(scores.add(row * padded), [keys, padded], self.scale);
                    }
                    let (a, to) = (left(scores, padded, 1), rows_of(sums, v_row));
                    multiply::<L>([count, keys], a, right(values, v_row), to, false);
                    let own = some.start - first..some.end - first;
                    out.collect::<L>(head, own, sums, |row| shares[row], all);
                }
            }
            out.write::<L>(&self.dests, first..end, all, context);
        }
        scratch.give_back();
    }
}
