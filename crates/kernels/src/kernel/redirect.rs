//! Lucid's redirected gradient of a ReLU.

use super::context::Context;
use crate::{lanes::LANES, view::View};

/// The gradient of a ReLU, in place, that wakes dead units.
///
/// With x the output and g its gradient of a loss to be minimised: g where x > 0, else 0; if that
/// is 0 everywhere, g where x > 0 or g < 0, else 0. An x that is not a number lets g pass.
///
/// Source: Lucid, `misc/redirected_relu_grad.py`.
#[derive(Debug, Clone)]
pub(crate) struct Redirect {
    pub(crate) view: View,
}

impl Redirect {
    /// The whole layer decides.
    pub(crate) fn tasks(&self) -> usize {
        1
    }

    /// # Safety
    ///
    /// As [`Sweep::run`](super::Sweep), for the whole view.
    pub(super) unsafe fn run(&self, context: &Context<'_>) {
        let mut dead = true;
        // SAFETY: `each` gives places inside of the view.
        self.each(|at| unsafe {
            dead &= *context.activations.add(at) <= 0.0 || *context.data.add(at) == 0.0;
        });
        self.each(|at| unsafe {
            let gradient = context.data.add(at);
            let x = *context.activations.add(at);
            let passes = x > 0.0 || x.is_nan() || (dead && *gradient < 0.0);
            if !passes {
                *gradient = 0.0;
            }
        });
    }

    fn each(&self, mut function: impl FnMut(usize)) {
        for block in 0..self.view.blocks {
            for y in 0..self.view.height {
                let start = self.view.block_offset(block) + y * self.view.row;
                for at in start..start + self.view.width * LANES {
                    function(at);
                }
            }
        }
    }
}
