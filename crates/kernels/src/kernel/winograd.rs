//! A convolution with a small kernel and stride 1 by Winograd's minimal filtering (see
//! `crate::winograd`).
//!
//! A task transforms the inputs of a band of tiles, multiplies them at each point with the
//! transformed weights, for one group of output blocks after the other, and transforms the
//! products back. Channels are lanes, so the transforms are additions of whole vectors.

use std::{cell::RefCell, ops::Range, sync::Arc};

use super::{
    access::{Accesses, Region, Space},
    context::{Context, finish},
    conv::{Group, Out, Tap},
    tile::{Tile, Tiles},
    winograd_tile::{input, output},
};
use crate::{
    lanes::{LANES, Lanes},
    memory::Aligned,
    winograd::Form,
};

thread_local! {
    /// Transformed inputs and products: too large to be allocated for every task.
    static SCRATCH: RefCell<Aligned> = RefCell::default();
}

/// A convolution, computed by Winograd's filtering.
#[derive(Debug, Clone)]
pub(crate) struct Winograd {
    pub(crate) form: Form,
    /// `[group][point][inner][block of the group][16]`.
    pub(crate) weights: Arc<Aligned>,
    /// Offset of the first input of output (0, 0).
    pub(crate) offset: isize,
    /// Distance of two input rows.
    pub(crate) row: usize,
    /// Distance of two input blocks.
    pub(crate) block: usize,
    /// One tap for each input block, over the transformed inputs.
    pub(crate) taps: Vec<Tap>,
    pub(crate) groups: Vec<Group>,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Rows of tiles in a band.
    pub(crate) band: usize,
    /// Chunks that the groups are cut into.
    pub(crate) chunks: usize,
}

impl Winograd {
    /// Count of rows and of columns of tiles.
    pub(crate) fn tiles(&self) -> (usize, usize) {
        let outputs = self.form.outputs();
        (self.height.div_ceil(outputs), self.width.div_ceil(outputs))
    }

    fn bands(&self) -> usize {
        self.tiles().0.div_ceil(self.band)
    }

    /// The groups and the rows of tiles of a task.
    fn part(&self, task: usize) -> (Range<usize>, Range<usize>) {
        let (chunk, band) = (task / self.bands(), task % self.bands());
        let count = self.groups.len();
        let groups = chunk * count / self.chunks..(chunk + 1) * count / self.chunks;
        let first = band * self.band;
        (groups, first..self.tiles().0.min(first + self.band))
    }

    /// Numbers of the transformed inputs, and of the products, of a whole band.
    fn scratch(&self) -> (usize, usize) {
        let points = self.form.points() * self.form.points();
        let most = self.band * self.tiles().1;
        let packed = self.groups.iter().map(|g| g.outs.len()).max().unwrap_or(0);
        let of = |blocks: usize| points * blocks * most * LANES;
        (of(self.taps.len()), of(packed))
    }

    /// One task for each chunk of groups of each band.
    pub(crate) fn tasks(&self) -> usize {
        self.bands() * self.chunks
    }

    /// Multiplications and additions of the products.
    pub(crate) fn flops(&self) -> usize {
        let inner: usize = self.taps.iter().map(|tap| tap.len).sum();
        let lanes: usize = self.groups.iter().map(|g| g.outs.len() * LANES).sum();
        let (rows, columns) = self.tiles();
        2 * inner * lanes * rows * columns * self.form.points() * self.form.points()
    }

    /// Adds what a task touches.
    pub(super) fn accesses(&self, task: usize, accesses: &mut Accesses) {
        let (groups, rows) = self.part(task);
        let (outputs, points) = (self.form.outputs(), self.form.points());
        let columns = self.tiles().1;
        // Neighboring tiles overlap by `points - outputs` rows and columns.
        let width = (columns - 1) * outputs + points;
        let height = (rows.len() - 1) * outputs + points;
        let first = (rows.start * outputs * self.row) as isize;
        let input = Region::at(self.offset + first, width * LANES)
            .blocks(self.taps.len(), self.block)
            .rows(height, self.row);
        accesses.read_with_halo(Space::Data, input);
        let inner: usize = self.taps.iter().map(|tap| tap.len).sum();
        let all = points * points;
        let (inputs, _) = self.scratch();
        let step = self.taps.len() * self.band * columns * LANES;
        for tap in &self.taps {
            let scratch = Region::at(tap.offset, tap.len)
                .blocks(all, step)
                .columns(rows.len() * columns, LANES);
            accesses.read(Space::Own(inputs), scratch);
        }
        for group in &self.groups[groups] {
            let weights = Region::new(group.weights, all * inner * group.outs.len() * LANES);
            accesses.read(Space::Own(self.weights.len()), weights);
            for out in &group.outs {
                if let Some(bias) = out.bias {
                    accesses.read(Space::Weights, Region::new(bias, LANES));
                }
                let rows = rows.start * outputs..self.height.min(rows.end * outputs);
                accesses.finish(&out.dest, rows, self.width, LANES);
            }
        }
    }

    /// Runs one task: a band of a chunk of groups.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step), in a function with the instructions of `L` enabled.
    #[inline(always)]
    pub(super) unsafe fn run<L: Tiles>(&self, task: usize, context: &Context<'_>) {
        let (groups, rows) = self.part(task);
        let first = rows.start;
        let columns = self.tiles().1;
        let tiles = rows.len() * columns;
        // Room for a whole band also in the last one, because the taps are for whole bands.
        let most = self.band * columns;
        let (inputs, products) = self.scratch();
        // Taken and put back: a closure would not be compiled with the instructions enabled.
        let mut scratch = SCRATCH.take();
        if scratch.len() < inputs + products {
            scratch = Aligned::zeros((inputs + products).div_ceil(LANES));
        }
        let v = scratch.as_mut_ptr();
        // SAFETY: the caller's contract for the places that `accesses` describes. The scratch has
        // room for the inputs and the products of a band, and belongs to this thread.
        unsafe {
            let m = v.add(inputs);
            for block in 0..self.taps.len() {
                for tile in 0..tiles {
                    let (y, x) = (first + tile / columns, tile % columns);
                    let to = v.add((block * most + tile) * LANES);
                    self.input::<L>(context, block, y, x, to, self.taps.len() * most * LANES);
                }
            }
            for group in &self.groups[groups] {
                self.multiply::<L>(group, v, m, tiles, most);
                for (block, out) in group.outs.iter().enumerate() {
                    for tile in 0..tiles {
                        let (y, x) = (first + tile / columns, tile % columns);
                        let from = m.add((block * most + tile) * LANES);
                        let step = group.outs.len() * most * LANES;
                        self.output::<L>(context, out, y, x, from, step);
                    }
                }
            }
        }
        SCRATCH.set(scratch);
    }

    /// Transforms the inputs of one tile; its points are `step` apart.
    ///
    /// # Safety
    ///
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn input<L: Lanes>(
        &self,
        context: &Context<'_>,
        block: usize,
        y: usize,
        x: usize,
        to: *mut f32,
        step: usize,
    ) {
        let outputs = self.form.outputs();
        // SAFETY: the caller's contract: `accesses` describes whole tiles.
        unsafe {
            let from = context
                .data
                .wrapping_offset(self.offset)
                .wrapping_add(block * self.block + y * outputs * self.row + x * outputs * LANES);
            match self.form {
                Form::Two => input::<L, 4>(from, self.row, to, step),
                Form::Three | Form::Four | Form::Five => input::<L, 6>(from, self.row, to, step),
            }
        }
    }

    /// Multiplies all tiles at all points with the weights of one group.
    ///
    /// # Safety
    ///
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn multiply<L: Tiles>(
        &self,
        group: &Group,
        v: *mut f32,
        m: *mut f32,
        tiles: usize,
        most: usize,
    ) {
        let packed = group.outs.len();
        let step = packed.min(L::MAX_BLOCKS);
        let parts = tiles.div_ceil(L::max_pixels(step));
        let (pixels, longer) = (tiles / parts, tiles % parts);
        let short = L::tile(pixels, step, LANES);
        let long = L::tile(pixels + usize::from(longer > 0), step, LANES);
        let inner: usize = self.taps.iter().map(|tap| tap.len).sum();
        let mut outs = [Out::plain(0); 3];
        for (block, out) in outs.iter_mut().enumerate() {
            *out = Out::plain(block * most * LANES);
        }
        for point in 0..self.form.points() * self.form.points() {
            let mut x = 0;
            for part in 0..parts {
                let is_long = part < longer;
                for block in (0..packed).step_by(step) {
                    // SAFETY: the caller's contract.
                    unsafe {
                        let input = v.add((point * self.taps.len() * most + x) * LANES);
                        let weights = group.weights + (point * inner * packed + block) * LANES;
                        let tile = Tile {
                            taps: &self.taps,
                            input,
                            y: 0,
                            x_step: LANES,
                            inner_step: 1,
                            weights: self.weights.as_ptr().add(weights),
                            first_block: 0,
                            packed,
                            biases: self.weights.as_ptr(),
                            outs: &outs[block..block + step],
                            output: m.add((point * packed * most + x) * LANES),
                            activations: m,
                            out_step: LANES,
                        };
                        if is_long { long(&tile) } else { short(&tile) }
                    }
                }
                x += pixels + usize::from(is_long);
            }
        }
    }

    /// Transforms the products of one tile back, and stores the results.
    ///
    /// # Safety
    ///
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn output<L: Lanes>(
        &self,
        context: &Context<'_>,
        out: &Out,
        y: usize,
        x: usize,
        from: *const f32,
        step: usize,
    ) {
        let outputs = self.form.outputs();
        let (y, x) = (y * outputs, x * outputs);
        // SAFETY: the caller's contract.
        unsafe {
            let sums = match self.form {
                Form::Two => output::<L, 4, 2>(from, step),
                Form::Three => output::<L, 6, 3>(from, step),
                Form::Four => output::<L, 6, 4>(from, step),
                Form::Five => output::<L, 6, 2>(from, step),
            };
            let bias = match out.bias {
                Some(bias) => L::load(context.weights.add(bias)),
                None => L::zero(),
            };
            let at = out.dest.offset + y * out.dest.row + x * LANES;
            for (dy, sums) in sums.iter().enumerate().take(outputs.min(self.height - y)) {
                for (dx, sum) in sums.iter().enumerate().take(outputs.min(self.width - x)) {
                    let mut value = sum.add(bias);
                    if let Some(rectifier) = out.rectifier {
                        value = rectifier.apply(value);
                    }
                    let at = at + dy * out.dest.row + dx * LANES;
                    finish(value, &out.dest, at, context);
                }
            }
        }
    }
}
