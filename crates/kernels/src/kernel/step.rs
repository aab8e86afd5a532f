//! One operation of a plan, and how it is entered with the right instructions.

use super::{
    Average, Context, FromLanes, InputGradient, LrnForward, LrnGradient, MaxPool, MaxPoolGradient,
    Pointwise, Redirect, Sweep, ToCells, ToLanes, Winograd, tile::Tiles,
};
use crate::{Isa, lanes};

/// An operation on the tensors of one batch item, cut in tasks that can run at the same time.
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
    /// Tasks for one batch item.
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
}

/// Runs one task of a step.
///
/// # Safety
///
/// The context's memory must be that of the plan that the step is of; no other thread may touch
/// what this task writes, or write what it reads; the processor must have the instructions.
pub(crate) unsafe fn run_step(isa: Isa, step: &Step, task: usize, context: &Context<'_>) {
    // SAFETY: the caller's contract.
    unsafe {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => run_avx512(step, task, context),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => run_avx2(step, task, context),
            _ => run::<lanes::Array16>(step, task, context),
        }
    }
}

/// # Safety
///
/// As [`run_step`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn run_avx512(step: &Step, task: usize, context: &Context<'_>) {
    // SAFETY: the caller's contract; the instructions are enabled here.
    unsafe { run::<lanes::Zmm>(step, task, context) }
}

/// # Safety
///
/// As [`run_step`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn run_avx2(step: &Step, task: usize, context: &Context<'_>) {
    // SAFETY: the caller's contract; the instructions are enabled here.
    unsafe { run::<lanes::Ymm2>(step, task, context) }
}

/// # Safety
///
/// As [`run_step`], inside of a function with the instructions enabled.
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
