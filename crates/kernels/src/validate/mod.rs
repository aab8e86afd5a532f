//! Checks that a program is legal, so that running it is sound.
//!
//! The steps of a program work on raw memory and trust the offsets in them. Each step describes
//! what its tasks touch ([`Step::accesses`]); this module holds the descriptions of all tasks of
//! all levels against the layout and the graph:
//!
//! - every access is inside of the program's footprint;
//! - every access to an arena is inside of a line (a row of a block) of a tensor that the node may
//!   touch, its zeros on either side included where a convolution reads;
//! - convolutions read exactly the rows, columns and blocks that their definition says, and no two
//!   taps read the same numbers (`reach`);
//! - no write meets the zeros around a tensor, the activations of a gradient program, or any
//!   arena of a program that copies outputs;
//! - no task of a level writes what another task of the level writes or reads, or writes a number
//!   twice;
//! - everything that is read was written by an earlier level, or is a zero around a tensor, and
//!   what was read as complete is not written any more.
//!
//! Plans are checked in debug builds, in this crate's tests, and with the feature `validate`.

mod fault;
mod lines;
mod reach;
mod spans;

#[cfg(test)]
mod tests;

use std::ops::Range;

use fault::{Fault, Rule};
use lines::Lines;
use spans::Spans;

use crate::{
    blocked::Blocked,
    kernel::{Access, Space, Step, Use},
    plan::{Direction, Layout, Level, Program},
};

/// True if plans are checked when they are made.
const ENABLED: bool = cfg!(any(debug_assertions, test, feature = "validate"));

/// Checks a program of a layout, if checks are enabled. A program that reads activations needs the
/// forward program that computes them.
///
/// # Panics
///
/// Panics if the program is not legal.
pub(crate) fn validate(
    program: &Program,
    graph: &Blocked,
    layout: &Layout,
    forward: Option<&Program>,
) {
    if ENABLED && let Err(fault) = check(program, graph, layout, forward) {
        panic!("illegal program: {fault}");
    }
}

/// Returns all numbers of the data arena that are known after the program, or what is wrong with
/// it.
fn check(
    program: &Program,
    graph: &Blocked,
    layout: &Layout,
    forward: Option<&Program>,
) -> Result<Spans, Fault> {
    let zeros = || layout.halos().map(|(start, len)| start..start + len);
    let activations = match forward {
        Some(forward) => check(forward, graph, layout, None)?,
        None => Spans::new(zeros().collect()),
    };
    let known = match program.direction {
        Direction::Forward | Direction::Backward => Spans::new(zeros().collect()),
        // The arena holds the activations.
        Direction::Output => activations.clone(),
    };
    let mut checker = Checker {
        program,
        graph,
        layout,
        zeros: Spans::new(zeros().collect()),
        activations,
        known,
        complete: Spans::default(),
    };
    for (number, level) in program.levels.iter().enumerate() {
        checker
            .level(level)
            .map_err(|fault| fault.in_level(number))?;
    }
    Ok(checker.known)
}

/// A program while it is checked.
struct Checker<'a> {
    program: &'a Program,
    graph: &'a Blocked,
    layout: &'a Layout,
    /// Zeros around tensors.
    zeros: Spans,
    /// Activations that are known, with the zeros around them.
    activations: Spans,
    /// Numbers of the data that were written so far, with the zeros around them.
    known: Spans,
    /// Numbers of the data that were read so far, other than to be added to.
    complete: Spans,
}

/// One task's spans of the data, or of the result.
struct Task {
    step: usize,
    task: usize,
    reads: Spans,
    /// The part of the reads that takes the numbers as complete.
    complete: Vec<Range<usize>>,
    writes: Spans,
}

impl Checker<'_> {
    /// Checks one level, and adds what it writes to what is known.
    fn level(&mut self, level: &Level) -> Result<(), Fault> {
        let (mut data, mut results) = (Vec::new(), Vec::new());
        for (number, (step, &node)) in level.steps.iter().zip(&level.nodes).enumerate() {
            let lines = Lines::new(self.graph, self.layout, self.program.direction, node, step);
            for task in 0..step.tasks() {
                let touched = self
                    .task(step, task, &lines)
                    .map_err(|rule| Fault::new(rule, number, node, task))?;
                for (all, [reads, updates, writes]) in
                    [&mut data, &mut results].into_iter().zip(touched)
                {
                    let numbers =
                        |spans: &[Range<usize>]| spans.iter().map(Range::len).sum::<usize>();
                    let (first, count) = (writes.first().cloned(), numbers(&writes));
                    let writes = Spans::new(writes);
                    if let Some(first) = first
                        && count > writes.len()
                    {
                        return Err(Fault::new(Rule::WrittenTwice(first), number, node, task));
                    }
                    all.push(Task {
                        step: number,
                        task,
                        complete: reads.clone(),
                        reads: Spans::new([reads, updates].concat()),
                        writes,
                    });
                }
            }
        }
        let fault =
            |rule, task: &Task| Fault::new(rule, task.step, level.nodes[task.step], task.task);
        for task in &data {
            if let Some(read) = task.reads.iter().find(|read| !self.known.covers(read)) {
                return Err(fault(Rule::ReadBeforeWrite(read.clone()), task));
            }
        }
        for task in &data {
            for write in task.writes.iter() {
                if self.complete.meets(write) {
                    return Err(fault(Rule::WrittenAfterRead(write.clone()), task));
                }
                if self.known.meets(write) && !task.reads.covers(write) {
                    return Err(fault(Rule::Overwritten(write.clone()), task));
                }
            }
        }
        let written = conflicts(&data, fault)?;
        conflicts(&results, fault)?;
        let direction = self.program.direction;
        reach::check(self.graph, self.layout, direction, level, &self.zeros)?;
        self.known.extend(written);
        let complete = data.into_iter().flat_map(|task| task.complete);
        self.complete.extend(complete.collect());
        Ok(())
    }

    /// Checks each access of a task alone; returns the reads, updates and writes of the data,
    /// and of the result.
    fn task(
        &self,
        step: &Step,
        task: usize,
        lines: &Lines<'_>,
    ) -> Result<[[Vec<Range<usize>>; 3]; 2], Rule> {
        let mut spans = [const { [const { Vec::new() }; 3] }; 2];
        for access in &step.accesses(task).0 {
            self.bounds(access)?;
            let write = access.kind == Use::Write;
            let place = match access.kind {
                Use::Read | Use::ReadWithHalo => 0,
                Use::Update => 1,
                Use::Write => 2,
            };
            for span in access.region.spans() {
                // In bounds, and so not negative.
                let span = span.start as usize..span.end as usize;
                match access.space {
                    Space::Data => {
                        lines.check(&span, access.kind)?;
                        if write && self.zeros.meets(&span) {
                            return Err(Rule::ZerosWritten(span));
                        }
                        if write && self.program.direction == Direction::Output {
                            return Err(Rule::ReadOnly(span));
                        }
                        spans[0][place].push(span);
                    }
                    Space::Activations => {
                        lines.check(&span, access.kind)?;
                        if write {
                            return Err(Rule::ReadOnly(span));
                        }
                        if !self.activations.covers(&span) {
                            return Err(Rule::ReadBeforeWrite(span));
                        }
                    }
                    Space::Result => spans[1][place].push(span),
                    Space::Weights | Space::Own(_) | Space::External(_) => {}
                }
            }
        }
        Ok(spans)
    }

    /// Checks that an access is inside of its memory.
    fn bounds(&self, access: &Access) -> Result<(), Rule> {
        let footprint = &self.program.footprint;
        let len = match access.space {
            Space::Data | Space::Activations => footprint.arena.min(self.layout.len),
            Space::Weights => footprint.weights,
            Space::Own(len) => len,
            Space::External(index) => footprint.external.get(index).copied().unwrap_or(0),
            Space::Result => footprint.result,
        };
        let bounds = access.region.bounds();
        if bounds.start < 0 || bounds.end > len as isize {
            let space = access.space;
            return Err(Rule::OutOfBounds { space, bounds, len });
        }
        Ok(())
    }
}

/// Checks that no task writes what another one writes or reads; returns what all write.
fn conflicts(
    tasks: &[Task],
    fault: impl Fn(Rule, &Task) -> Fault,
) -> Result<Vec<Range<usize>>, Fault> {
    let mut writes: Vec<(Range<usize>, usize)> = Vec::new();
    for (number, task) in tasks.iter().enumerate() {
        writes.extend(task.writes.iter().map(|span| (span.clone(), number)));
    }
    writes.sort_by_key(|(span, _)| span.start);
    // The spans of one task do not overlap, so neighbors that do are of different tasks.
    for pair in writes.windows(2) {
        if pair[0].0.end > pair[1].0.start {
            let task = &tasks[pair[1].1];
            return Err(fault(Rule::WrittenTwice(pair[1].0.clone()), task));
        }
    }
    for (number, task) in tasks.iter().enumerate() {
        for read in task.reads.iter() {
            let first = writes.partition_point(|(span, _)| span.end <= read.start);
            let met = writes[first..]
                .iter()
                .take_while(|(span, _)| span.start < read.end);
            for (span, writer) in met {
                if *writer != number {
                    return Err(fault(Rule::ReadWhileWritten(span.clone()), task));
                }
            }
        }
    }
    Ok(writes.into_iter().map(|(span, _)| span).collect())
}
