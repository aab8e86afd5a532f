//! From slices to the raw memory that the kernels work on.

use std::ptr;

use crate::{Isa, kernel::Context, memory::Arena, plan::Program, team};

/// Bytes of the batch items that go through a program together: the weights are then read once for
/// all of them. More gain nothing further, and what one operation wrote is gone from the caches
/// when the next one reads it (measured: 16 images of 224x224 cost 7 % more an image than one if
/// all go together, 4 % less in fours; of 96x96, 13 % less all together).
const TOGETHER: usize = 160 << 20;

/// What a program works on.
#[derive(Debug)]
pub(crate) enum Tensors<'a> {
    /// Activations that are computed.
    Forward(&'a mut Arena),
    /// Gradients that are computed from activations.
    Backward {
        activations: &'a Arena,
        gradients: &'a mut Arena,
    },
    /// Activations that are copied to the outside.
    Output(&'a Arena),
}

/// What comes with it from outside.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) isa: Isa,
    pub(crate) weights: &'a [f32],
    /// Numbers that one batch item takes in memory.
    pub(crate) len: usize,
    pub(crate) items: usize,
    pub(crate) tensors: Tensors<'a>,
    /// Row-major tensors of all items; empty where there is none.
    pub(crate) external: &'a [&'a [f32]],
    /// Row-major result of all items, if there is one.
    pub(crate) result: &'a mut [f32],
}

/// Runs a program, which must be one of the plan that the memory was laid out by, and whose tensors
/// have the shapes of the job's slices; returns the seconds that each level took.
///
/// # Panics
///
/// If the memory is smaller than all items, or the processor does not have the instructions.
pub(crate) fn execute(program: &Program, job: Job<'_>) -> Vec<f64> {
    let Job {
        isa,
        weights,
        len,
        items,
        tensors,
        external,
        result,
    } = job;
    assert!(isa.is_available(), "{isa:?} is not available");
    let (size, data, activations) = match tensors {
        Tensors::Forward(arena) => {
            let data = arena.memory.as_mut_ptr();
            (arena.memory.len(), data, data.cast_const())
        }
        Tensors::Backward {
            activations,
            gradients,
        } => (
            gradients.memory.len().min(activations.memory.len()),
            gradients.memory.as_mut_ptr(),
            activations.memory.as_ptr(),
        ),
        // Only read.
        Tensors::Output(arena) => {
            let data = arena.memory.as_ptr();
            (arena.memory.len(), data.cast_mut(), data)
        }
    };
    assert!(size >= items * len, "{items} items of {len} in {size}");
    let starts: Vec<Vec<*const f32>> = (0..items)
        .map(|item| {
            let start = |all: &&[f32]| match all.len() / items {
                0 => ptr::null(),
                one => all[item * one..].as_ptr(),
            };
            external.iter().map(start).collect()
        })
        .collect();
    let per_item = result.len() / items.max(1);
    let target = result.as_mut_ptr();
    let contexts: Vec<Context<'_>> = starts
        .iter()
        .enumerate()
        .map(|(item, external)| Context {
            data: data.wrapping_add(item * len),
            activations: activations.wrapping_add(item * len),
            weights: weights.as_ptr(),
            external,
            result: target.wrapping_add(item * per_item),
        })
        .collect();
    // SAFETY: what is written is borrowed exclusively, or not written to (`Output`); its size, and
    // that the instructions exist, was checked; the plan stays within an item's memory, and the
    // callers have checked the slices against the shapes that it was made for.
    let groups = contexts.chunks(group(items, len * size_of::<f32>()));
    let times = groups.map(|group| unsafe { team::run(isa, program, group) });
    let sum = |sum: Vec<f64>, next: Vec<f64>| sum.iter().zip(next).map(|(a, b)| a + b).collect();
    times
        .reduce(sum)
        .unwrap_or_else(|| vec![0.0; program.levels.len()])
}

/// How many items of that many bytes go together: the groups are of one size, as far as it goes.
fn group(items: usize, bytes: usize) -> usize {
    let most = (TOGETHER / bytes.max(1)).max(1);
    items.div_ceil(items.div_ceil(most).max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::{TOGETHER, group};

    #[test]
    fn groups_are_even_and_of_what_fits() {
        let third = TOGETHER / 3;
        assert_eq!(
            [1, 3, 4, 6, 16].map(|items| group(items, third)),
            [1, 3, 2, 3, 3]
        );
        assert_eq!(group(5, 2 * TOGETHER), 1);
        assert_eq!([group(0, third), group(2, 0)], [1, 2]);
    }
}
