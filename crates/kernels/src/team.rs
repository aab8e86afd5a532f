//! Threads that walk through a program together.
//!
//! One rayon scope covers the whole program: between two levels the threads wait for one another
//! by spinning, which takes less time than it takes rayon to wake a thread. Only the first thread
//! is needed: each thread takes the next task, so a pool whose other threads are busy is merely
//! slower. Results do not depend on which thread computes them.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{
    Isa,
    kernel::{Context, run_step},
    plan::{Level, Program},
    profile::{Stopwatch, Times},
    tuning::SPINS,
};

/// A level and its progress.
struct Work<'a> {
    level: &'a Level,
    /// Tasks for all items.
    tasks: usize,
    next: AtomicUsize,
    done: AtomicUsize,
}

/// State that all threads share.
struct Team<'a> {
    isa: Isa,
    contexts: &'a [Context<'a>],
    work: Vec<Work<'a>>,
}

/// Marks a task as done when dropped, also by a panic, so that no thread waits forever.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// Threads that a program runs on: those of the current rayon pool. Miri gets one, because it
/// reports rayon's pool, which never ends, as a leak.
pub(crate) fn threads() -> usize {
    if cfg!(miri) {
        1
    } else {
        rayon::current_num_threads()
    }
}

/// Runs a program for every context.
///
/// # Safety
///
/// The program must be legal, as for [`execute`](crate::execute::execute). Each context must have
/// the memory of the program's footprint, apart from the others'; nobody else may use it until
/// this function returns. The processor must have the instructions.
pub(crate) unsafe fn run(isa: Isa, program: &Program, contexts: &[Context<'_>]) -> Times {
    let work: Vec<Work<'_>> = program
        .levels
        .iter()
        .map(|level| Work {
            level,
            tasks: level.steps.iter().map(|step| step.tasks()).sum::<usize>() * contexts.len(),
            next: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
        })
        .collect();
    let most = work.iter().map(|work| work.tasks).max().unwrap_or(0);
    let threads = threads().min(most);
    let team = Team {
        isa,
        contexts,
        work,
    };
    let team = &team;
    if threads <= 1 {
        // SAFETY: the caller's contract.
        return unsafe { team.walk() };
    }
    rayon::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|_| {
                // SAFETY: the caller's contract; the scope ends before this function returns.
                unsafe { team.walk() };
            });
        }
        // SAFETY: the caller's contract.
        unsafe { team.walk() }
    })
}

impl Team<'_> {
    /// Takes part until the last level is done.
    ///
    /// # Safety
    ///
    /// As [`run`].
    unsafe fn walk(&self) -> Times {
        let mut stopwatch = Stopwatch::start();
        for work in &self.work {
            loop {
                let task = work.next.fetch_add(1, Ordering::Relaxed);
                if task >= work.tasks {
                    break;
                }
                let _done = Done(&work.done);
                // SAFETY: the caller's contract. Every task number is handed out once, and all
                // tasks of the level before are done: the loop below has seen them.
                unsafe { self.task(work.level, task) };
            }
            let mut spins = 0;
            // Acquire, with the Release of `Done`: what the other tasks wrote is visible.
            while work.done.load(Ordering::Acquire) < work.tasks {
                spins += 1;
                if spins < SPINS {
                    std::hint::spin_loop();
                } else {
                    std::thread::yield_now();
                }
            }
            stopwatch.lap();
        }
        stopwatch.stop()
    }

    /// Runs one task of a level.
    ///
    /// # Safety
    ///
    /// As [`run`], and no other thread may run the same task, or one of another level.
    unsafe fn task(&self, level: &Level, task: usize) {
        let items = self.contexts.len();
        let (mut task, item) = (task / items, task % items);
        for step in &level.steps {
            let tasks = step.tasks();
            if task < tasks {
                // SAFETY: the caller's contract. In a legal program no task of this level touches
                // what this one writes.
                unsafe { run_step(self.isa, step, task, &self.contexts[item]) };
                return;
            }
            task -= tasks;
        }
    }
}
