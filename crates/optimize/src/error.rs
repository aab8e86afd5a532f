//! Errors of a run.

use oneiric_core::{DeviceError, PictureError};
use oneiric_objective::ObjectiveError;
use oneiric_param::ParamError;
use oneiric_support::SettingError;
use oneiric_transform::TransformError;

use crate::Visualization;

/// What can be wrong with a run. `NotFinite`, `Broken` and `Save` come up during it and carry what
/// there is to show; `Constant` is found in the first step; the others before any step is made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The device cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The objective does not fit.
    #[error(transparent)]
    Objective(#[from] ObjectiveError),
    /// The parameterization does not fit.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// The transforms do not fit.
    #[error(transparent)]
    Transform(#[from] TransformError),
    /// The picture could not be written where it was asked to be.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// A setting with a value that is not allowed.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A threshold outside the run.
    #[error("there is no step {threshold} to keep a picture of; the run has steps 1 to {steps}")]
    Threshold {
        /// As given.
        threshold: usize,
        /// Steps of the run.
        steps: usize,
    },
    /// A device other than the network's.
    #[error("the run is to be on {run}, but the network was loaded on {network}; load it on {run}")]
    OtherDevice {
        /// The device of the run.
        run: String,
        /// The network's.
        network: String,
    },
    /// A parameterization that does not paint the batch it was asked for.
    #[error(
        "the parameterization paints {found:?} instead of [n, channels, height, width] = \
         {expected:?}"
    )]
    ImageShape {
        /// What the run needs.
        expected: [usize; 4],
        /// What it paints.
        found: [usize; 4],
    },
    /// An objective whose value no image changes: found in the first step.
    #[error("the objective does not depend on the image, so there is nothing to optimize")]
    Constant,
    /// The objective, or the image, became infinite or not a number.
    #[error(
        "the {} in step {step}; a smaller learning rate or weight may help (the last good picture \
         is in the error's `last_good`)", broke(*.value)
    )]
    NotFinite {
        /// The step, counted from 1.
        step: usize,
        /// What the objective became. Finite when only the image is not.
        value: f32,
        /// What there was before that step.
        last_good: Box<Visualization>,
    },
    /// Something else went wrong during the run, such as a device that was lost.
    #[error("the run broke in step {step}: {source} (what there was before is in the error)")]
    Broken {
        /// The step, counted from 1.
        step: usize,
        /// What went wrong.
        source: Box<RunError>,
        /// What there was before that step.
        last_good: Box<Visualization>,
    },
    /// The finished picture could not be written. It is not lost: it is in the error.
    #[error("the run is finished, but its picture could not be saved: {source}")]
    Save {
        /// Why not, and where it was to go.
        source: PictureError,
        /// The finished run.
        finished: Box<Visualization>,
    },
}

fn broke(value: f32) -> String {
    if value.is_finite() {
        "image stopped being finite".to_owned()
    } else {
        format!("objective became {value}")
    }
}
