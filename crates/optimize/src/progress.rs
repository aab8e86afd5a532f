//! What an observer sees, and how to stop a run from elsewhere.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use burn::tensor::Tensor;
use oneiric_core::{Picture, PictureError};

/// A step that was just made.
#[derive(Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// Its number, from 1.
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

impl Progress<'_> {
    /// The pictures that this step began with. Copies them from the device, so ask only now and
    /// then.
    ///
    /// # Errors
    ///
    /// When the device does not hand them over or they hold a value that is not finite.
    pub fn pictures(&self) -> Result<Vec<Picture>, PictureError> {
        Picture::from_tensor(self.image.clone())
    }
}

/// Stops a run from another thread; clones stop the same one.
///
/// ```
/// use oneiric_optimize::CancelToken;
///
/// let token = CancelToken::new();
/// let elsewhere = token.clone();
/// std::thread::spawn(move || elsewhere.cancel()).join().expect("no panic");
/// assert!(token.is_cancelled());
/// ```
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token that nobody has pulled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to stop after the step it is in, and to return what there is.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
