//! Copies between row-major tensors of the caller and blocked tensors.

use std::ops::Range;

use super::{
    access::{Accesses, Region, Space, band_rows},
    cells::Cells,
    context::{Context, finish},
};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// Channels of one block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// The first channel.
    pub(crate) first: usize,
    /// Used lanes.
    pub(crate) count: usize,
}

/// Copies a tensor of the caller to a blocked tensor.
#[derive(Debug, Clone)]
pub(crate) struct ToLanes {
    /// Index of the external tensor.
    pub(crate) external: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Distance of two columns of the blocked tensor; other than 16 only for the network's input.
    pub(crate) pixel: usize,
    pub(crate) parts: Vec<Part>,
    /// True if the caller's tensor has its channels last.
    pub(crate) channels_last: bool,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
    /// Bands that the rows are cut into.
    pub(crate) bands: usize,
}

/// Distances of two channels, two rows and two columns in a tensor of the caller.
#[derive(Debug, Clone, Copy)]
struct Distances {
    channel: usize,
    row: usize,
    column: usize,
}

impl Distances {
    fn new(parts: &[Part], [height, width]: [usize; 2], channels_last: bool) -> Self {
        if channels_last {
            let channels: usize = parts.iter().map(|part| part.count).sum();
            Self {
                channel: 1,
                row: width * channels,
                column: channels,
            }
        } else {
            Self {
                channel: height * width,
                row: width,
                column: 1,
            }
        }
    }

    /// Some channels of some rows.
    fn region(&self, part: Part, rows: &Range<usize>, width: usize) -> Region {
        let start = part.first * self.channel + rows.start * self.row;
        if self.channel == 1 {
            let region = Region::new(start, part.count);
            region
                .rows(rows.len(), self.row)
                .columns(width, self.column)
        } else {
            Region::new(start, rows.len() * self.row).blocks(part.count, self.channel)
        }
    }
}

impl ToLanes {
    fn distances(&self) -> Distances {
        Distances::new(&self.parts, [self.height, self.width], self.channels_last)
    }

    /// One task for each band of each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len() * self.bands
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (block, band) = (task / self.bands, task % self.bands);
        let (dest, part) = (&self.dests[block], self.parts[block]);
        let rows = band_rows(band, self.bands, self.height);
        if self.pixel == LANES {
            let source = self.distances().region(part, &rows, self.width);
            accesses.read(Space::External(self.external), source);
            accesses.finish(dest, rows, self.width, LANES);
        } else {
            let plane = self.height * self.width;
            let start = part.first * plane + rows.start * self.width;
            let source = Region::new(start, rows.len() * self.width);
            let source = source.blocks(self.pixel, plane);
            accesses.read(Space::External(self.external), source);
            let start = dest.offset + rows.start * dest.row;
            let target = Region::new(start, self.width * self.pixel);
            accesses.write(Space::Data, target.rows(rows.len(), dest.row));
        }
    }

    /// Runs one task: a band of a block.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (block, band) = (task / self.bands, task % self.bands);
        let (dest, part) = (&self.dests[block], self.parts[block]);
        let source = context.external[self.external];
        let Distances {
            channel,
            row,
            column,
        } = self.distances();
        for y in band_rows(band, self.bands, self.height) {
            for x in 0..self.width {
                // SAFETY: the caller's contract for the places that `accesses` describes. Padding
                // lanes become 0 and read nothing.
                unsafe {
                    let from = source.add(part.first * channel + y * row + x * column);
                    let at = dest.offset + y * dest.row + x * self.pixel;
                    if self.pixel == LANES {
                        let mut values = [0.0_f32; LANES];
                        for (lane, value) in values.iter_mut().enumerate().take(part.count) {
                            *value = *from.add(lane * channel);
                        }
                        finish(L::load(values.as_ptr()), dest, at, context);
                    } else {
                        // The network's input, which is only ever stored.
                        for lane in 0..self.pixel {
                            *context.data.add(at + lane) = *from.add(lane * channel);
                        }
                    }
                }
            }
        }
    }
}

/// Copies a blocked tensor to the result.
#[derive(Debug, Clone)]
pub(crate) struct FromLanes {
    pub(crate) view: View,
    pub(crate) parts: Vec<Part>,
    /// True if the caller's tensor has its channels last.
    pub(crate) channels_last: bool,
}

impl FromLanes {
    fn distances(&self) -> Distances {
        let size = [self.view.height, self.view.width];
        Distances::new(&self.parts, size, self.channels_last)
    }

    /// One task for each block.
    pub(crate) fn tasks(&self) -> usize {
        self.parts.len()
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (view, part) = (&self.view, self.parts[task]);
        let source = Region::new(view.block_offset(task), view.width * view.pixel);
        accesses.read(Space::Data, source.rows(view.height, view.row));
        let target = self.distances().region(part, &(0..view.height), view.width);
        accesses.write(Space::Result, target);
    }

    /// Runs one task: the channels of a block.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step).
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (view, part) = (&self.view, self.parts[task]);
        let Distances {
            channel,
            row,
            column,
        } = self.distances();
        for lane in 0..part.count {
            for y in 0..view.height {
                let line = (part.first + lane) * channel + y * row;
                let from = view.block_offset(task) + y * view.row + lane;
                for x in 0..view.width {
                    // SAFETY: the caller's contract for the places that `accesses` describes.
                    unsafe {
                        let value = *context.data.add(from + x * view.pixel);
                        *context.result.add(line + x * column) = value;
                    }
                }
            }
        }
    }
}

/// A tensor that holds a part of the input's gradient.
#[derive(Debug, Clone, Copy)]
pub(crate) enum GradientSource {
    /// A tensor in blocks, like any other.
    Blocks(View),
    /// A tensor in cells, from a strided convolution.
    Cells(Cells),
}

/// Sums all parts of the input's gradient to the row-major result.
#[derive(Debug, Clone)]
pub(crate) struct InputGradient {
    pub(crate) sources: Vec<GradientSource>,
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Bands that the rows are cut into.
    pub(crate) bands: usize,
}

impl InputGradient {
    /// One task for each band.
    pub(crate) fn tasks(&self) -> usize {
        self.bands
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let rows = band_rows(task, self.bands, self.height);
        let target = Region::new(rows.start * self.width, rows.len() * self.width);
        let target = target.blocks(self.channels, self.height * self.width);
        accesses.write(Space::Result, target);
        for source in &self.sources {
            match source {
                GradientSource::Blocks(view) => {
                    let start = view.offset + rows.start * view.row;
                    let source = Region::new(start, self.width * LANES)
                        .blocks(self.channels.div_ceil(LANES), view.block)
                        .rows(rows.len(), view.row);
                    accesses.read(Space::Data, source);
                }
                GradientSource::Cells(cells) => {
                    cells.accesses(rows.clone(), (self.channels, self.width), accesses);
                }
            }
        }
    }

    /// Runs one task: a band of the result.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step).
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        for y in band_rows(task, self.bands, self.height) {
            for channel in 0..self.channels {
                let start = (channel * self.height + y) * self.width;
                // SAFETY: the caller's contract: a row of the result, which no other task touches.
                let line = unsafe {
                    std::slice::from_raw_parts_mut(context.result.add(start), self.width)
                };
                line.fill(0.0);
                for source in &self.sources {
                    // SAFETY: the caller's contract.
                    unsafe { source.add_row(channel, y, self.channels, line, context) };
                }
            }
        }
    }
}

impl GradientSource {
    /// Adds a row of a channel to a row of the result.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step).
    unsafe fn add_row(
        &self,
        channel: usize,
        y: usize,
        channels: usize,
        line: &mut [f32],
        context: &Context<'_>,
    ) {
        match *self {
            Self::Blocks(view) => {
                let start = view.block_offset(channel / LANES) + y * view.row + channel % LANES;
                for (x, value) in line.iter_mut().enumerate() {
                    // SAFETY: the caller's contract for the places that `accesses` describes.
                    *value += unsafe { *context.data.add(start + x * LANES) };
                }
            }
            // SAFETY: the caller's contract.
            Self::Cells(cells) => unsafe { cells.add_row(channel, y, channels, line, context) },
        }
    }
}
