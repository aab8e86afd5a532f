//! Attention of positions to positions, and its gradient.
//!
//! A task is a head, or as many as fill whole blocks together, or a part of their queries. The scores of a few queries at a time stay in the
//! caches and are never written to a tensor: the gradient computes them again, which is cheaper than
//! to read them.

use std::{cell::RefCell, ops::Range};

use super::{
    access::{Accesses, Region, Space, band},
    context::{Context, finish},
    function::exp,
    matrix::{Left, Rows, multiply},
    tile::Tiles,
};
use crate::{
    lanes::LANES,
    memory::Aligned,
    view::{Dest, View},
};

thread_local! {
    /// Vectors and scores of a head.
    static SCRATCH: RefCell<Aligned> = RefCell::default();
}

/// Queries whose scores are computed together.
const QUERIES: usize = 56;

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

/// The channels of a head in a tensor whose blocks are full.
#[derive(Debug, Clone, Copy)]
struct Head {
    view: View,
    /// The first channel.
    first: usize,
    /// The channels.
    size: usize,
}

impl Head {
    fn positions(&self) -> usize {
        self.view.height * self.view.width
    }

    /// Numbers of a vector in memory of the task's own: whole blocks.
    fn row(&self) -> usize {
        self.size.next_multiple_of(LANES)
    }

    /// Offset of a channel of the head at a position.
    fn offset(&self, channel: usize, position: usize) -> usize {
        let View { row, width, .. } = self.view;
        let channel = self.first + channel;
        let place = position / width * row + position % width * LANES;
        self.view.block_offset(channel / LANES) + place + channel % LANES
    }

    /// Returns true if the head has blocks of its own.
    fn has_blocks(&self) -> bool {
        self.first.is_multiple_of(LANES) && self.size.is_multiple_of(LANES)
    }

    /// Copies the vectors of some positions, in rows of [`row`](Self::row) numbers.
    ///
    /// # Safety
    ///
    /// As [`multiply`].
    #[inline(always)]
    unsafe fn copy<L: Tiles>(&self, from: *const f32, positions: Range<usize>, to: *mut f32) {
        let step = if self.has_blocks() { LANES } else { 1 };
        for (row, position) in positions.enumerate() {
            for channel in (0..self.size).step_by(step) {
                // SAFETY: the caller's contract.
                unsafe {
                    let source = from.add(self.offset(channel, position));
                    let target = to.add(row * self.row() + channel);
                    if step == LANES {
                        L::load(source).store(target);
                    } else {
                        *target = *source;
                    }
                }
            }
        }
    }

    /// Copies all vectors, [channel][position], in rows of `padded` numbers that end with zeros.
    ///
    /// # Safety
    ///
    /// As [`multiply`].
    #[inline(always)]
    unsafe fn transpose(&self, from: *const f32, padded: usize, to: *mut f32) {
        for block in (0..self.size).step_by(LANES) {
            for position in 0..padded {
                for channel in block..self.size.min(block + LANES) {
                    // SAFETY: the caller's contract.
                    unsafe {
                        let value = if position < self.positions() {
                            *from.add(self.offset(channel, position))
                        } else {
                            0.0
                        };
                        *to.add(channel * padded + position) = value;
                    }
                }
            }
        }
    }
}

/// The heads of a task in a tensor: as few as have whole blocks together.
#[derive(Debug, Clone, Copy)]
struct Heads {
    view: View,
    /// The first head.
    first: usize,
    count: usize,
    /// The channels of a head.
    size: usize,
}

impl Heads {
    /// Heads of a task in tensors whose heads have those sizes.
    fn together(sizes: &[usize]) -> usize {
        let whole = |count: &usize| {
            sizes
                .iter()
                .all(|size| (size * count).is_multiple_of(LANES))
        };
        (1..=LANES).find(whole).unwrap_or(LANES)
    }

    fn head(&self, number: usize) -> Head {
        Head {
            view: self.view,
            first: (self.first + number) * self.size,
            size: self.size,
        }
    }

    /// The blocks.
    fn blocks(&self) -> Range<usize> {
        let first = self.first * self.size / LANES;
        first..first + (self.count * self.size).div_ceil(LANES)
    }

    /// Numbers of a position's vectors.
    fn row(&self) -> usize {
        self.blocks().len() * LANES
    }

    fn region(&self) -> Region {
        let View {
            width,
            height,
            row,
            block,
            ..
        } = self.view;
        let blocks = self.blocks();
        let line = Region::new(self.view.block_offset(blocks.start), width * LANES);
        line.blocks(blocks.len(), block).rows(height, row)
    }

    /// Puts the vectors of a head, times factors, into those of all heads of the task.
    ///
    /// # Safety
    ///
    /// As [`multiply`].
    #[inline(always)]
    unsafe fn collect<L: Tiles>(
        &self,
        number: usize,
        rows: Range<usize>,
        from: *const f32,
        factor: impl Fn(usize) -> f32,
        to: *mut f32,
    ) {
        let head = self.head(number);
        let step = if head.has_blocks() { LANES } else { 1 };
        for (own, row) in rows.enumerate() {
            let factor = factor(own);
            for channel in (0..self.size).step_by(step) {
                // SAFETY: the caller's contract.
                unsafe {
                    let source = from.add(own * head.row() + channel);
                    let target = to.add(row * self.row() + number * self.size + channel);
                    if step == LANES {
                        L::load(source).mul(L::splat(factor)).store(target);
                    } else {
                        *target = *source * factor;
                    }
                }
            }
        }
    }

    /// Writes the vectors of some positions.
    ///
    /// # Safety
    ///
    /// As [`multiply`].
    #[inline(always)]
    unsafe fn write<L: Tiles>(
        &self,
        dests: &[Dest],
        positions: Range<usize>,
        from: *const f32,
        context: &Context<'_>,
    ) {
        for (row, position) in positions.enumerate() {
            let (y, x) = (position / self.view.width, position % self.view.width);
            for (at, block) in self.blocks().enumerate() {
                let dest = &dests[block];
                // SAFETY: the caller's contract.
                unsafe {
                    let value = L::load(from.add(row * self.row() + at * LANES));
                    let at = dest.offset + y * dest.row + x * LANES;
                    finish(value, dest, at, context);
                }
            }
        }
    }
}

/// Takes parts of the scratch memory, one after the other.
struct Scratch {
    memory: Aligned,
    next: usize,
}

impl Scratch {
    fn take(numbers: usize) -> Self {
        let mut memory = SCRATCH.take();
        if memory.len() < numbers {
            memory = Aligned::zeros(numbers.div_ceil(LANES));
        }
        Self { memory, next: 0 }
    }

    fn part(&mut self, numbers: usize) -> *mut f32 {
        let start = self.next;
        self.next += numbers;
        assert!(self.next <= self.memory.len(), "scratch of a task");
        // SAFETY: inside of the memory, as was just checked.
        unsafe { self.memory.as_mut_ptr().add(start) }
    }

    fn give_back(self) {
        SCRATCH.set(self.memory);
    }
}

/// Turns scaled scores of a row into their exponentials, relative to the largest. Returns 1 over
/// their sum. Numbers from `keys` to `padded` become 0.
///
/// # Safety
///
/// As [`multiply`].
#[inline(always)]
unsafe fn softmax<L: Tiles>(row: *mut f32, [keys, padded]: [usize; 2], scale: f32) -> f32 {
    // SAFETY: the caller's contract.
    unsafe {
        // No other number is as harmless as one of the scores.
        for at in keys..padded {
            *row.add(at) = *row;
        }
        let mut largest = L::splat(f32::NEG_INFINITY);
        for at in (0..padded).step_by(LANES) {
            let value = L::load(row.add(at)).mul(L::splat(scale));
            value.store(row.add(at));
            largest = largest.max_or_nan(value);
        }
        let mut values = [0.0_f32; LANES];
        largest.store(values.as_mut_ptr());
        let largest =
            values.into_iter().fold(
                f32::NEG_INFINITY,
                |a, b| if a > b || a.is_nan() { a } else { b },
            );
        for at in (0..padded).step_by(LANES) {
            let value = L::load(row.add(at)).sub(L::splat(largest));
            exp(value).store(row.add(at));
        }
        for at in keys..padded {
            *row.add(at) = 0.0;
        }
        let mut sum = L::zero();
        for at in (0..padded).step_by(LANES) {
            sum = sum.add(L::load(row.add(at)));
        }
        sum.store(values.as_mut_ptr());
        1.0 / values.iter().sum::<f32>()
    }
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
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
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
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Tiles>(&self, task: usize, context: &Context<'_>) {
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
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
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
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Tiles>(&self, task: usize, context: &Context<'_>) {
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

/// A left matrix in memory of the task's own.
fn left(at: *mut f32, rows: usize, step: usize) -> Left {
    Left {
        at: at.cast_const(),
        rows,
        step,
    }
}

fn right(at: *mut f32, row: usize) -> Rows<*const f32> {
    Rows {
        at: at.cast_const(),
        row,
    }
}

fn rows_of(at: *mut f32, row: usize) -> Rows<*mut f32> {
    Rows { at, row }
}

/// Normalizes the shares of a row by `share`, 1 over their sum, and turns the gradient of the shares
/// into that of the products of query and keys.
///
/// # Safety
///
/// As [`multiply`].
#[inline(always)]
unsafe fn score_gradient<L: Tiles>(
    shares: *mut f32,
    changes: *mut f32,
    padded: usize,
    share: f32,
    scale: f32,
) {
    // SAFETY: the caller's contract.
    unsafe {
        let mut sum = L::zero();
        for at in (0..padded).step_by(LANES) {
            let value = L::load(shares.add(at)).mul(L::splat(share));
            value.store(shares.add(at));
            sum = value.mul_add(L::load(changes.add(at)), sum);
        }
        let mut values = [0.0_f32; LANES];
        sum.store(values.as_mut_ptr());
        let mean = L::splat(values.iter().sum::<f32>());
        for at in (0..padded).step_by(LANES) {
            let change = L::load(changes.add(at)).sub(mean).mul(L::splat(scale));
            L::load(shares.add(at)).mul(change).store(changes.add(at));
        }
    }
}
