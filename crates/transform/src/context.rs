//! What a transform draws from.

use std::fmt;

use rand::Rng;

/// One step's draw: where the random numbers come from, and how far the run is.
pub struct TransformContext<'a> {
    /// The run's generator.
    pub rng: &'a mut dyn Rng,
    /// Share of the run's steps that are done: 0 at the first step, towards 1 at the last.
    pub progress: f32,
}

impl<'a> TransformContext<'a> {
    /// A draw at the start of a run.
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
