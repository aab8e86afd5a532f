//! Descriptions of the memory that a task touches, for `validate`.
//!
//! Every step describes itself next to its code, from the numbers that its code computes addresses
//! with. A description may be larger than what is touched only where the surplus is part of the
//! same lines of the same tensor.

use std::ops::Range;

use crate::{
    lanes::LANES,
    view::{Dest, View},
};

/// A kind of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    /// `Context::data`.
    Data,
    /// `Context::activations`.
    Activations,
    /// `Context::weights`.
    Weights,
    /// Memory of the step alone with that many numbers: transformed weights, or scratch.
    Own(usize),
    /// An external tensor by index.
    External(usize),
    /// `Context::result`.
    Result,
}

/// The use of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Read, inside of tensors.
    Read,
    /// Read, inside of tensors and of the zeros around them.
    ReadWithHalo,
    /// Read to be added to by a write of the same task.
    Update,
    Write,
}

/// A box of numbers: blocks of rows of columns of contiguous numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Region {
    /// Offset of the first number. Negative offsets are never legal.
    pub(crate) start: isize,
    /// Count and distance of the blocks.
    pub(crate) blocks: (usize, usize),
    /// Count and distance of the rows.
    pub(crate) rows: (usize, usize),
    /// Count and distance of the columns.
    pub(crate) columns: (usize, usize),
    /// Contiguous numbers of a column.
    pub(crate) len: usize,
}

impl Region {
    /// Contiguous numbers.
    pub(crate) fn new(start: usize, len: usize) -> Self {
        Self::at(start as isize, len)
    }

    /// Contiguous numbers from an offset that may be negative.
    pub(crate) fn at(start: isize, len: usize) -> Self {
        Self {
            start,
            blocks: (1, 0),
            rows: (1, 0),
            columns: (1, 0),
            len,
        }
    }

    /// Repeats it for blocks that are `step` apart.
    pub(crate) fn blocks(self, count: usize, step: usize) -> Self {
        Self {
            blocks: (count, step),
            ..self
        }
    }

    /// Repeats it for rows that are `step` apart.
    pub(crate) fn rows(self, count: usize, step: usize) -> Self {
        Self {
            rows: (count, step),
            ..self
        }
    }

    /// Repeats it for columns that are `step` apart.
    pub(crate) fn columns(self, count: usize, step: usize) -> Self {
        Self {
            columns: (count, step),
            ..self
        }
    }

    /// Returns true if there is no number in it.
    pub(crate) fn is_empty(&self) -> bool {
        [self.blocks.0, self.rows.0, self.columns.0, self.len].contains(&0)
    }

    /// Offset of the first number, and of the one behind the last.
    pub(crate) fn bounds(&self) -> Range<isize> {
        let last = [self.blocks, self.rows, self.columns]
            .iter()
            .map(|(count, step)| count.saturating_sub(1) * step)
            .sum::<usize>();
        self.start..self.start + (last + self.len) as isize
    }

    /// Every contiguous stretch of it: one for each row if the columns leave no gap.
    pub(crate) fn spans(&self) -> impl Iterator<Item = Range<isize>> {
        let (columns, step, len) = if self.columns.1 <= self.len {
            let last = self.columns.0.saturating_sub(1) * self.columns.1;
            (1, 0, last + self.len)
        } else {
            (self.columns.0, self.columns.1, self.len)
        };
        let region = *self;
        let blocks = 0..if region.is_empty() {
            0
        } else {
            region.blocks.0
        };
        blocks.flat_map(move |block| {
            (0..region.rows.0).flat_map(move |row| {
                (0..columns).map(move |column| {
                    let offset = block * region.blocks.1 + row * region.rows.1 + column * step;
                    let start = region.start + offset as isize;
                    start..start + len as isize
                })
            })
        })
    }
}

/// A region and its use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) space: Space,
    pub(crate) kind: Use,
    pub(crate) region: Region,
}

/// The accesses of one task.
#[derive(Debug, Default)]
pub(crate) struct Accesses(pub(crate) Vec<Access>);

impl Accesses {
    fn push(&mut self, space: Space, kind: Use, region: Region) {
        if !region.is_empty() {
            self.0.push(Access {
                space,
                kind,
                region,
            });
        }
    }

    /// Adds a region that is read.
    pub(super) fn read(&mut self, space: Space, region: Region) {
        self.push(space, Use::Read, region);
    }

    /// Adds a region that is read and may lie in the zeros around a tensor.
    pub(super) fn read_with_halo(&mut self, space: Space, region: Region) {
        self.push(space, Use::ReadWithHalo, region);
    }

    /// Adds a region that is written.
    pub(super) fn write(&mut self, space: Space, region: Region) {
        self.push(space, Use::Write, region);
    }

    /// Adds what [`finish`](super::context::finish) touches for a band of a tensor.
    pub(super) fn finish_band(&mut self, dest: &Dest, [rows, columns]: [Range<usize>; 2]) {
        let dest = Dest {
            offset: dest.offset + columns.start * LANES,
            ..*dest
        };
        self.finish(&dest, rows, columns.len(), LANES);
    }

    /// Adds what [`finish`](super::context::finish) touches for some rows of `width` positions
    /// that are `step` apart.
    pub(super) fn finish(&mut self, dest: &Dest, rows: Range<usize>, width: usize, step: usize) {
        let region = Region::new(dest.offset + rows.start * dest.row, LANES)
            .rows(rows.len(), dest.row)
            .columns(width, step);
        self.write(Space::Data, region);
        if dest.accumulate {
            self.push(Space::Data, Use::Update, region);
        }
        if dest.mask.is_some() {
            self.read(Space::Activations, region);
        }
    }
}

/// Rows of one of `bands` near-equal parts of `height` rows.
pub(super) fn band_rows(band: usize, bands: usize, height: usize) -> Range<usize> {
    band * height / bands..(band + 1) * height / bands
}

/// Rows and columns of a band: of rows, or of the columns of a tensor with a single row.
pub(super) fn band(view: &View, band: usize, bands: usize) -> [Range<usize>; 2] {
    if view.height == 1 {
        [0..1, band_rows(band, bands, view.width)]
    } else {
        [band_rows(band, bands, view.height), 0..view.width]
    }
}

#[cfg(test)]
mod tests {
    use super::Region;

    #[test]
    fn spans_join_columns_without_gaps() {
        let region = Region::new(5, 16).rows(2, 100).columns(3, 16);
        assert_eq!(region.spans().collect::<Vec<_>>(), [5..53, 105..153]);
        assert_eq!(region.bounds(), 5..153);
        let region = Region::new(5, 16).blocks(2, 1000).columns(2, 32);
        let expected = [5..21, 37..53, 1005..1021, 1037..1053];
        assert_eq!(region.spans().collect::<Vec<_>>(), expected);
        assert_eq!(Region::new(5, 16).rows(0, 9).spans().count(), 0);
    }
}
