//! Activations of a layer for a photograph, on the host.

use burn::tensor::Tensor;
use oneiric_core::{Picture, read};
use oneiric_model::{LayerId, Network, NetworkExt, ReluGradient};
use oneiric_objective::LayerError;

use crate::{HeatMap, InspectError};

/// The activations of a layer for one photograph: [channels, height, width], row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct ActivationMap {
    layer: String,
    shape: [usize; 3],
    values: Vec<f32>,
}

/// Computes the activations of a layer, by any of its names, for a photograph of any size that the
/// network takes. The layers behind it are not computed.
///
/// # Errors
///
/// Returns [`InspectError`] if there is no such layer, the photograph has a different number of
/// channels from the network or is too small for the layer, or an activation is not finite.
pub fn activations<N: Network + ?Sized>(
    net: &N,
    photograph: &Picture,
    layer: &str,
) -> Result<ActivationMap, InspectError> {
    let layer = net.layer(layer)?;
    let images = images(net, photograph, layer)?;
    let found = net.forward_to(images, &[layer], ReluGradient::Plain);
    ActivationMap::read(net.describe(layer).name(), found[0].clone())
}

/// Converts a photograph to a batch of one, checked against the network and the layer.
pub(crate) fn images<N: Network + ?Sized>(
    net: &N,
    photograph: &Picture,
    layer: LayerId,
) -> Result<Tensor<4>, InspectError> {
    check_fits(net, photograph, layer)?;
    Ok(photograph.to_tensor(net.device()))
}

/// Checks that the network takes a photograph and that the layer has a position for it.
pub(crate) fn check_fits<N: Network + ?Sized>(
    net: &N,
    photograph: &Picture,
    layer: LayerId,
) -> Result<(), InspectError> {
    let (width, height) = (photograph.width(), photograph.height());
    let found = photograph.channels();
    let expected = net.channels();
    if found != expected {
        return Err(LayerError::NetworkChannels { expected, found }.into());
    }
    if net.layer_size(layer, [height, width]).is_none() {
        let name = net.describe(layer).name().to_owned();
        let error = match net.only_size(layer) {
            Some(only) => LayerError::OtherSize {
                layer: name,
                width,
                height,
                only,
            },
            None => LayerError::TooSmall {
                layer: name,
                width,
                height,
                needed: None,
            },
        };
        return Err(error.into());
    }
    Ok(())
}

/// Returns the `count` largest values with their indices, the largest first; equal values keep
/// their order.
pub(crate) fn top(values: &[f32], count: usize) -> Vec<(usize, f32)> {
    let mut order: Vec<(usize, f32)> = values.iter().copied().enumerate().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    order.truncate(count);
    order
}

impl ActivationMap {
    /// Reads a map back from a tensor [1, channels, height, width].
    pub(crate) fn read(layer: &str, values: Tensor<4>) -> Result<Self, InspectError> {
        let [_, channels, height, width] = values.dims();
        Self::new(layer, [channels, height, width], read(values)?)
    }

    /// Creates a map from its parts: the layer's name, [channels, height, width], and the values,
    /// row-major.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if a side is 0, the number of values does not match the shape, or a
    /// value is not finite.
    pub fn new(layer: &str, shape: [usize; 3], values: Vec<f32>) -> Result<Self, InspectError> {
        let expected = shape.iter().product();
        if expected == 0 {
            return Err(InspectError::Empty {
                what: "an activation map without channels or positions",
            });
        }
        if values.len() != expected {
            return Err(InspectError::Length {
                what: "an activation map",
                expected,
                found: values.len(),
            });
        }
        if !values.iter().all(|value| value.is_finite()) {
            return Err(InspectError::NotFinite {
                what: format!("an activation of {layer}"),
            });
        }
        Ok(Self {
            layer: layer.to_owned(),
            shape,
            values,
        })
    }

    /// The layer's name.
    #[must_use]
    pub fn layer(&self) -> &str {
        &self.layer
    }

    /// Number of channels.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.shape[0]
    }

    /// Rows of the map.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.shape[1]
    }

    /// Columns of the map.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.shape[2]
    }

    /// All values, [channels, height, width], row-major.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// One channel, [height, width], row-major.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if there is no such channel.
    pub fn channel(&self, channel: usize) -> Result<&[f32], InspectError> {
        LayerError::check_channel(&self.layer, channel, self.channels())?;
        let positions = self.positions();
        Ok(&self.values[channel * positions..][..positions])
    }

    /// Returns one channel as a heat map.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if there is no such channel.
    pub fn heat_map(&self, channel: usize) -> Result<HeatMap, InspectError> {
        HeatMap::new(self.width(), self.height(), self.channel(channel)?.to_vec())
    }

    /// Returns the mean of each channel over all positions, which is the value of
    /// [`Objectives::channel`](oneiric_objective::Objectives::channel).
    #[must_use]
    pub fn means(&self) -> Vec<f32> {
        let positions = self.positions();
        // Summed in f64, because a map may have many thousand positions.
        let mean = |plane: &[f32]| plane.iter().copied().map(f64::from).sum::<f64>();
        let planes = self.values.chunks(positions);
        planes
            .map(|plane| (mean(plane) / positions as f64) as f32)
            .collect()
    }

    /// Returns the `count` channels with the largest means, the largest first, each with its mean.
    #[must_use]
    pub fn top_channels(&self, count: usize) -> Vec<(usize, f32)> {
        top(&self.means(), count)
    }

    /// Returns all channels at column `x` and row `y`: the activation vector of that position.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if the position lies outside the map.
    pub fn vector(&self, x: usize, y: usize) -> Result<Vec<f32>, InspectError> {
        let [_, height, width] = self.shape;
        LayerError::check_position(&self.layer, [x, y], [height, width])?;
        let planes = self.values.chunks(self.positions());
        Ok(planes.map(|plane| plane[y * width + x]).collect())
    }

    /// Returns the `count` strongest channels at column `x` and row `y`, the strongest first, each
    /// with its value.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if the position lies outside the map.
    pub fn top_at(
        &self,
        x: usize,
        y: usize,
        count: usize,
    ) -> Result<Vec<(usize, f32)>, InspectError> {
        Ok(top(&self.vector(x, y)?, count))
    }

    /// Number of positions.
    pub(crate) const fn positions(&self) -> usize {
        self.shape[1] * self.shape[2]
    }
}
