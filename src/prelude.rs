//! The names that most programs need, for `use oneiric::prelude::*`.
//!
//! ```no_run
//! use oneiric::prelude::*;
//!
//! let net = InceptionV1::bundled(&default_device()?)?;
//! let params = Pixel::new(64, 64).sd(0.1);
//! let run = Visualizer::new().transforms(Transforms::none().then(Jitter::new(8)));
//! run.run(net.channel("mixed4a", 1)?, params)?.save("pixels.png")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use crate::{
    Backend, CancelToken, Fourier, InceptionV1, Network, NetworkExt, Objective, Objectives,
    Parameterization, Picture, Progress, Transforms, Visualization, Visualizer, default_device,
    model::InceptionV1Config,
    optimize::{Ending, Schedule},
    param::{Cppn, Maco, Pixel, Pyramid, Shared},
    transform::{Jitter, Pad, RandomRotate, RandomScale, Transform},
    visualize,
};
