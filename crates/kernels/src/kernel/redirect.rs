//! Lucid's redirected gradient of a ReLU.

use super::{
    access::{Accesses, Region, Space},
    context::Context,
    rectifier::Rectifier,
};
use crate::{
    lanes::{LANES, Lanes},
    view::View,
};

/// The gradient of a ReLU, in place, that gives dead units a gradient.
///
/// With x the output and g its gradient of a loss to be minimized: g where x is within the bounds,
/// else 0; if that is 0 everywhere, also g < 0 where x is at the lower bound and g > 0 where it is
/// at the upper one. An x that is NaN lets g pass.
///
/// Source: Lucid, `misc/redirected_relu_grad.py`.
#[derive(Debug, Clone)]
pub(crate) struct Redirect {
    pub(crate) rectifier: Rectifier,
    pub(crate) view: View,
    /// Used lanes of each block. The other lanes are padding: they may hold NaN, and have no say in
    /// whether the layer is dead.
    pub(crate) lanes: Vec<usize>,
}

impl Redirect {
    /// One task: the whole layer decides.
    pub(crate) fn tasks(&self) -> usize {
        1
    }

    /// Adds what the task touches.
    pub(super) fn accesses(&self, _: usize, accesses: &mut Accesses) {
        let view = &self.view;
        let region = Region::new(view.offset, view.width * LANES)
            .blocks(self.lanes.len(), view.block)
            .rows(view.height, view.row);
        accesses.read(Space::Activations, region);
        accesses.read(Space::Data, region);
        accesses.write(Space::Data, region);
    }

    /// Runs the task.
    ///
    /// # Safety
    ///
    /// Same as [`run_step`](super::run_step).
    pub(super) unsafe fn run<L: Lanes>(&self, _: usize, context: &Context<'_>) {
        let mut dead = true;
        self.each(|at| {
            // SAFETY: the caller's contract for the places that `accesses` describes.
            unsafe {
                let x = *context.activations.add(at);
                dead &= x <= 0.0 || self.is_above(x) || *context.data.add(at) == 0.0;
            }
        });
        self.each(|at| {
            // SAFETY: as above.
            unsafe {
                let gradient = context.data.add(at);
                let x = *context.activations.add(at);
                let (below, above) = (x <= 0.0, self.is_above(x));
                let wakes = (below && *gradient < 0.0) || (above && *gradient > 0.0);
                let passes = !(below || above) || (dead && wakes);
                if !passes {
                    *gradient = 0.0;
                }
            }
        });
    }

    /// Returns true if an output is at the upper bound. A ReLU has none, also for infinity.
    fn is_above(&self, output: f32) -> bool {
        self.rectifier.is_bounded() && output >= self.rectifier.high
    }

    /// Calls a function with the place of every used lane.
    fn each(&self, mut function: impl FnMut(usize)) {
        for (block, &lanes) in self.lanes.iter().enumerate() {
            for y in 0..self.view.height {
                let start = self.view.block_offset(block) + y * self.view.row;
                for x in 0..self.view.width {
                    for at in start + x * LANES..start + x * LANES + lanes {
                        function(at);
                    }
                }
            }
        }
    }
}
