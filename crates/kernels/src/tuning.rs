//! Thresholds between two ways that give the same result, one faster than the other.
//!
//! All were measured on one machine: a virtual machine with 2 cores of an AMD EPYC with AVX-512,
//! each with 32 KiB of first-level data cache and 1 MiB of second-level cache, and 32 MiB of shared
//! third-level cache. On other machines they are a guess. None of them changes a result,
//! but for [`LARGE_TILE_SIDE`] and [`LEAST_CHANNELS`], which choose the form of Winograd's
//! filtering and so how results are rounded.
//!
//! | constant | measured |
//! | --- | --- |
//! | [`GROUP_BYTES`] | 16 images of 224x224 cost 7 % more each if all go together than one alone, |
//! | | and 4 % less in fours; of 96x96, 13 % less all together |
//! | [`TRANSFORMED_INPUTS`] | leaves room for products and weights in the second-level cache |
//! | [`SWEEP_TASKS`], | smaller tasks shorten the wait for the slowest thread, |
//! | [`WINOGRAD_TASKS`], | larger ones share more work |
//! | [`SMALLEST_TASK`] | |
//! | [`LARGE_TILE_SIDE`] | below it, larger tiles cost more in weight reads than they save |
//! | [`LEAST_CHANNELS`] | below it, the transforms cost more than they save |
//! | [`LRN_COLUMNS`] | few enough for the first-level cache, and enough that a shifted load does |
//! | | not wait for the stores that it spans |
//! | [`SPINS`] | waking a thread takes longer than most levels |

/// Bytes of the batch items that go through a program together, so that weights are read once for
/// all of them, and activations are still in the caches when the next step reads them.
pub(crate) const GROUP_BYTES: usize = 160 << 20;

/// Most transformed inputs of a Winograd task, in numbers.
pub(crate) const TRANSFORMED_INPUTS: usize = 100_000;

/// Tasks per thread in a level of direct convolutions.
pub(crate) const SWEEP_TASKS: usize = 6;

/// Tasks per thread in a Winograd convolution; fewer, because every task transforms its inputs.
pub(crate) const WINOGRAD_TASKS: usize = 4;

/// Floating-point operations below which a direct convolution is not cut further.
pub(crate) const SMALLEST_TASK: usize = 1_000_000;

/// Tasks that a step without many blocks is cut into.
pub(crate) const STEP_TASKS: usize = 16;

/// Shorter side of a result from which 3x3 convolutions use tiles of 4x4 outputs.
pub(crate) const LARGE_TILE_SIDE: usize = 24;

/// Fewest input and output channels for which Winograd's filtering is used.
pub(crate) const LEAST_CHANNELS: usize = 16;

/// Columns that local response normalization works on at a time.
pub(crate) const LRN_COLUMNS: usize = 8;

/// Turns of waiting before a thread yields its core.
pub(crate) const SPINS: usize = 4096;
