//! The image in cells: the pixels of a rectangle as large as the stride as channels of one
//! position.
//!
//! A convolution of the image with that stride is a convolution of its cells with stride 1.

use super::{
    access::{Accesses, Region, Space, band_rows},
    context::Context,
};
use crate::{
    lanes::{LANES, Lanes},
    view::View,
};

/// Cells of an image. Channel `(row * stride[1] + column) * channels + channel` of a position is a
/// pixel of its cell. Position 0 is cell `first`, and cell 0 starts `before` pixels outside of the
/// image.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells {
    pub(crate) view: View,
    /// Rows and columns of a cell.
    pub(crate) stride: [usize; 2],
    /// Rows above and columns on the left of the image that belong to cells.
    pub(crate) before: (usize, usize),
    /// Row and column of the first cell that has a pixel of the image.
    pub(crate) first: (usize, usize),
}

/// Copies the caller's image to cells.
#[derive(Debug, Clone)]
pub(crate) struct ToCells {
    pub(crate) cells: Cells,
    /// Channels, height and width of the image.
    pub(crate) image: [usize; 3],
    /// Bands that the rows of cells are cut into.
    pub(crate) bands: usize,
}

impl ToCells {
    /// One task for each band.
    pub(crate) fn tasks(&self) -> usize {
        self.bands
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let view = &self.cells.view;
        let rows = band_rows(task, self.bands, view.height);
        let image = self.image.iter().product();
        accesses.read(Space::External(0), Region::new(0, image));
        let cells = Region::new(view.offset + rows.start * view.row, view.width * LANES)
            .blocks(view.blocks, view.block)
            .rows(rows.len(), view.row);
        accesses.write(Space::Data, cells);
    }

    /// Runs one task: a band of all blocks.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step).
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let Cells {
            view,
            stride,
            before,
            first,
        } = self.cells;
        let [channels, height, width] = self.image;
        let source = context.external[0];
        let used = stride[0] * stride[1] * channels;
        for cell_y in band_rows(task, self.bands, view.height) {
            for block in 0..view.blocks {
                let start = view.block_offset(block) + cell_y * view.row;
                for lane in 0..LANES {
                    let number = block * LANES + lane;
                    let (phase, channel) = split(number, channels);
                    let (row, column) = split(phase, stride[1]);
                    // Positions before the image wrap to numbers far behind it, and so are outside.
                    let y = ((cell_y + first.0) * stride[0] + row).wrapping_sub(before.0);
                    let line = (channel * height + y.min(height)) * width;
                    let inside = number < used && y < height;
                    for cell_x in 0..view.width {
                        let x = ((cell_x + first.1) * stride[1] + column).wrapping_sub(before.1);
                        let mut value = 0.0;
                        // SAFETY: the caller's contract; the pixel is inside of the image, and the
                        // cell inside of the view.
                        unsafe {
                            if inside && x < width {
                                value = *source.add(line + x);
                            }
                            *context.data.add(start + cell_x * LANES + lane) = value;
                        }
                    }
                }
            }
        }
    }
}

/// Quotient and remainder.
fn split(number: usize, by: usize) -> (usize, usize) {
    (number / by, number % by)
}

impl Cells {
    /// Adds what [`add_row`](Self::add_row) reads for all channels of some rows of an image with
    /// that many channels and columns.
    pub(super) fn accesses(
        &self,
        rows: std::ops::Range<usize>,
        (channels, width): (usize, usize),
        accesses: &mut Accesses,
    ) {
        if rows.is_empty() {
            return;
        }
        let cell = |y: usize| (y + self.before.0) / self.stride[0] - self.first.0;
        let (top, bottom) = (cell(rows.start), cell(rows.end - 1));
        let columns = (width - 1 + self.before.1) / self.stride[1] - self.first.1 + 1;
        let blocks = (self.stride[0] * self.stride[1] * channels).div_ceil(LANES);
        let region = Region::new(self.view.offset + top * self.view.row, columns * LANES)
            .blocks(blocks, self.view.block)
            .rows(bottom + 1 - top, self.view.row);
        accesses.read(Space::Data, region);
    }

    /// Adds a row of a channel to a row of the image.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step).
    pub(super) unsafe fn add_row(
        &self,
        channel: usize,
        y: usize,
        channels: usize,
        line: &mut [f32],
        context: &Context<'_>,
    ) {
        let Self {
            view,
            stride,
            before,
            first,
        } = *self;
        let (cell_y, row) = split(y + before.0, stride[0]);
        let stride = stride[1];
        for phase in 0..stride {
            let channel = (row * stride + phase) * channels + channel;
            let start = view.block_offset(channel / LANES)
                + (cell_y - first.0) * view.row
                + channel % LANES;
            // The first column of this phase, and its cell.
            let x = (phase + stride - before.1 % stride) % stride;
            let cell = (x + before.1) / stride - first.1;
            let values = line.iter_mut().skip(x).step_by(stride);
            for (number, value) in values.enumerate() {
                // SAFETY: the caller's contract for the places that `accesses` describes.
                *value += unsafe { *context.data.add(start + (cell + number) * LANES) };
            }
        }
    }
}
