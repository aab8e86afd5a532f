//! The image in cells: the pixels of a `stride` by `stride` square as channels of one position.
//!
//! A strided convolution of the image is one of stride 1 of its cells.

use super::context::Context;
use crate::{lanes::LANES, view::View};

/// How an image is cut in cells. Channel `(row * stride + column) * channels + channel` of a
/// position is a pixel of the cell; position 0 is the cell that starts `before` pixels outside of
/// the image, plus `first` cells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells {
    pub(crate) view: View,
    pub(crate) stride: usize,
    /// Rows and columns.
    pub(crate) before: (usize, usize),
    pub(crate) first: (usize, usize),
}

/// From outside to cells.
#[derive(Debug, Clone)]
pub(crate) struct ToCells {
    pub(crate) cells: Cells,
    /// Channels, height and width of the image.
    pub(crate) image: [usize; 3],
    /// Parts that the rows of cells are cut in.
    pub(crate) bands: usize,
}

impl ToCells {
    /// The bands.
    pub(crate) fn tasks(&self) -> usize {
        self.bands
    }

    /// # Safety
    ///
    /// As [`Sweep::run`](super::Sweep), for this band of all blocks.
    pub(super) unsafe fn run(&self, task: usize, context: &Context<'_>) {
        let Cells {
            view,
            stride,
            before,
            first,
        } = self.cells;
        let [channels, height, width] = self.image;
        let source = context.external[0];
        let used = stride * stride * channels;
        let rows = task * view.height / self.bands..(task + 1) * view.height / self.bands;
        for cell_y in rows {
            for block in 0..view.blocks {
                let start = view.block_offset(block) + cell_y * view.row;
                for lane in 0..LANES {
                    let number = block * LANES + lane;
                    let (phase, channel) = split(number, channels);
                    let (row, column) = split(phase, stride);
                    // What is before the image wraps to far behind it, and so is outside as well.
                    let y = ((cell_y + first.0) * stride + row).wrapping_sub(before.0);
                    let line = (channel * height + y.min(height)) * width;
                    let inside = number < used && y < height;
                    for cell_x in 0..view.width {
                        let x = ((cell_x + first.1) * stride + column).wrapping_sub(before.1);
                        let mut value = 0.0;
                        // SAFETY: a pixel of the image, and a position of the view.
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

fn split(number: usize, by: usize) -> (usize, usize) {
    (number / by, number % by)
}

impl Cells {
    /// Adds a row of a channel to a row of the image.
    ///
    /// # Safety
    ///
    /// As [`InputGradient`](super::InputGradient).
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
        let (cell_y, row) = split(y + before.0, stride);
        for phase in 0..stride {
            let channel = (row * stride + phase) * channels + channel;
            let start = view.block_offset(channel / LANES)
                + (cell_y - first.0) * view.row
                + channel % LANES;
            // The first column of this phase, and the cell that it is in.
            let x = (phase + stride - before.1 % stride) % stride;
            let cell = (x + before.1) / stride - first.1;
            let values = line.iter_mut().skip(x).step_by(stride);
            for (number, value) in values.enumerate() {
                // SAFETY: a place inside of the view.
                *value += unsafe { *context.data.add(start + (cell + number) * LANES) };
            }
        }
    }
}
