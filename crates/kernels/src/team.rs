//! Threads that walk through a program together.
//!
//! One rayon scope covers the whole program: between two levels the threads wait for one another
//! by spinning, which takes less time than it takes rayon to wake a thread. No thread is needed
//! but the first: whoever comes takes the next task, so a pool whose other threads are busy only
//! makes it slower. What is computed does not depend on who computes it.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use crate::{
    Isa,
    kernel::{Context, run_step},
    plan::{Level, Program},
};

/// Turns of waiting before a thread lets others have its core.
const SPINS: usize = 4096;

/// A level while it is worked on.
struct Work<'a> {
    level: &'a Level,
    /// Tasks for all items.
    tasks: usize,
    next: AtomicUsize,
    done: AtomicUsize,
}

/// What all threads share.
struct Team<'a> {
    isa: Isa,
    contexts: &'a [Context<'a>],
    work: Vec<Work<'a>>,
}

// SAFETY: the contexts' pointers are to memory that the caller of `run` lends for that time, and
// the plan sees to it that tasks of a level touch different parts of it.
unsafe impl Sync for Team<'_> {}

/// Notes a task as done, also if it panics, so that nobody waits forever.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// Runs a program for every item; returns the seconds that each level took.
///
/// # Safety
///
/// The contexts' memory must be as large as the program's plan says and belong to nobody else for
/// this time; the processor must have the instructions.
pub(crate) unsafe fn run(isa: Isa, program: &Program, contexts: &[Context<'_>]) -> Vec<f64> {
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
    let threads = rayon::current_num_threads().min(most);
    let team = Team {
        isa,
        contexts,
        work,
    };
    let team = &team;
    if threads <= 1 {
        return team.walk();
    }
    rayon::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|_| {
                team.walk();
            });
        }
        team.walk()
    })
}

impl Team<'_> {
    /// Takes part until the last level is done.
    fn walk(&self) -> Vec<f64> {
        let mut times = Vec::with_capacity(self.work.len());
        let mut before = Instant::now();
        for work in &self.work {
            loop {
                let task = work.next.fetch_add(1, Ordering::Relaxed);
                if task >= work.tasks {
                    break;
                }
                let _done = Done(&work.done);
                self.task(work.level, task);
            }
            let mut spins = 0;
            while work.done.load(Ordering::Acquire) < work.tasks {
                spins += 1;
                if spins < SPINS {
                    std::hint::spin_loop();
                } else {
                    std::thread::yield_now();
                }
            }
            let now = Instant::now();
            times.push((now - before).as_secs_f64());
            before = now;
        }
        times
    }

    fn task(&self, level: &Level, task: usize) {
        let items = self.contexts.len();
        let (mut task, item) = (task / items, task % items);
        for step in &level.steps {
            let tasks = step.tasks();
            if task < tasks {
                // SAFETY: the contract of `run`; levels are worked on one after the other, and
                // the tasks of one write different places and none that another reads.
                unsafe { run_step(self.isa, step, task, &self.contexts[item]) };
                return;
            }
            task -= tasks;
        }
    }
}
