//! Memory of a thread for the vectors and scores of a head.

use std::cell::RefCell;

use super::super::matrix::{Left, Rows};
use crate::{lanes::LANES, memory::Aligned};

thread_local! {
    /// Vectors and scores of a head.
    static SCRATCH: RefCell<Aligned> = RefCell::default();
}

/// Takes parts of the scratch memory, one after the other.
pub(super) struct Scratch {
    memory: Aligned,
    next: usize,
}

impl Scratch {
    pub(super) fn take(numbers: usize) -> Self {
        let mut memory = SCRATCH.take();
        if memory.len() < numbers {
            memory = Aligned::zeros(numbers.div_ceil(LANES));
        }
        Self { memory, next: 0 }
    }

    pub(super) fn part(&mut self, numbers: usize) -> *mut f32 {
        let start = self.next;
        self.next += numbers;
        assert!(self.next <= self.memory.len(), "scratch of a task");
        // SAFETY: inside of the memory, as was just checked.
        unsafe { self.memory.as_mut_ptr().add(start) }
    }

    pub(super) fn give_back(self) {
        SCRATCH.set(self.memory);
    }
}

/// A left matrix in memory of the task's own.
pub(super) fn left(at: *mut f32, rows: usize, step: usize) -> Left {
    Left {
        at: at.cast_const(),
        rows,
        step,
    }
}

pub(super) fn right(at: *mut f32, row: usize) -> Rows<*const f32> {
    Rows {
        at: at.cast_const(),
        row,
    }
}

pub(super) fn rows_of(at: *mut f32, row: usize) -> Rows<*mut f32> {
    Rows { at, row }
}
