//! Steps in the order in which they can run.

use crate::{
    kernel::Step,
    tuning::{SMALLEST_TASK, STEP_TASKS, SWEEP_TASKS},
    view::View,
};

/// The use of a program, which says what its arenas hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Computes activations.
    Forward,
    /// Computes gradients from activations.
    Backward,
    /// Copies activations to the caller, and writes no arena.
    Output,
}

/// Numbers that a program needs of each kind of memory. All but the weights are for one batch
/// item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// Numbers of an arena.
    pub(crate) arena: usize,
    /// Numbers of all packed weights.
    pub(crate) weights: usize,
    /// Numbers of each external tensor.
    pub(crate) external: Vec<usize>,
    /// Numbers of the result.
    pub(crate) result: usize,
}

/// Steps that do not depend on one another.
#[derive(Debug, Clone, Default)]
pub(crate) struct Level {
    pub(crate) steps: Vec<Step>,
    /// The node of each step.
    pub(crate) nodes: Vec<usize>,
    /// Floating-point operations of the convolutions, for one batch item.
    pub(crate) flops: usize,
}

/// Levels that run one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) direction: Direction,
    pub(crate) footprint: Footprint,
    pub(crate) levels: Vec<Level>,
}

impl Program {
    /// A program without steps.
    pub(crate) fn new(direction: Direction, footprint: Footprint) -> Self {
        Self {
            direction,
            footprint,
            levels: Vec::new(),
        }
    }

    /// Adds a step for a node to a level.
    pub(crate) fn push(&mut self, level: usize, node: usize, step: Step) {
        while self.levels.len() <= level {
            self.levels.push(Level::default());
        }
        self.levels[level].nodes.push(node);
        self.levels[level].steps.push(step);
    }

    /// Cuts convolutions into tasks of similar cost for that many threads, and puts the expensive
    /// steps first.
    pub(super) fn balance(&mut self, threads: usize) {
        let pieces = SWEEP_TASKS * threads;
        self.levels.retain(|level| !level.steps.is_empty());
        for level in &mut self.levels {
            let cost = |step: &Step| match step {
                Step::Sweep(sweep) => sweep.group_flops() * sweep.groups.len(),
                Step::Winograd(winograd) => winograd.flops(),
                _ => 0,
            };
            level.flops = level.steps.iter().map(cost).sum();
            let target = (level.flops / pieces).max(SMALLEST_TASK);
            for step in &mut level.steps {
                if let Step::Sweep(sweep) = step {
                    let bands = sweep.group_flops().div_ceil(target);
                    sweep.bands = bands.clamp(1, sweep.height);
                }
            }
            let mut order: Vec<usize> = (0..level.steps.len()).collect();
            order.sort_by_key(|&step| usize::MAX - cost(&level.steps[step]));
            level.steps = order.iter().map(|&at| level.steps[at].clone()).collect();
            level.nodes = order.iter().map(|&at| level.nodes[at]).collect();
        }
    }
}

/// Bands to cut the rows of a tensor into, or the columns of a single row.
pub(crate) fn position_bands(view: &View) -> usize {
    let size = if view.height == 1 {
        view.width
    } else {
        view.height
    };
    bands(size, 1)
}

/// Bands to cut `height` rows into, for a step that has that many tasks already.
pub(crate) fn bands(height: usize, tasks: usize) -> usize {
    STEP_TASKS
        .div_ceil(tasks.max(1))
        .clamp(1, height.div_ceil(4))
}
