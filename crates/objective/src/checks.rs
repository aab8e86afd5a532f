//! Whether what an objective is made from makes sense for the network.

use burn::tensor::{Device, Tensor, TensorData};
use oneiric_core::read;
use oneiric_model::{Layer, LayerId, Network};

use crate::{ObjectiveError, Region};

pub(crate) fn check_channel(layer: &Layer, channel: usize) -> Result<(), ObjectiveError> {
    if channel < layer.channels() {
        return Ok(());
    }
    Err(ObjectiveError::Channel {
        layer: layer.name().to_owned(),
        channel,
        channels: layer.channels(),
    })
}

pub(crate) fn check_direction(layer: &Layer, direction: &[f32]) -> Result<(), ObjectiveError> {
    check_length(layer, direction.len())?;
    check_points(layer, direction)
}

/// As for a direction, though all may be zero.
pub(crate) fn check_weights(layer: &Layer, weights: &[f32]) -> Result<(), ObjectiveError> {
    check_length(layer, weights.len())?;
    check_finite(layer, weights)
}

/// Directions [c, h, w], checked, as a constant [1, c, h, w] on a device.
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

pub(crate) fn check_power(cosine_power: f32) -> Result<(), ObjectiveError> {
    if cosine_power.is_finite() && cosine_power >= 0.0 {
        return Ok(());
    }
    Err(ObjectiveError::Number {
        name: "the power of the cosine",
        value: f64::from(cosine_power),
        allowed: "finite and at least 0",
    })
}

pub(crate) fn check_decay(decay: f32) -> Result<(), ObjectiveError> {
    if decay.is_finite() && decay > 0.0 {
        return Ok(());
    }
    Err(ObjectiveError::Number {
        name: "the decay of the alignment",
        value: f64::from(decay),
        allowed: "finite and above 0",
    })
}

pub(crate) fn check_region(region: Region) -> Result<(), ObjectiveError> {
    let sides = [
        ("the width of the region", region.width),
        ("the height of the region", region.height),
    ];
    match sides.into_iter().find(|(_, side)| *side == 0) {
        None => Ok(()),
        Some((name, _)) => Err(ObjectiveError::Number {
            name,
            value: 0.0,
            allowed: "at least 1",
        }),
    }
}

/// The layers of those names, one at least.
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
