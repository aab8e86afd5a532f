//! Restarts of a run whose objective has no gradient.

use oneiric_model::ReluGradient;

/// The redirected steps and the restarts of a run.
///
/// The first steps of every start pass gradients through dead ReLUs. If the gradient of the image
/// is still zero in the first step after them, the run restarts from other random numbers.
#[derive(Debug)]
pub(crate) struct Restarts {
    /// Steps of each start in which gradients are redirected.
    redirected: usize,
    left: usize,
    /// The last step before the latest start.
    before: usize,
    is_dead: bool,
}

impl Restarts {
    pub(crate) const fn new(redirected: usize, most: usize) -> Self {
        Self {
            redirected,
            left: most,
            before: 0,
            is_dead: false,
        }
    }

    /// Takes one restart if the run is dead and one is left. Returns true if the run is to restart
    /// before this step.
    pub(crate) const fn take(&mut self, step: usize) -> bool {
        let restarts = self.is_dead && self.left > 0;
        if restarts {
            self.left -= 1;
            self.before = step - 1;
        }
        restarts
    }

    /// Returns how the gradients of a step pass ReLUs.
    pub(crate) const fn relu(&self, step: usize) -> ReluGradient {
        if step - self.before <= self.redirected {
            ReluGradient::Redirected
        } else {
            ReluGradient::Plain
        }
    }

    /// Records the L1 norm of the image's gradient in a step.
    pub(crate) const fn record(&mut self, step: usize, gradient_l1: f32) {
        self.is_dead = step - self.before == self.redirected + 1 && gradient_l1 == 0.0;
    }
}
