#![doc = include_str!("../docs/crate.md")]
// On docs.rs, items say which cargo feature they need.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

pub use oneiric_core::{Backend, DeviceError, Picture, PictureError, default_device};
/// Reading a network: the crate [`oneiric_inspect`], for all that is not named here.
pub use oneiric_inspect as inspect;
pub use oneiric_inspect::{
    ActivationGrid, ActivationMap, Attribution, DatasetExamples, DirectionPictures, HeatMap,
    InspectError, NeuronGroups, Nmf, Statistic, activations, attribution, expanded_weights,
    kernel_map, kernel_sheet,
};
pub use oneiric_model::{
    BlockWidths, ColourOrder, ConvWeights, Defect, ExpandedWeights, Flaw, HostTensor, InceptionV1,
    InceptionV1Config, Isa, Kernels, Layer, LayerId, Lrn, Misshapen, ModelError, NamedTensors,
    Network, Padding, Patch, Prediction, Preprocessing, Probe, ReluGradient, Variant, WeightsError,
    redirected_relu,
};
#[cfg(feature = "download")]
pub use oneiric_model::{DownloadError, Downloader, Pretrained, download};
pub use oneiric_objective::{
    Activations, Class, Difference, Measure, Objective, ObjectiveError, Objectives, Reading, Region,
};
pub use oneiric_optimize::{
    CancelToken, Ending, NAdam, Progress, RunError, RunProgress, Schedule, Snapshot, Timings,
    Visualization, Visualizer, visualize,
};
pub use oneiric_param::{
    Basis, ColorMapping, Cppn, Fft2, Fourier, ImageSpec, InBasis, Inpaint, LatentImage, Maco,
    ParamError, Parameterization, Pixel, PreparedBasis, Pyramid, Shared, Squash, irfft2, rfft2,
};
pub use oneiric_transform::{
    Border, ColorJitter, CropOrPad, FnTransform, GaussianBlur, Jitter, Noise, OneOf, Pad,
    RandomBackground, RandomCrop, RandomFlip, RandomRotate, RandomScale, Resampling, Resize,
    Transform, TransformContext, TransformError, Transforms, resample,
};

/// The crates whose types appear in oneiric's, in the versions they are of.
pub use {burn, oneiric_core::image, oneiric_param::rand};

/// The code in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The code in the guide compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/guide.md")]
struct Guide;

/// The code in the page about networks of one's own compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/own_network.md")]
struct OwnNetwork;

/// The code in the page about weights compiles.
#[cfg(doctest)]
#[doc = include_str!("../docs/weights.md")]
struct Weights;
