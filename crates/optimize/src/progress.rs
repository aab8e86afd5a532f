//! Progress of a run, as its observer sees it.

use std::time::Duration;

use burn::tensor::Tensor;
use oneiric_core::{Picture, PictureError};
use oneiric_support::Progress;

/// The step that a run has just made.
#[derive(Debug)]
#[non_exhaustive]
pub struct RunProgress<'a> {
    /// Number of the step, from 1.
    pub step: usize,
    /// Steps of the whole run.
    pub steps: usize,
    /// The objective before the step, under that step's transforms; larger is better.
    pub value: f32,
    /// The objective of every step so far, this one last.
    pub history: &'a [f32],
    /// Time since the run began.
    pub elapsed: Duration,
    pub(crate) image: &'a Tensor<4>,
}

impl RunProgress<'_> {
    /// Returns the part of the run that is done, counted in steps.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress::new(self.step as u64, Some(self.steps as u64), self.elapsed)
    }

    /// Returns the pictures that this step began with. They are copied from the device, which takes
    /// time, so call this only now and then.
    ///
    /// # Errors
    ///
    /// Returns [`PictureError`] if the device cannot be read or a value is not finite.
    pub fn pictures(&self) -> Result<Vec<Picture>, PictureError> {
        Picture::from_tensor(self.image.clone())
    }
}
