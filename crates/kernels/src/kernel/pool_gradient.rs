//! The gradient of max pooling: it goes to the first largest position of a window, or to the first
//! NaN.

use super::{
    access::{Accesses, Region, Space, band_rows},
    context::{Context, finish},
    pool::{Window, WindowAxis},
};
use crate::{
    lanes::{LANES, Lanes},
    view::{Dest, View},
};

/// Computes the gradient of the input from that of the maxima.
///
/// For every window the index of its first largest position, in row-major order, is found again
/// from the activations; every input position then gathers from the windows that chose it.
#[derive(Debug, Clone)]
pub(crate) struct MaxPoolGradient {
    pub(crate) window: Window,
    /// The input.
    pub(crate) input: View,
    /// The maxima in the activations, and their gradient in the data.
    pub(crate) output: View,
    /// Destination of each block of the input's gradient.
    pub(crate) dests: Vec<Dest>,
    /// Bands that the rows are cut into.
    pub(crate) bands: usize,
}

impl MaxPoolGradient {
    /// One task for each band of each block.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len() * self.bands
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (block, band) = (task / self.bands, task % self.bands);
        let (input, output, window) = (&self.input, &self.output, &self.window.rows);
        let rows = band_rows(band, self.bands, input.height);
        if rows.is_empty() {
            return;
        }
        let (first, _) = window.reaching(rows.start, output.height);
        let (_, last) = window.reaching(rows.end - 1, output.height);
        if first < last {
            let line = |view: &View, row: usize| {
                Region::new(
                    view.block_offset(block) + row * view.row,
                    view.width * LANES,
                )
            };
            let maxima = line(output, first).rows(last - first, output.row);
            accesses.read(Space::Activations, maxima);
            accesses.read(Space::Data, maxima);
            let (top, _) = window.inside(first, input.height);
            let (_, bottom) = window.inside(last - 1, input.height);
            let inputs = line(input, top).rows(bottom - top, input.row);
            accesses.read(Space::Activations, inputs);
        }
        accesses.finish(&self.dests[block], rows, input.width, LANES);
    }

    /// Runs one task: a band of a block.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        // SAFETY: the caller's contract.
        unsafe {
            let axis = |axis: &WindowAxis| (axis.kernel, axis.stride);
            match (axis(&self.window.rows), axis(&self.window.columns)) {
                ((3, 1), (3, 1)) => self.band::<L, 3, 1>(task, context),
                ((3, 2), (3, 2)) => self.band::<L, 3, 2>(task, context),
                _ => self.band::<L, 0, 0>(task, context),
            }
        }
    }

    /// Runs a task with a kernel and stride of both axes that the compiler knows, or 0 for any.
    ///
    /// # Safety
    ///
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn band<L: Lanes, const K: usize, const S: usize>(
        &self,
        task: usize,
        context: &Context<'_>,
    ) {
        let (block, band) = (task / self.bands, task % self.bands);
        let (input, output) = (&self.input, &self.output);
        let [rows, columns] = self.constants::<K, S>();
        let band = band_rows(band, self.bands, input.height);
        let dest = &self.dests[block];
        // The choices of the output rows that can reach one input row, as a ring.
        let ring = rows.kernel.div_ceil(rows.stride);
        let width = output.width * LANES;
        let mut choices = vec![0.0_f32; ring * width];
        let numbers = (0..rows.kernel * columns.kernel).map(|number| number as f32);
        let numbers: Vec<f32> = numbers.collect();
        let mut next = 0;
        for y in band {
            let (first, last) = rows.reaching(y, output.height);
            next = next.max(first);
            while next < last {
                let row = &mut choices[next % ring * width..][..width];
                // SAFETY: the caller's contract.
                unsafe { self.choose::<L, K, S>(block, next, row, &numbers, context) };
                next += 1;
            }
            for x in 0..input.width {
                let padded = x + columns.before;
                let (cell, phase) = (padded / columns.stride, padded % columns.stride);
                let (first_x, last_x) = columns.reaching(x, output.width);
                // SAFETY: the caller's contract for the places that `accesses` describes. The
                // windows are those of this row and column, so that `choices` has their rows, and
                // `numbers` their positions.
                unsafe {
                    let mut sum = L::zero();
                    for oy in first..last {
                        let choice_row = choices.as_ptr().add(oy % ring * width);
                        let gradient_row = output.block_offset(block) + oy * output.row;
                        let gradient_row = context.data.add(gradient_row);
                        let ky = y + rows.before - oy * rows.stride;
                        let numbers = numbers.as_ptr().add(ky * columns.kernel);
                        if K > 0 && cell < output.width && cell + 1 >= ring {
                            // All windows exist: a loop of known length.
                            for back in 0..K.div_ceil(S.max(1)) {
                                let kx = phase + back * S;
                                if kx < K {
                                    let at = (cell - back) * LANES;
                                    let choice = choice_row.add(at);
                                    let g = gradient_row.add(at);
                                    sum = sum.add(chosen::<L>(choice, numbers.add(kx), g));
                                }
                            }
                        } else {
                            for ox in (first_x..last_x).rev() {
                                let number = numbers.add(padded - ox * columns.stride);
                                let choice = choice_row.add(ox * LANES);
                                let g = gradient_row.add(ox * LANES);
                                sum = sum.add(chosen::<L>(choice, number, g));
                            }
                        }
                    }
                    let at = dest.offset + y * dest.row + x * LANES;
                    finish(sum, dest, at, context);
                }
            }
        }
    }

    #[inline(always)]
    fn constants<const K: usize, const S: usize>(&self) -> [WindowAxis; 2] {
        let Window { rows, columns } = self.window;
        [rows, columns].map(|axis| match K {
            0 => axis,
            _ => WindowAxis {
                kernel: K,
                stride: S,
                ..axis
            },
        })
    }

    /// Finds the indices (`ky * columns.kernel + kx`) of the first largest positions of a row of
    /// windows.
    ///
    /// # Safety
    ///
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn choose<L: Lanes, const K: usize, const S: usize>(
        &self,
        block: usize,
        oy: usize,
        row: &mut [f32],
        numbers: &[f32],
        context: &Context<'_>,
    ) {
        let (input, output) = (&self.input, &self.output);
        let [rows, columns] = self.constants::<K, S>();
        let (first_y, last_y) = rows.inside(oy, input.height);
        // SAFETY: the caller's contract.
        let mut largest_of_row = unsafe { L::zero() };
        for ox in 0..output.width {
            let (first_x, last_x) = columns.inside(ox, input.width);
            // SAFETY: the caller's contract for the places that `accesses` describes; `row` is as
            // wide as the output, and `numbers` has all positions of a window.
            unsafe {
                let at = output.block_offset(block) + oy * output.row + ox * LANES;
                let largest = L::load(context.activations.add(at));
                // No position, if the largest is NaN.
                let mut choice = L::splat(-1.0);
                // From the last to the first, so that the first stays.
                for iy in (first_y..last_y).rev() {
                    let ky = iy + rows.before - oy * rows.stride;
                    let numbers = numbers.as_ptr().add(ky * columns.kernel);
                    let line = input.block_offset(block) + iy * input.row;
                    let line = context.activations.add(line);
                    if K > 0 && last_x - first_x == K {
                        for kx in (0..K).rev() {
                            let value = L::load(line.add((first_x + kx) * LANES));
                            let number = L::splat(*numbers.add(kx));
                            choice = number.where_equal(value, largest, choice);
                        }
                    } else {
                        for ix in (first_x..last_x).rev() {
                            let value = L::load(line.add(ix * LANES));
                            let number =
                                L::splat(*numbers.add(ix + columns.before - ox * columns.stride));
                            choice = number.where_equal(value, largest, choice);
                        }
                    }
                }
                choice.store(row.as_mut_ptr().add(ox * LANES));
                largest_of_row = largest_of_row.max_or_nan(largest);
            }
        }
        // SAFETY: the caller's contract.
        unsafe {
            if largest_of_row.has_nan() {
                self.choose_nan(block, oy, row, context);
            }
        }
    }

    /// Finds the indices of the first NaN of those windows of a row that have one.
    ///
    /// # Safety
    ///
    /// As [`run`](Self::run).
    #[cold]
    unsafe fn choose_nan(&self, block: usize, oy: usize, row: &mut [f32], context: &Context<'_>) {
        let (input, Window { rows, columns }) = (&self.input, &self.window);
        let (first_y, last_y) = rows.inside(oy, input.height);
        for (ox, choices) in row.chunks_exact_mut(LANES).enumerate() {
            let (first_x, last_x) = columns.inside(ox, input.width);
            for iy in (first_y..last_y).rev() {
                for ix in (first_x..last_x).rev() {
                    let ky = iy + rows.before - oy * rows.stride;
                    let kx = ix + columns.before - ox * columns.stride;
                    let at = input.block_offset(block) + iy * input.row + ix * LANES;
                    for (lane, choice) in choices.iter_mut().enumerate() {
                        // SAFETY: the caller's contract for the places that `accesses` describes.
                        if unsafe { *context.activations.add(at + lane) }.is_nan() {
                            *choice = (ky * columns.kernel + kx) as f32;
                        }
                    }
                }
            }
        }
    }
}

/// The gradient in the lanes whose choice is that number, else 0. A closure would not always be
/// compiled with the instructions enabled.
///
/// # Safety
///
/// As [`Lanes`]; the places must be valid.
#[inline(always)]
unsafe fn chosen<L: Lanes>(choice: *const f32, number: *const f32, gradient: *const f32) -> L {
    // SAFETY: the caller's contract.
    unsafe { L::load(gradient).where_equal(L::load(choice), L::splat(*number), L::zero()) }
}
