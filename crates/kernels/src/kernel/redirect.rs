//! Lucid's redirected gradient of a ReLU.

use super::{
    access::{Accesses, Region, Space},
    context::Context,
};
use crate::{
    lanes::{LANES, Lanes},
    view::View,
};

/// The gradient of a ReLU, in place, that gives dead units a gradient.
///
/// With x the output and g its gradient of a loss to be minimized: g where x > 0, else 0; if that
/// is 0 everywhere, g where x > 0 or g < 0, else 0. An x that is NaN lets g pass.
///
/// Source: Lucid, `misc/redirected_relu_grad.py`.
#[derive(Debug, Clone)]
pub(crate) struct Redirect {
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
                dead &= *context.activations.add(at) <= 0.0 || *context.data.add(at) == 0.0;
            }
        });
        self.each(|at| {
            // SAFETY: as above.
            unsafe {
                let gradient = context.data.add(at);
                let x = *context.activations.add(at);
                let passes = x > 0.0 || x.is_nan() || (dead && *gradient < 0.0);
                if !passes {
                    *gradient = 0.0;
                }
            }
        });
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
