//! One step of a program, and how it is entered with the right instructions.

use super::{
    Average, Context, FromLanes, InputGradient, LrnForward, LrnGradient, MaxPool, MaxPoolGradient,
    Pointwise, Redirect, Sweep, ToCells, ToLanes, Winograd, access::Accesses, tile::Tiles,
};
use crate::{Isa, lanes};

/// An operation on the tensors of one batch item, cut into tasks that can run at the same time.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Sweep(Sweep),
    Winograd(Winograd),
    MaxPool(MaxPool),
    MaxPoolGradient(MaxPoolGradient),
    Lrn(LrnForward),
    LrnGradient(LrnGradient),
    Average(Average),
    Pointwise(Pointwise),
    Redirect(Redirect),
    ToLanes(ToLanes),
    ToCells(ToCells),
    FromLanes(FromLanes),
    InputGradient(InputGradient),
}

impl Step {
    /// Count of tasks for one batch item.
    pub(crate) fn tasks(&self) -> usize {
        match self {
            Self::Sweep(step) => step.tasks(),
            Self::Winograd(step) => step.tasks(),
            Self::MaxPool(step) => step.tasks(),
            Self::MaxPoolGradient(step) => step.tasks(),
            Self::Lrn(step) => step.tasks(),
            Self::LrnGradient(step) => step.tasks(),
            Self::Average(step) => step.tasks(),
            Self::Pointwise(step) => step.tasks(),
            Self::Redirect(step) => step.tasks(),
            Self::ToLanes(step) => step.tasks(),
            Self::ToCells(step) => step.tasks(),
            Self::FromLanes(step) => step.tasks(),
            Self::InputGradient(step) => step.tasks(),
        }
    }

    /// All memory that a task touches: [`run_step`] relies on its being legal, and the steps
    /// touch nothing else.
    pub(crate) fn accesses(&self, task: usize) -> Accesses {
        let mut accesses = Accesses::default();
        let to = &mut accesses;
        match self {
            Self::Sweep(step) => step.accesses(task, to),
            Self::Winograd(step) => step.accesses(task, to),
            Self::MaxPool(step) => step.accesses(task, to),
            Self::MaxPoolGradient(step) => step.accesses(task, to),
            Self::Lrn(step) => step.accesses(task, to),
            Self::LrnGradient(step) => step.accesses(task, to),
            Self::Average(step) => step.accesses(task, to),
            Self::Pointwise(step) => step.accesses(task, to),
            Self::Redirect(step) => step.accesses(to),
            Self::ToLanes(step) => step.accesses(task, to),
            Self::ToCells(step) => step.accesses(task, to),
            Self::FromLanes(step) => step.accesses(task, to),
            Self::InputGradient(step) => step.accesses(task, to),
        }
        accesses
    }
}

/// Runs one task of a step.
///
/// # Safety
///
/// All memory that [`Step::accesses`] describes for the task must be inside of the context's. No
/// other thread may touch the numbers that the task writes, or write those that it reads, until
/// this function returns. The processor must have the instructions.
pub(crate) unsafe fn run_step(isa: Isa, step: &Step, task: usize, context: &Context<'_>) {
    match isa {
        // SAFETY: the caller's contract.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { run_avx512(step, task, context) },
        // SAFETY: the caller's contract.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { run_avx2(step, task, context) },
        // SAFETY: the caller's contract.
        _ => unsafe { run::<lanes::Array16>(step, task, context) },
    }
}

/// Runs one task with AVX-512.
///
/// # Safety
///
/// As [`run_step`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn run_avx512(step: &Step, task: usize, context: &Context<'_>) {
    // SAFETY: the caller's contract; the instructions are enabled here.
    unsafe { run::<lanes::Zmm>(step, task, context) }
}

/// Runs one task with AVX2.
///
/// # Safety
///
/// As [`run_step`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn run_avx2(step: &Step, task: usize, context: &Context<'_>) {
    // SAFETY: the caller's contract; the instructions are enabled here.
    unsafe { run::<lanes::Ymm2>(step, task, context) }
}

/// Runs one task with the instructions of `L`.
///
/// # Safety
///
/// As [`run_step`], in a function with the instructions enabled.
#[inline(always)]
unsafe fn run<L: Tiles>(step: &Step, task: usize, context: &Context<'_>) {
    // SAFETY: the caller's contract.
    unsafe {
        match step {
            Step::Sweep(step) => step.run::<L>(task, context),
            Step::Winograd(step) => step.run::<L>(task, context),
            Step::MaxPool(step) => step.run::<L>(task, context),
            Step::MaxPoolGradient(step) => step.run::<L>(task, context),
            Step::Lrn(step) => step.run::<L>(task, context),
            Step::LrnGradient(step) => step.run::<L>(task, context),
            Step::Average(step) => step.run::<L>(task, context),
            Step::Pointwise(step) => step.run::<L>(task, context),
            Step::Redirect(step) => step.run(context),
            Step::ToLanes(step) => step.run::<L>(task, context),
            Step::ToCells(step) => step.run(task, context),
            Step::FromLanes(step) => step.run(task, context),
            Step::InputGradient(step) => step.run(task, context),
        }
    }
}
