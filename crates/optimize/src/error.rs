//! Errors of a run.

use oneiric_core::{DeviceError, PictureError};
use oneiric_objective::ObjectiveError;
use oneiric_param::ParamError;
use oneiric_support::SettingError;
use oneiric_transform::TransformError;

use crate::Visualization;

/// The error of a run. `NotFinite`, `Broken` and `Save` come up during it and carry what
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
    /// A picture that cannot be made or written.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// A setting with a value that is not allowed.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A threshold outside the run.
    #[error("there is no step {threshold} to keep a picture of; the run has steps 1 to {steps}")]
    Threshold {
        /// The threshold that was given.
        threshold: usize,
        /// Steps of the run.
        steps: usize,
    },
    /// A device other than the network's.
    #[error("the run is to be on {run}, but the network was loaded on {network}; load it on {run}")]
    OtherDevice {
        /// The device of the run.
        run: String,
        /// The device of the network.
        network: String,
    },
    /// A parameterization that makes images of another shape than it says.
    #[error(
        "the parameterization makes {found:?} instead of [n, channels, height, width] = \
         {expected:?}"
    )]
    ImageShape {
        /// Shape that the run needs.
        expected: [usize; 4],
        /// Shape that the parameterization makes.
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
        /// Value of the objective. It is finite if only the image is not.
        value: f32,
        /// The pictures before that step.
        last_good: Box<Visualization>,
    },
    /// Something else went wrong during the run, such as a device that was lost.
    #[error("the run broke in step {step}: {source} (the pictures before are in the error)")]
    Broken {
        /// The step, counted from 1.
        step: usize,
        /// The error that broke the run.
        source: Box<RunError>,
        /// The pictures before that step.
        last_good: Box<Visualization>,
    },
    /// The finished picture could not be written. It is not lost: it is in the error.
    #[error("the run is finished, but its picture could not be saved: {source}")]
    Save {
        /// The reason, with the path.
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
