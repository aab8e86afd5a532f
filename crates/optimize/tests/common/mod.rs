//! What the tests of runs share.

#![allow(dead_code, reason = "each test file uses its part")]

use burn::tensor::Device;
use oneiric_model::{InceptionV1, InceptionV1Config};
use oneiric_objective::{Objective, Objectives};
use oneiric_optimize::{Visualization, Visualizer};
use oneiric_param::Fourier;

/// The layer that most tests read.
pub(crate) const LAYER: &str = "mixed4a";

pub(crate) fn net(device: &Device) -> InceptionV1 {
    InceptionV1::random(InceptionV1Config::tiny(), 5, device).expect("a configuration of ours")
}

pub(crate) fn objective(device: &Device) -> Objective {
    net(device).channel(LAYER, 1).expect("a channel")
}

pub(crate) fn short(seed: u64) -> Visualizer<'static> {
    Visualizer::new().steps(6).seed(seed)
}

pub(crate) fn run(visualizer: Visualizer<'_>, device: &Device) -> Visualization {
    visualizer
        .run(objective(device), Fourier::new(40, 36))
        .expect("a run that is fine")
}
