//! Where tensors lie: blocks of sixteen channels, row by row, with a halo of zeros.
//!
//! A buffer is `[row][block][column][channel of the block]`. Between the rows of two blocks lies
//! a halo of zeros as wide as the wider of both sides' (the right one of a row is the left one of
//! the next), and above and below lie rows of zeros, so that a convolution needs no boundary
//! conditions. Offsets are in numbers from the start of a batch item's memory and the same for
//! activations and gradients.

/// A tensor of one batch item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    /// Of row 0, column 0 of the first block.
    pub(crate) offset: usize,
    /// From a row to the next.
    pub(crate) row: usize,
    /// From a block to the next.
    pub(crate) block: usize,
    /// From a column to the next: 16, or the input's few channels.
    pub(crate) pixel: usize,
    pub(crate) blocks: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl View {
    /// Offset of the block's row 0, column 0.
    pub(crate) fn block_offset(&self, block: usize) -> usize {
        self.offset + block * self.block
    }

    /// Where to write each of the blocks, whatever was there.
    pub(crate) fn dests(&self) -> Vec<Dest> {
        (0..self.blocks)
            .map(|block| Dest {
                offset: self.block_offset(block),
                row: self.row,
                accumulate: false,
                mask: false,
            })
            .collect()
    }
}

/// Where one block of a result goes, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dest {
    /// Of row 0, column 0.
    pub(crate) offset: usize,
    /// From a row to the next.
    pub(crate) row: usize,
    /// Add to what is there.
    pub(crate) accumulate: bool,
    /// Then set to 0 where the activation of the same place is 0 or below: the gradient of a ReLU,
    /// of whose output the last part of the gradient comes here.
    pub(crate) mask: bool,
}
