//! The random numbers and the progress that a transform can use.

use std::fmt;

use rand::Rng;

/// The context of one application of a transform: the random numbers and the progress of the run.
pub struct TransformContext<'a> {
    /// The run's generator.
    pub rng: &'a mut dyn Rng,
    /// Share of the run's steps that are done: 0 at the first step, towards 1 at the last.
    pub progress: f32,
}

impl<'a> TransformContext<'a> {
    /// Creates the context of the first step of a run.
    #[must_use]
    pub fn new(rng: &'a mut dyn Rng) -> Self {
        Self { rng, progress: 0.0 }
    }

    /// Sets the share of the run's steps that are done.
    #[must_use]
    pub const fn at(mut self, progress: f32) -> Self {
        self.progress = progress;
        self
    }
}

impl fmt::Debug for TransformContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransformContext")
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
