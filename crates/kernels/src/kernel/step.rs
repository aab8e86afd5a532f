//! One step of a program, and how it is entered with the right instructions.

use super::{
    Apply, Attention, AttentionGradient, Average, AveragePool, AveragePoolGradient, Context,
    Depthwise, FromLanes, Gemm, GemmGradient, InputGradient, LayerNorm, LrnForward, LrnGradient,
    MaxPool, MaxPoolGradient, Pointwise, Product, ProductSum, Redirect, Sum, Sweep, ToCells,
    ToLanes, Tokens, Winograd, access::Accesses, tile::Tiles,
};
use crate::{Isa, lanes};

/// Declares the steps: an enum with one variant for each, and the ways to its methods.
macro_rules! steps {
    ($($name:ident),+ $(,)?) => {
        /// An operation on the tensors of one batch item, cut into tasks that can run at the same
        /// time.
        #[derive(Debug, Clone)]
        pub(crate) enum Step {
            $($name($name),)+
        }

        impl Step {
            /// Count of tasks for one batch item.
            pub(crate) fn tasks(&self) -> usize {
                match self {
                    $(Self::$name(step) => step.tasks(),)+
                }
            }

            /// All memory that a task touches: [`run_step`] relies on its being legal, and the
            /// steps touch nothing else.
            pub(crate) fn accesses(&self, task: usize) -> Accesses {
                let mut accesses = Accesses::default();
                match self {
                    $(Self::$name(step) => step.accesses(task, &mut accesses),)+
                }
                accesses
            }
        }

        /// Runs one task with the instructions of `L`.
        ///
        /// # Safety
        ///
        /// Same as [`run_step`], in a function with the instructions enabled.
        #[inline(always)]
        unsafe fn run<L: Tiles>(step: &Step, task: usize, context: &Context<'_>) {
            // SAFETY: the caller's contract.
            unsafe {
                match step {
                    $(Step::$name(step) => step.run::<L>(task, context),)+
                }
            }
        }
    };
}

steps! {
    Sweep,
    Depthwise,
    Winograd,
    MaxPool,
    MaxPoolGradient,
    LrnForward,
    LrnGradient,
    AveragePool,
    AveragePoolGradient,
    Average,
    Gemm,
    GemmGradient,
    Pointwise,
    Apply,
    LayerNorm,
    Product,
    ProductSum,
    Sum,
    Tokens,
    Attention,
    AttentionGradient,
    Redirect,
    ToLanes,
    ToCells,
    FromLanes,
    InputGradient,
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
/// Same as [`run_step`].
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
/// Same as [`run_step`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn run_avx2(step: &Step, task: usize, context: &Context<'_>) {
    // SAFETY: the caller's contract; the instructions are enabled here.
    unsafe { run::<lanes::Ymm2>(step, task, context) }
}
