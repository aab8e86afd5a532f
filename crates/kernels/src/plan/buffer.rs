//! Buffers: tensors whose blocks lie side by side, with the zeros around them.

use super::geometry::Outside;
use crate::{lanes::LANES, view::View};

/// Memory of one or several tensors whose blocks lie side by side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buffer {
    pub(crate) blocks: usize,
    pub(crate) pixel: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) top: usize,
    pub(crate) bottom: usize,
    /// Columns of zeros between two lines.
    pub(crate) side: usize,
    /// Offset of its start.
    pub(crate) start: usize,
    /// Offset of its end, halo included.
    pub(crate) end: usize,
}

impl Buffer {
    /// A buffer of that height and width without a halo and without a place.
    pub(super) fn new([height, width]: [usize; 2], blocks: usize, pixel: usize) -> Self {
        Self {
            blocks,
            pixel,
            height,
            width,
            top: 0,
            bottom: 0,
            side: 0,
            start: 0,
            end: 0,
        }
    }

    /// Widens the halo to what is read outside of the tensors.
    pub(super) fn widen(&mut self, [rows, columns]: [Outside; 2]) {
        self.top = self.top.max(rows.0);
        self.bottom = self.bottom.max(rows.1);
        self.side = self.side.max(columns.0).max(columns.1);
    }

    /// Distance of two lines.
    pub(crate) fn pitch(&self) -> usize {
        (self.width + self.side) * self.pixel
    }

    /// Distance of two rows.
    pub(crate) fn row(&self) -> usize {
        self.blocks * self.pitch()
    }

    /// Zeros before the first row, to the left of its first column, in whole cache lines.
    pub(crate) fn lead(&self) -> usize {
        (self.side * self.pixel).next_multiple_of(LANES)
    }

    /// Places the buffer, and returns its end; none if that overflows.
    pub(crate) fn place(&mut self, start: usize) -> Option<usize> {
        let row = (self.width + self.side).checked_mul(self.pixel)?;
        let row = row.checked_mul(self.blocks)?;
        let rows = (self.top + self.height + self.bottom).checked_mul(row)?;
        let len = rows.checked_add(self.lead())?;
        self.start = start;
        self.end = start.checked_add(len.checked_next_multiple_of(LANES)?)?;
        Some(self.end)
    }

    /// The tensor of some of its blocks.
    pub(crate) fn view(&self, first: usize, blocks: usize) -> View {
        View {
            offset: self.start + self.lead() + self.top * self.row() + first * self.pitch(),
            row: self.row(),
            block: self.pitch(),
            pixel: self.pixel,
            blocks,
            height: self.height,
            width: self.width,
        }
    }

    /// Start and length of every stretch of zeros.
    pub(crate) fn halos(&self) -> impl Iterator<Item = (usize, usize)> {
        let Self { side, pixel, .. } = *self;
        let (pitch, row) = (self.pitch(), self.row());
        let data = self.start + self.lead() + self.top * row;
        let above = (self.start, self.lead() + self.top * row);
        let below = data + self.height * row;
        let end = self.end;
        let width = self.width * pixel;
        let between = (0..self.height * self.blocks)
            .filter(move |_| side > 0)
            .map(move |line| (data + line * pitch + width, side * pixel));
        [above, (below, end - below)].into_iter().chain(between)
    }
}
