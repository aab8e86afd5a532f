//! Pictures of the weights between layers.

use oneiric_core::Picture;
use oneiric_model::{ExpandedWeights, GraphNetwork, NetworkExt};
use oneiric_objective::LayerError;

use crate::{HeatMap, InspectError};

/// Expands the weights between two layers, which go by any of their names; see
/// [`GraphNetwork::expanded_weights`].
///
/// # Errors
///
/// Returns [`InspectError`] if there is no such layer, and the errors of
/// [`GraphNetwork::expanded_weights`].
pub fn expanded_weights(
    net: &impl AsRef<GraphNetwork>,
    from: &str,
    to: &str,
    channel: usize,
) -> Result<ExpandedWeights, InspectError> {
    let net = net.as_ref();
    let (from, to) = (net.layer(from)?, net.layer(to)?);
    Ok(net.expanded_weights(from, to, channel)?)
}

/// Returns the kernel over one channel of the earlier layer as a heat map.
///
/// # Errors
///
/// Returns [`InspectError`] if there is no such channel, or a weight is not finite.
pub fn kernel_map(weights: &ExpandedWeights, channel: usize) -> Result<HeatMap, InspectError> {
    let kernel = weights.kernel(channel).ok_or_else(|| LayerError::Channel {
        layer: "the earlier layer".to_owned(),
        channel,
        channels: weights.channels(),
    })?;
    HeatMap::new(weights.width(), weights.height(), kernel.to_vec())
}

/// Draws the kernels over some channels of the earlier layer on one sheet with one color scale,
/// each weight as a square of `cell` pixels. Red excites, blue inhibits, and the largest absolute
/// weight has the full color.
///
/// # Errors
///
/// Returns [`InspectError`] if there is no such channel, `channels` is empty, a weight is not
/// finite, or `cell` is 0.
pub fn kernel_sheet(
    weights: &ExpandedWeights,
    channels: &[usize],
    cell: usize,
) -> Result<Picture, InspectError> {
    let maps = channels.iter().map(|&channel| kernel_map(weights, channel));
    let maps = maps.collect::<Result<Vec<_>, _>>()?;
    let full = maps.iter().map(HeatMap::largest).fold(0.0, f32::max);
    let pictures = maps.iter().map(|map| map.picture_of_scale(cell, full));
    let pictures = pictures.collect::<Result<Vec<_>, _>>()?;
    Ok(Picture::sheet(&pictures)?)
}
