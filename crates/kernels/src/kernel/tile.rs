//! The inner loop of every convolution.
//!
//! A tile is `R` neighboring pixels of a row by `B` blocks of sixteen output channels, all of
//! which are kept in registers while the taps are walked: per input number one broadcast and `B`
//! multiply-adds, per sixteen weights one load for `R` multiply-adds. With AVX-512 fourteen pixels
//! by two blocks take 28 of 32 registers.

use super::conv::{Out, Tap};
use crate::lanes::{Array16, LANES, Lanes};
#[cfg(target_arch = "x86_64")]
use crate::lanes::{Ymm2, Zmm};

/// One tile's place and weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tile<'a> {
    pub(crate) taps: &'a [Tap],
    /// The item's data, moved to the tile's first column of the input.
    pub(crate) input: *const f32,
    /// Output row.
    pub(crate) y: usize,
    /// Distance of the inputs of two pixels.
    pub(crate) x_step: usize,
    /// Distance of two inputs of a pixel, unless the distance of two pixels is known to the compiler:
    /// then it is 1.
    pub(crate) inner_step: usize,
    /// All packed weights, moved to the group's.
    pub(crate) weights: *const f32,
    /// Index of the group's first block in the convolution.
    pub(crate) first_block: usize,
    /// Blocks that are packed together.
    pub(crate) packed: usize,
    /// All biases.
    pub(crate) biases: *const f32,
    /// Destinations of the `B` blocks.
    pub(crate) outs: &'a [Out],
    /// The item's data, moved to the tile's first column of the output.
    pub(crate) output: *mut f32,
    /// The item's activations, moved likewise.
    pub(crate) activations: *const f32,
    /// Distance of two pixels of the output.
    pub(crate) out_step: usize,
}

/// A kernel for one size of tile.
pub(crate) type TileFn = unsafe fn(&Tile<'_>);

/// Tiles for one set of instructions.
pub(crate) trait Tiles: Lanes {
    /// Most blocks of a tile.
    const MAX_BLOCKS: usize;
    /// Most pixels of a tile with that many blocks.
    fn max_pixels(blocks: usize) -> usize;
    /// Returns the kernel for `pixels` x `blocks`.
    fn tile(pixels: usize, blocks: usize, x_step: usize) -> TileFn;
}

/// Computes one tile of `R` pixels by `B` blocks, with an input distance of `X`, or any if 0.
///
/// # Safety
///
/// As [`Lanes`]; all numbers of the tile must be inside of its memory.
#[inline(always)]
unsafe fn tile<L: Lanes, const R: usize, const B: usize, const X: usize>(t: &Tile<'_>) {
    let x_step = if X == 0 { t.x_step } else { X };
    let inner_step = if X == 0 { t.inner_step } else { 1 };
    let packed = t.packed * LANES;
    // SAFETY: the caller's contract.
    unsafe {
        let mut sums = [[L::zero(); B]; R];
        for tap in t.taps {
            // Wrapping: both pointers step on after their last use, the weights' by up to three
            // blocks, which may be past the end of what they point to.
            let mut x = t
                .input
                .wrapping_offset(tap.offset)
                .wrapping_add(t.y * tap.row);
            let mut w = t
                .weights
                .wrapping_add(tap.weights + t.first_block * tap.weights_block)
                .wrapping_add(tap.inner * packed);
            for _ in 0..tap.len {
                let mut weights = [L::zero(); B];
                for (b, weight) in weights.iter_mut().enumerate() {
                    *weight = L::load(w.add(b * LANES));
                }
                for (r, sum) in sums.iter_mut().enumerate() {
                    let value = L::splat(*x.add(r * x_step));
                    for b in 0..B {
                        sum[b] = value.mul_add(weights[b], sum[b]);
                    }
                }
                x = x.wrapping_add(inner_step);
                w = w.wrapping_add(packed);
            }
        }
        // Unrolled by hand: indexing `sums` with a variable would spill the accumulators to the
        // stack, also in the loop above.
        if B > 0 {
            finish::<L, R, B, 0>(&mut sums, t);
        }
        if B > 1 {
            finish::<L, R, B, 1>(&mut sums, t);
        }
        if B > 2 {
            finish::<L, R, B, 2>(&mut sums, t);
        }
    }
}

/// Stores the sums of block `K`.
///
/// # Safety
///
/// As [`tile`].
#[inline(always)]
unsafe fn finish<L: Lanes, const R: usize, const B: usize, const K: usize>(
    sums: &mut [[L; B]; R],
    t: &Tile<'_>,
) {
    // SAFETY: the caller's contract; there are `B > K` blocks.
    unsafe {
        let out = t.outs.get_unchecked(K);
        let at = out.dest.offset + t.y * out.dest.row;
        let place = t.output.wrapping_add(at);
        if let Some(bias) = out.bias {
            let bias = L::load(t.biases.add(bias));
            for sum in sums.iter_mut() {
                sum[K] = sum[K].add(bias);
            }
        }
        if let Some(rectifier) = out.rectifier {
            for sum in sums.iter_mut() {
                sum[K] = rectifier.apply(sum[K]);
            }
        }
        if out.dest.accumulate {
            for (r, sum) in sums.iter_mut().enumerate() {
                sum[K] = sum[K].add(L::load(place.add(r * t.out_step)));
            }
        }
        if let Some(rectifier) = out.dest.mask {
            let gate = t.activations.wrapping_add(at);
            for (r, sum) in sums.iter_mut().enumerate() {
                sum[K] = rectifier.gate(sum[K], L::load(gate.add(r * t.out_step)));
            }
        }
        for (r, sum) in sums.iter().enumerate() {
            sum[K].store(place.add(r * t.out_step));
        }
    }
}

/// Entries with the instructions enabled, and the choice among them.
macro_rules! tiles {
    ($lanes:ty, $(feature $feature:literal,)? blocks $max:literal,
     steps [$($step:literal),*], $($b:literal: [$($r:literal)*]),*) => {
        const _: () = {
            /// Enters `tile` with the instructions enabled.
            ///
            /// # Safety
            ///
            /// As `tile`.
            $(#[target_feature(enable = $feature)])?
            unsafe fn entry<const R: usize, const B: usize, const X: usize>(t: &Tile<'_>) {
                // SAFETY: the caller's contract; the instructions are enabled here.
                unsafe { tile::<$lanes, R, B, X>(t) }
            }

            fn choose<const X: usize>(pixels: usize, blocks: usize) -> TileFn {
                match (blocks, pixels) {
                    $($(($b, $r) => entry::<$r, $b, X>,)*)*
                    _ => unreachable!("no tile of {pixels} pixels by {blocks} blocks"),
                }
            }

            impl Tiles for $lanes {
                const MAX_BLOCKS: usize = $max;

                fn max_pixels(blocks: usize) -> usize {
                    match blocks {
                        $($b => [$($r),*].len(),)*
                        _ => unreachable!("no tile of {blocks} blocks"),
                    }
                }

                fn tile(pixels: usize, blocks: usize, x_step: usize) -> TileFn {
                    match x_step {
                        $($step => choose::<$step>(pixels, blocks),)*
                        _ => choose::<0>(pixels, blocks),
                    }
                }
            }
        };
    };
}

// Steps known to the compiler: blocked channels with stride 1, and the first convolution of the
// network (three interleaved colors, stride 2).
#[cfg(target_arch = "x86_64")]
tiles!(Zmm, feature "avx512f", blocks 3, steps [16, 6],
    1: [1 2 3 4 5 6 7 8 9 10 11 12 13 14],
    2: [1 2 3 4 5 6 7 8 9 10 11 12 13 14],
    3: [1 2 3 4 5 6 7 8 9]);
#[cfg(target_arch = "x86_64")]
tiles!(Ymm2, feature "avx2,fma", blocks 1, steps [16, 6], 1: [1 2 3 4 5 6]);
tiles!(Array16, blocks 1, steps [16], 1: [1 2]);
