#![doc = include_str!("../docs/crate.md")]

pub use oneiric_core::{Backend, DeviceError, Picture, PictureError, default_device};
pub use oneiric_model::{
    BlockWidths, ColourOrder, ConvWeights, Defect, HostTensor, InceptionV1, InceptionV1Config, Isa,
    Kernels, Layer, LayerId, Lrn, Misshapen, ModelError, NamedTensors, Network, Padding,
    Prediction, Preprocessing, ReluGradient, Variant, WeightsError, redirected_relu,
};
#[cfg(feature = "download")]
pub use oneiric_model::{DownloadError, Downloader, Pretrained, download};
pub use oneiric_objective::{
    Activations, Class, Measure, Objective, ObjectiveError, Objectives, Reading,
};
pub use oneiric_optimize::{
    CancelToken, Ending, Progress, RunError, Schedule, Snapshot, Timings, Visualization,
    Visualizer, visualize,
};
pub use oneiric_param::{
    Canvas, Colour, Fft2, Fourier, ParamError, Parameterization, Pixel, Squash, irfft2, rfft2,
};
pub use oneiric_transform::{
    Jitter, Pad, RandomRotate, RandomScale, Resampling, Transform, TransformError, Transforms,
    resample,
};

/// The crates whose types appear in oneiric's, in the versions they are of.
pub use {burn, oneiric_core::image, oneiric_param::rand};

/// The code in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The code in the page about weights compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/weights.md")]
struct Weights;
