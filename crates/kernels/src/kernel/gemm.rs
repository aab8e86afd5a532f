//! The product of a matrix with a tensor as one vector, and its gradient.
//!
//! The matrix lies row-major, `[output][feature]`, in rows that are filled up with zeros; both
//! directions read it along the features.

use super::{
    access::{Accesses, Region, Space},
    context::{Context, finish},
    transfer::Part,
};
use crate::{
    lanes::{LANES, Lanes},
    pack::Matrix,
    view::{Dest, View},
};

/// The product.
#[derive(Debug, Clone)]
pub(crate) struct Gemm {
    pub(crate) matrix: Matrix,
    pub(crate) from: View,
    /// Channels of each block of the input.
    pub(crate) parts: Vec<Part>,
    /// Outputs of each block of the result.
    pub(crate) outputs: Vec<Part>,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
}

impl Gemm {
    /// One task for each block of outputs.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len()
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (from, matrix, part) = (&self.from, &self.matrix, self.outputs[task]);
        for (block, part) in self.parts.iter().enumerate() {
            let channels = Region::new(from.block_offset(block), part.count);
            let channels = channels.columns(from.width, LANES);
            accesses.read(Space::Data, channels.rows(from.height, from.row));
        }
        let first = matrix.start + part.first * matrix.row;
        accesses.read(Space::Weights, Region::new(first, part.count * matrix.row));
        if let Some(bias) = matrix.bias {
            accesses.read(Space::Weights, Region::new(bias + part.first, LANES));
        }
        accesses.finish(&self.dests[task], 0..1, 1, LANES);
    }

    /// Runs one task: a block of outputs.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (from, matrix, part) = (&self.from, &self.matrix, self.outputs[task]);
        let plane = from.height * from.width;
        let mut features = vec![0.0_f32; matrix.row];
        for (block, part) in self.parts.iter().enumerate() {
            for lane in 0..part.count {
                for y in 0..from.height {
                    let source = from.block_offset(block) + y * from.row + lane;
                    let line = (part.first + lane) * plane + y * from.width;
                    for x in 0..from.width {
                        // SAFETY: the caller's contract for the places that `accesses` describes.
                        features[line + x] = unsafe { *context.data.add(source + x * LANES) };
                    }
                }
            }
        }
        let mut values = [0.0_f32; LANES];
        for (lane, value) in values.iter_mut().enumerate().take(part.count) {
            // SAFETY: as above; a row of the matrix is as long as `features`.
            unsafe {
                let row = matrix.start + (part.first + lane) * matrix.row;
                let row = context.weights.add(row);
                let mut sum = L::zero();
                for at in (0..matrix.row).step_by(LANES) {
                    let factor = L::load(row.add(at));
                    sum = L::load(features.as_ptr().add(at)).mul_add(factor, sum);
                }
                let mut sums = [0.0_f32; LANES];
                sum.store(sums.as_mut_ptr());
                *value = sums.iter().sum();
            }
        }
        // SAFETY: the caller's contract for the places that `accesses` describes.
        unsafe {
            let mut value = L::load(values.as_ptr());
            if let Some(bias) = matrix.bias {
                value = value.add(L::load(context.weights.add(bias + part.first)));
            }
            let dest = &self.dests[task];
            finish(value, dest, dest.offset, context);
        }
    }
}

/// The gradient of the input from that of the outputs.
#[derive(Debug, Clone)]
pub(crate) struct GemmGradient {
    pub(crate) matrix: Matrix,
    /// The gradient of the outputs.
    pub(crate) from: View,
    /// Outputs of each of its blocks.
    pub(crate) outputs: Vec<Part>,
    /// The gradient of the input.
    pub(crate) to: View,
    /// Channels of each of its blocks.
    pub(crate) parts: Vec<Part>,
    /// Destination of each block.
    pub(crate) dests: Vec<Dest>,
}

impl GemmGradient {
    /// One task for each block of the input.
    pub(crate) fn tasks(&self) -> usize {
        self.dests.len()
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (matrix, to, part) = (&self.matrix, &self.to, self.parts[task]);
        let plane = to.height * to.width;
        for (block, outputs) in self.outputs.iter().enumerate() {
            let outputs = Region::new(self.from.block_offset(block), outputs.count);
            accesses.read(Space::Data, outputs);
        }
        let outputs: usize = self.outputs.iter().map(|part| part.count).sum();
        let chunk = Region::new(matrix.start + part.first * plane, part.count * plane);
        accesses.read(Space::Weights, chunk.rows(outputs, matrix.row));
        accesses.finish(&self.dests[task], 0..to.height, to.width, LANES);
    }

    /// Runs one task: a block of the input.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Lanes>(&self, task: usize, context: &Context<'_>) {
        let (matrix, to, part) = (&self.matrix, &self.to, self.parts[task]);
        let plane = to.height * to.width;
        let mut sums = vec![0.0_f32; part.count * plane];
        let whole = sums.len() / LANES * LANES;
        for (block, outputs) in self.outputs.iter().enumerate() {
            for lane in 0..outputs.count {
                // SAFETY: the caller's contract for the places that `accesses` describes; the
                // chunk of the row is as long as `sums`.
                unsafe {
                    let gradient = *context.data.add(self.from.block_offset(block) + lane);
                    let row = matrix.start + (outputs.first + lane) * matrix.row;
                    let row = context.weights.add(row + part.first * plane);
                    let factor = L::splat(gradient);
                    for at in (0..whole).step_by(LANES) {
                        let place = sums.as_mut_ptr().add(at);
                        let sum = L::load(row.add(at)).mul_add(factor, L::load(place));
                        sum.store(place);
                    }
                    for (at, sum) in sums.iter_mut().enumerate().skip(whole) {
                        *sum += gradient * *row.add(at);
                    }
                }
            }
        }
        let dest = &self.dests[task];
        for y in 0..to.height {
            for x in 0..to.width {
                let mut values = [0.0_f32; LANES];
                for (lane, value) in values.iter_mut().enumerate().take(part.count) {
                    *value = sums[lane * plane + y * to.width + x];
                }
                let at = dest.offset + y * dest.row + x * LANES;
                // SAFETY: the caller's contract for the places that `accesses` describes.
                unsafe { finish(L::load(values.as_ptr()), dest, at, context) };
            }
        }
    }
}
