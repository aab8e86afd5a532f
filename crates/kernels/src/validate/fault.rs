//! Descriptions of what is wrong with a program.

use std::{fmt, ops::Range};

use crate::kernel::Space;

/// A rule that a task breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    /// An access outside of its memory of `len` numbers.
    OutOfBounds {
        space: Space,
        bounds: Range<isize>,
        len: usize,
    },
    /// An access that is not inside of one line of a tensor that the step may touch.
    OtherTensor(Range<usize>),
    /// A write to the zeros around a tensor.
    ZerosWritten(Range<usize>),
    /// A write to memory that the program only reads.
    ReadOnly(Range<usize>),
    /// A write to numbers that an earlier level wrote, and that the task does not read.
    Overwritten(Range<usize>),
    /// A write to numbers that an earlier level read as complete.
    WrittenAfterRead(Range<usize>),
    /// A read of numbers that no earlier level wrote.
    ReadBeforeWrite(Range<usize>),
    /// A write to numbers that another task of the level writes, or the same task again.
    WrittenTwice(Range<usize>),
    /// A read of numbers that another task of the level writes.
    ReadWhileWritten(Range<usize>),
    /// Two taps of a convolution that read the same numbers, or the same weights.
    TapsOverlap,
    /// An operand that is neither an input of the node nor its result or gradient.
    Operand,
    /// A copy of a concatenation that is not of one of its inputs to that input's blocks.
    Copy,
    /// A convolution that does not read exactly the positions of its windows.
    Reach { missing: usize, surplus: usize },
}

/// A broken rule, and where it is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) rule: Rule,
    level: usize,
    step: usize,
    node: usize,
    task: usize,
}

impl Fault {
    /// A fault of a level that [`in_level`](Self::in_level) is yet to name.
    pub(super) fn new(rule: Rule, step: usize, node: usize, task: usize) -> Self {
        Self {
            rule,
            level: 0,
            step,
            node,
            task,
        }
    }

    pub(super) fn in_level(self, level: usize) -> Self {
        Self { level, ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rule,
            level,
            step,
            node,
            task,
        } = self;
        write!(
            formatter,
            "level {level}, step {step} of node {node}, task {task}: {rule:?}"
        )
    }
}
