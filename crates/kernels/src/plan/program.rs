//! Operations in the order in which they can run.

use crate::kernel::Step;

/// Tasks per thread that a level is cut in, so that threads that are held up are waited for
/// shortly.
const TASKS_PER_THREAD: usize = 6;

/// Floating point operations below which cutting costs more than it gives.
const SMALLEST_TASK: usize = 1_000_000;

/// Operations that do not depend on one another.
#[derive(Debug, Default)]
pub(crate) struct Level {
    pub(crate) steps: Vec<Step>,
    /// The node that each is for.
    pub(crate) nodes: Vec<usize>,
    /// Floating point operations of the convolutions, for one batch item.
    pub(crate) flops: usize,
}

/// Levels, to be run one after the other.
#[derive(Debug, Default)]
pub(crate) struct Program {
    pub(crate) levels: Vec<Level>,
}

impl Program {
    pub(crate) fn push(&mut self, level: usize, node: usize, step: Step) {
        while self.levels.len() <= level {
            self.levels.push(Level::default());
        }
        self.levels[level].nodes.push(node);
        self.levels[level].steps.push(step);
    }

    /// Cuts convolutions in tasks of similar cost, and puts the expensive steps first.
    pub(super) fn balance(&mut self) {
        let pieces = TASKS_PER_THREAD * rayon::current_num_threads();
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

/// Parts to cut `height` rows in, where there are as many tasks already.
pub(super) fn bands(height: usize, tasks: usize) -> usize {
    16_usize.div_ceil(tasks.max(1)).clamp(1, height.div_ceil(4))
}
