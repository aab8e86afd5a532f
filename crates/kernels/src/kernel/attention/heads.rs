//! The vectors of heads in tensors.

use std::ops::Range;

use super::super::{
    access::Region,
    context::{Context, finish},
    tile::Tiles,
};
use crate::{
    lanes::LANES,
    view::{Dest, View},
};

/// The channels of a head in a tensor whose blocks are full.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) view: View,
    /// The first channel.
    pub(super) first: usize,
    /// The channels.
    pub(super) size: usize,
}

impl Head {
    pub(super) fn positions(&self) -> usize {
        self.view.height * self.view.width
    }

    /// Numbers of a vector in memory of the task's own: whole blocks.
    pub(super) fn row(&self) -> usize {
        self.size.next_multiple_of(LANES)
    }

    /// Offset of a channel of the head at a position.
    pub(super) fn offset(&self, channel: usize, position: usize) -> usize {
        let View { row, width, .. } = self.view;
        let channel = self.first + channel;
        let place = position / width * row + position % width * LANES;
        self.view.block_offset(channel / LANES) + place + channel % LANES
    }

    /// Returns true if the head has blocks of its own.
    pub(super) fn has_blocks(&self) -> bool {
        self.first.is_multiple_of(LANES) && self.size.is_multiple_of(LANES)
    }

    /// Copies the vectors of some positions, in rows of [`row`](Self::row) numbers.
    ///
    /// # Safety
    ///
    /// The contract is that of [`multiply`].
    #[inline(always)]
    pub(super) unsafe fn copy<L: Tiles>(
        &self,
        from: *const f32,
        positions: Range<usize>,
        to: *mut f32,
    ) {
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
    /// The contract is that of [`multiply`].
    #[inline(always)]
    pub(super) unsafe fn transpose(&self, from: *const f32, padded: usize, to: *mut f32) {
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
pub(super) struct Heads {
    pub(super) view: View,
    /// The first head.
    pub(super) first: usize,
    pub(super) count: usize,
    /// The channels of a head.
    pub(super) size: usize,
}

impl Heads {
    /// Heads of a task in tensors whose heads have those sizes.
    pub(super) fn together(sizes: &[usize]) -> usize {
        let whole = |count: &usize| {
            sizes
                .iter()
                .all(|size| (size * count).is_multiple_of(LANES))
        };
        (1..=LANES).find(whole).unwrap_or(LANES)
    }

    pub(super) fn head(&self, number: usize) -> Head {
        Head {
            view: self.view,
            first: (self.first + number) * self.size,
            size: self.size,
        }
    }

    /// The blocks.
    pub(super) fn blocks(&self) -> Range<usize> {
        let first = self.first * self.size / LANES;
        first..first + (self.count * self.size).div_ceil(LANES)
    }

    /// Numbers of a position's vectors.
    pub(super) fn row(&self) -> usize {
        self.blocks().len() * LANES
    }

    pub(super) fn region(&self) -> Region {
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
    /// The contract is that of [`multiply`].
    #[inline(always)]
    pub(super) unsafe fn collect<L: Tiles>(
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
    /// The contract is that of [`multiply`].
    #[inline(always)]
    pub(super) unsafe fn write<L: Tiles>(
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
