//! Between row-major tensors outside and blocked ones inside.

use super::{
    cells::Cells,
    context::{Context, finish},
};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// Channels of one block: the first, and how many of its lanes are used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// From outside to inside.
#[derive(Debug, Clone)]
pub(crate) struct ToLanes {
    /// Which of the context's external tensors.
    pub(crate) external: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// From a column to the next inside; other than 16 only for the network's input.
    pub(crate) pixel: usize,
    pub(crate) parts: Vec<Part>,
    /// One for each block.
    pub(crate) dests: Vec<Dest>,
    /// Parts that the rows are cut in.
    pub(crate) bands: usize,
}

impl ToLanes {
    /// Of every block the bands.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len() * self.bands
    }

    /// # Safety
    ///
    /// As [`Sweep::run`](super::Sweep), for this block and band.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (block, band) = (task / self.bands, task % self.bands);
        let (dest, part) = (&self.dests[block], self.parts[block]);
        let rows = band * self.height / self.bands..(band + 1) * self.height / self.bands;
        let source = context.external[self.external];
        let plane = self.height * self.width;
        for y in rows {
            for x in 0..self.width {
                // SAFETY: positions inside of both tensors; padding is 0 and reads nothing.
                unsafe {
                    let from = source.add(part.first * plane + y * self.width + x);
                    let at = dest.offset + y * dest.row + x * self.pixel;
                    if self.pixel == LANES {
                        let mut values = [0.0_f32; LANES];
                        for (lane, value) in values.iter_mut().enumerate().take(part.count) {
                            *value = *from.add(lane * plane);
                        }
                        finish(L::load(values.as_ptr()), dest, at, context);
                    } else {
                        // The network's input, which is only ever stored.
                        for lane in 0..self.pixel {
                            *context.data.add(at + lane) = *from.add(lane * plane);
                        }
                    }
                }
            }
        }
    }
}

/// From inside to outside.
#[derive(Debug, Clone)]
pub(crate) struct FromLanes {
    pub(crate) view: View,
    pub(crate) parts: Vec<Part>,
}

impl FromLanes {
    /// One for each block.
    pub(crate) fn tasks(&self) -> usize {
        self.parts.len()
    }

    /// # Safety
    ///
    /// As [`Sweep::run`](super::Sweep), for this block's channels of the result.
    pub(super) unsafe fn run(&self, task: usize, context: &Context<'_>) {
        let (view, part) = (&self.view, self.parts[task]);
        for lane in 0..part.count {
            for y in 0..view.height {
                let line = ((part.first + lane) * view.height + y) * view.width;
                let from = view.block_offset(task) + y * view.row + lane;
                for x in 0..view.width {
                    // SAFETY: positions inside of both tensors.
                    unsafe {
                        *context.result.add(line + x) = *context.data.add(from + x * view.pixel);
                    }
                }
            }
        }
    }
}

/// A part of the input's gradient.
#[derive(Debug, Clone, Copy)]
pub(crate) enum GradientSource {
    /// In blocks, like any other.
    Blocks(View),
    /// Of a strided convolution.
    Cells(Cells),
}

/// The sum of all parts, row-major.
#[derive(Debug, Clone)]
pub(crate) struct InputGradient {
    pub(crate) sources: Vec<GradientSource>,
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Parts that the rows are cut in.
    pub(crate) bands: usize,
}

impl InputGradient {
    /// The bands.
    pub(crate) fn tasks(&self) -> usize {
        self.bands
    }

    /// # Safety
    ///
    /// As [`Sweep::run`](super::Sweep), for this band of the result.
    pub(super) unsafe fn run(&self, task: usize, context: &Context<'_>) {
        let rows = task * self.height / self.bands..(task + 1) * self.height / self.bands;
        for y in rows {
            for channel in 0..self.channels {
                let start = (channel * self.height + y) * self.width;
                // SAFETY: a row of the result, which is this task's.
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
    /// Adds a row of a channel.
    ///
    /// # Safety
    ///
    /// As [`InputGradient::run`].
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
                    // SAFETY: a place inside of the view.
                    *value += unsafe { *context.data.add(start + x * LANES) };
                }
            }
            // SAFETY: the caller's contract.
            Self::Cells(cells) => unsafe { cells.add_row(channel, y, channels, line, context) },
        }
    }
}
