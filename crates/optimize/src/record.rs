//! Values, timings and snapshots of a run, and the result or the error that is made of them.

use std::time::Instant;

use burn::tensor::Tensor;
use oneiric_core::{Picture, PictureError};
use oneiric_param::LatentImage;

use crate::{Ending, RunError, Snapshot, Timings, Visualization};

/// The values, pictures and times so far, and the latent to fall back on.
pub(crate) struct Record {
    pub(crate) started: Instant,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) values: Vec<f32>,
    pub(crate) timings: Timings,
    /// Transparency maps of a finished run, if it was asked for them.
    pub(crate) transparency: Vec<Picture>,
    /// The last latent whose objective was finite, or the start.
    pub(crate) good_latent: Vec<Tensor<1>>,
    /// The pictures that the run began with, so that a result is never empty.
    start: Vec<Picture>,
    seed: u64,
}

impl Record {
    /// Starts a record with the pictures of the start, and checks their shape.
    pub(crate) fn new(
        seed: u64,
        latent_image: &LatentImage,
        expected: [usize; 4],
    ) -> Result<Self, RunError> {
        let started = Instant::now();
        let image = latent_image.image();
        let found = image.dims();
        if found != expected {
            return Err(RunError::ImageShape { expected, found });
        }
        Ok(Self {
            started,
            snapshots: Vec::new(),
            values: Vec::new(),
            timings: Timings::default(),
            transparency: Vec::new(),
            good_latent: plain(latent_image.latent()),
            start: Picture::from_tensor(image)?,
            seed,
        })
    }

    /// Keeps the pictures after a step.
    pub(crate) fn keep(&mut self, step: usize, latent_image: &LatentImage) -> Result<(), RunError> {
        match Picture::from_tensor(latent_image.decode(&plain(latent_image.latent()))) {
            Ok(pictures) => {
                self.snapshots.push(Snapshot { step, pictures });
                Ok(())
            }
            Err(PictureError::Value { value, .. }) if !value.is_finite() => {
                let value = self.values.last().copied().unwrap_or(value);
                Err(self.not_finite(step, value, latent_image))
            }
            Err(error) => Err(self.broken(step, error.into(), latent_image)),
        }
    }

    /// Makes the error of a run whose value or image is not finite.
    pub(crate) fn not_finite(
        &self,
        step: usize,
        value: f32,
        latent_image: &LatentImage,
    ) -> RunError {
        RunError::NotFinite {
            step,
            value,
            last_good: Box::new(self.last_good(latent_image)),
        }
    }

    /// Makes the error of a run that broke otherwise.
    pub(crate) fn broken(
        &self,
        step: usize,
        source: RunError,
        latent_image: &LatentImage,
    ) -> RunError {
        RunError::Broken {
            step,
            source: Box::new(source),
            last_good: Box::new(self.last_good(latent_image)),
        }
    }

    /// Makes the result of a finished run.
    pub(crate) fn finish(self, ending: Ending) -> Visualization {
        Visualization {
            timings: self.timings(),
            snapshots: self.snapshots,
            values: self.values,
            transparency: self.transparency,
            seed: self.seed,
            ending,
        }
    }

    /// Makes the result up to the last step whose objective was finite: the kept pictures, those of
    /// that step if they can still be decoded, or else the start.
    fn last_good(&self, latent_image: &LatentImage) -> Visualization {
        // The last value is that of the picture before its step.
        let good_step = self.values.len().saturating_sub(1);
        let mut snapshots = self.snapshots.clone();
        snapshots.retain(|snapshot| snapshot.step <= good_step);
        if snapshots.last().is_none_or(|last| last.step < good_step)
            && let Ok(pictures) = Picture::from_tensor(latent_image.decode(&self.good_latent))
        {
            snapshots.push(Snapshot {
                step: good_step,
                pictures,
            });
        }
        if snapshots.is_empty() {
            let pictures = self.start.clone();
            snapshots.push(Snapshot { step: 0, pictures });
        }
        Visualization {
            timings: self.timings(),
            snapshots,
            values: self.values.clone(),
            transparency: Vec::new(),
            seed: self.seed,
            ending: Ending::Failed,
        }
    }

    fn timings(&self) -> Timings {
        Timings {
            total: self.started.elapsed(),
            ..self.timings.clone()
        }
    }
}

/// Returns the latent without autodiff.
pub(crate) fn plain(latent: &[Tensor<1>]) -> Vec<Tensor<1>> {
    latent
        .iter()
        .map(|tensor| tensor.clone().without_autodiff())
        .collect()
}
