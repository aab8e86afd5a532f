//! Places of tensors: blocks of sixteen channels, row by row, with a halo of zeros.
//!
//! A buffer is `[row][block][column][channel of the block]`. Between the rows of two blocks lies
//! a halo of zeros as wide as the wider of both sides' (the right one of a row is the left one of
//! the next), and above and below lie rows of zeros, so that a convolution needs no boundary
//! conditions. Offsets are in numbers from the start of a batch item's memory and the same for
//! activations and gradients.

use crate::kernel::Rectifier;

/// A tensor of one batch item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    /// Offset of row 0, column 0 of the first block.
    pub(crate) offset: usize,
    /// Distance of two rows.
    pub(crate) row: usize,
    /// Distance of two blocks.
    pub(crate) block: usize,
    /// Distance of two columns: 16, or the few channels of the input.
    pub(crate) pixel: usize,
    pub(crate) blocks: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl View {
    /// Offset of row 0, column 0 of a block.
    pub(crate) fn block_offset(&self, block: usize) -> usize {
        self.offset + block * self.block
    }

    /// Some of the blocks.
    pub(crate) fn part(&self, first: usize, blocks: usize) -> Self {
        Self {
            offset: self.block_offset(first),
            blocks,
            ..*self
        }
    }

    /// Destinations that overwrite each of the blocks.
    pub(crate) fn dests(&self) -> Vec<Dest> {
        (0..self.blocks)
            .map(|block| Dest {
                offset: self.block_offset(block),
                row: self.row,
                accumulate: false,
                mask: None,
            })
            .collect()
    }
}

/// Destination of one block of a result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dest {
    /// Offset of row 0, column 0.
    pub(crate) offset: usize,
    /// Distance of two rows.
    pub(crate) row: usize,
    /// True if the result is added to what is there.
    pub(crate) accumulate: bool,
    /// The rectified linear unit whose output this is, if the sum is then set to 0 where the
    /// activation at the same place is not within its bounds: its gradient, applied with the last
    /// part of the gradient.
    pub(crate) mask: Option<Rectifier>,
}
