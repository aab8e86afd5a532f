//! Whether the objective is alive yet, and when to begin anew.

use oneiric_model::ReluGradient;

/// The first steps of a start pass gradients through dead ReLUs. What is still dead in the first
/// step after them begins anew, as other random numbers may do better.
#[derive(Debug)]
pub(crate) struct Waking {
    /// Steps of each start in which gradients are redirected.
    redirected: usize,
    starts_left: usize,
    /// The last step before the latest start.
    before: usize,
    is_dead: bool,
}

impl Waking {
    pub(crate) const fn new(redirected: usize, starts: usize) -> Self {
        Self {
            redirected,
            starts_left: starts,
            before: 0,
            is_dead: false,
        }
    }

    /// Whether this step is the first of a new start.
    pub(crate) const fn begins_anew(&mut self, step: usize) -> bool {
        let anew = self.is_dead && self.starts_left > 0;
        if anew {
            self.starts_left -= 1;
            self.before = step - 1;
        }
        anew
    }

    /// How this step's gradients pass ReLUs.
    pub(crate) const fn relu(&self, step: usize) -> ReluGradient {
        if step - self.before <= self.redirected {
            ReluGradient::Redirected
        } else {
            ReluGradient::Plain
        }
    }

    /// Notes how much a step pulled at the image: the sum of its gradient's sizes.
    pub(crate) const fn note(&mut self, step: usize, pulled: f32) {
        self.is_dead = step - self.before == self.redirected + 1 && pulled == 0.0;
    }
}
