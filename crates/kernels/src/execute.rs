//! Execution of a program on slices, which the kernels see as raw memory.

use crate::{
    Isa,
    kernel::Context,
    memory::Arena,
    plan::{Direction, Program},
    pointer::SyncPtr,
    profile::Times,
    team,
    tuning::GROUP_BYTES,
};

/// The arenas that a program works on.
#[derive(Debug)]
pub(crate) enum Tensors<'a> {
    /// Activations to compute.
    Forward(&'a mut Arena),
    /// Gradients to compute, and the activations that they are computed from.
    Backward {
        activations: &'a Arena,
        gradients: &'a mut Arena,
    },
    /// Activations to copy to the caller.
    Output(&'a Arena),
}

/// The buffers and parameters of one execution.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) isa: Isa,
    pub(crate) weights: &'a [f32],
    pub(crate) items: usize,
    pub(crate) tensors: Tensors<'a>,
    /// Row-major tensors of all items; empty where there is none.
    pub(crate) external: &'a [&'a [f32]],
    /// Row-major result of all items, if there is one.
    pub(crate) result: &'a mut [f32],
}

/// Runs a program for all batch items.
///
/// # Safety
///
/// The program must be legal: its steps stay within its [`Footprint`](crate::plan::Footprint), and
/// no task touches what another task of the same level writes. `validate` decides that.
///
/// # Panics
///
/// Panics if the processor does not have the instructions, the arenas or the weights are smaller
/// than the footprint says, or the caller's slices do not have exactly its lengths.
pub(crate) unsafe fn execute(program: &Program, job: Job<'_>) -> Times {
    let Job {
        isa,
        weights,
        items,
        tensors,
        external,
        result,
    } = job;
    let footprint = &program.footprint;
    assert!(isa.is_available(), "{isa:?} is not available");
    let direction = match tensors {
        Tensors::Forward(_) => Direction::Forward,
        Tensors::Backward { .. } => Direction::Backward,
        Tensors::Output(_) => Direction::Output,
    };
    assert_eq!(direction, program.direction, "arenas for another program");
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
        // A legal program of this direction only reads.
        Tensors::Output(arena) => {
            let data = arena.memory.as_ptr();
            (arena.memory.len(), data.cast_mut(), data)
        }
    };
    let all = |one: usize| one.checked_mul(items);
    assert!(
        all(footprint.arena).is_some_and(|needed| needed <= size),
        "{items} items of {} numbers in an arena of {size}",
        footprint.arena
    );
    assert!(
        weights.len() >= footprint.weights,
        "weights of another network"
    );
    assert_eq!(external.len(), footprint.external.len(), "external tensors");
    for (slice, &one) in external.iter().zip(&footprint.external) {
        assert_eq!(Some(slice.len()), all(one), "numbers of an external tensor");
    }
    assert_eq!(
        Some(result.len()),
        all(footprint.result),
        "numbers of the result"
    );

    let starts: Vec<Vec<SyncPtr<*const f32>>> = (0..items)
        .map(|item| {
            let slices = external.iter().zip(&footprint.external);
            slices
                .map(|(slice, one)| SyncPtr::new(slice[item * one..].as_ptr()))
                .collect()
        })
        .collect();
    let target = result.as_mut_ptr();
    let contexts: Vec<Context<'_>> = starts
        .iter()
        .enumerate()
        .map(|(item, external)| Context {
            data: SyncPtr::new(data.wrapping_add(item * footprint.arena)),
            activations: SyncPtr::new(activations.wrapping_add(item * footprint.arena)),
            weights: SyncPtr::new(weights.as_ptr()),
            external,
            result: SyncPtr::new(target.wrapping_add(item * footprint.result)),
        })
        .collect();
    let mut times = Times::default();
    for group in contexts.chunks(group(items, footprint.arena * size_of::<f32>())) {
        // SAFETY: the caller says that the program is legal. Every context has as much memory as
        // its footprint says, which was checked above, and the contexts do not overlap. What is
        // written is borrowed exclusively for this call, and programs that copy outputs only read
        // the arena. The instructions are available.
        times.add(&unsafe { team::run(isa, program, group) });
    }
    times
}

/// Batch items that go through a program together, for items of that many bytes. The groups have
/// the same size as far as possible.
fn group(items: usize, bytes: usize) -> usize {
    let most = (GROUP_BYTES / bytes.max(1)).max(1);
    items.div_ceil(items.div_ceil(most).max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::{GROUP_BYTES, group};

    #[test]
    fn groups_are_even_and_as_large_as_fits() {
        let third = GROUP_BYTES / 3;
        assert_eq!(
            [1, 3, 4, 6, 16].map(|items| group(items, third)),
            [1, 3, 2, 3, 3]
        );
        assert_eq!(group(5, 2 * GROUP_BYTES), 1);
        assert_eq!([group(0, third), group(2, 0)], [1, 2]);
    }
}
