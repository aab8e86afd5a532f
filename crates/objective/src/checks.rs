//! Checks of what an objective is made from against the network.

use burn::tensor::{Device, Tensor, TensorData};
use oneiric_core::read;
use oneiric_model::{Layer, LayerId, Network, NetworkExt};
use oneiric_support::SettingError;

use crate::{LayerError, ObjectiveError, Region};

pub(crate) fn check_channel(layer: &Layer, channel: usize) -> Result<(), LayerError> {
    LayerError::check_channel(layer.name(), channel, layer.channels())
}

pub(crate) fn check_direction(layer: &Layer, direction: &[f32]) -> Result<(), ObjectiveError> {
    check_length(layer, direction.len())?;
    check_points(layer, direction)
}

/// Checks weights: as a direction, though all may be zero.
pub(crate) fn check_weights(layer: &Layer, weights: &[f32]) -> Result<(), ObjectiveError> {
    check_length(layer, weights.len())?;
    check_finite(layer, weights)
}

/// Checks directions [c, h, w] and makes them a constant [1, c, h, w] on a device.
pub(crate) fn directions_of(
    layer: &Layer,
    directions: Tensor<3>,
    device: &Device,
) -> Result<Tensor<4>, ObjectiveError> {
    let [channels, height, width] = directions.dims();
    check_length(layer, channels)?;
    let values = read(directions)?;
    check_points(layer, &values)?;
    let data = TensorData::new(values, [1, channels, height, width]);
    Ok(Tensor::from_data(data, &device.clone().without_autodiff()))
}

fn check_length(layer: &Layer, found: usize) -> Result<(), ObjectiveError> {
    if found == layer.channels() {
        return Ok(());
    }
    Err(ObjectiveError::DirectionLength {
        layer: layer.name().to_owned(),
        expected: layer.channels(),
        found,
    })
}

fn check_points(layer: &Layer, direction: &[f32]) -> Result<(), ObjectiveError> {
    check_finite(layer, direction)?;
    if direction.iter().any(|v| *v != 0.0) {
        return Ok(());
    }
    Err(ObjectiveError::Direction {
        layer: layer.name().to_owned(),
        problem: match direction {
            [] => "is empty",
            _ => "is all zeros",
        },
    })
}

fn check_finite(layer: &Layer, numbers: &[f32]) -> Result<(), ObjectiveError> {
    if numbers.iter().all(|v| v.is_finite()) {
        return Ok(());
    }
    Err(ObjectiveError::Direction {
        layer: layer.name().to_owned(),
        problem: "holds a number that is not finite",
    })
}

pub(crate) fn check_power(power: f32) -> Result<(), SettingError> {
    let good = power.is_finite() && power >= 0.0;
    let allowed = "finite and at least 0";
    SettingError::require("the power of the cosine", power, good, allowed)
}

pub(crate) fn check_decay(decay: f32) -> Result<(), SettingError> {
    let good = decay.is_finite() && decay > 0.0;
    let allowed = "finite and above 0";
    SettingError::require("the decay of the alignment", decay, good, allowed)
}

pub(crate) fn check_region(region: Region) -> Result<(), SettingError> {
    let Region { width, height, .. } = region;
    SettingError::require("the width of the region", width, width > 0, "at least 1")?;
    SettingError::require("the height of the region", height, height > 0, "at least 1")
}

/// Finds the layers of the names, of which there is at least one.
pub(crate) fn some_layers(
    network: &impl Network,
    objective: &'static str,
    names: &[&str],
) -> Result<Vec<LayerId>, ObjectiveError> {
    if names.is_empty() {
        return Err(ObjectiveError::NoLayers { objective });
    }
    let layers = names.iter().map(|name| network.layer(name));
    Ok(layers.collect::<Result<_, _>>()?)
}
