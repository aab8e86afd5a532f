//! Neuron groups: channels that are active together.

use oneiric_core::Picture;
use oneiric_objective::Objectives;

use crate::{ActivationMap, DirectionPictures, HeatMap, InspectError, Nmf};

/// Neuron groups: the activations of a layer for some photographs, factored into a few groups. Each
/// group is a direction in the space of channels and, for each photograph, a map of its strength. A
/// few pictures then summarize hundreds of channels.
///
/// Source: Olah et al., "The Building Blocks of Interpretability" (Distill 2018), "Making Things
/// Human-Scale".
#[derive(Debug, Clone, PartialEq)]
pub struct NeuronGroups {
    layer: String,
    directions: Vec<Vec<f32>>,
    maps: Vec<Vec<HeatMap>>,
    error: f64,
    canceled: bool,
}

impl NeuronGroups {
    /// Factors maps of one layer, for one or several photographs of any size. The rows of the
    /// matrix are the positions of all maps, its columns the channels.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if there are no maps, they are of different layers or an activation
    /// is negative (take the layer behind its ReLU), and the errors of [`Nmf::factor`].
    pub fn factor(maps: &[ActivationMap], nmf: Nmf<'_>) -> Result<Self, InspectError> {
        let first = maps.first().ok_or(InspectError::Empty {
            what: "activation maps to factor",
        })?;
        let channels = first.channels();
        let is_other =
            |map: &&ActivationMap| map.layer() != first.layer() || map.channels() != channels;
        if let Some(other) = maps.iter().find(is_other) {
            return Err(InspectError::Mixed {
                first: first.layer().to_owned(),
                first_channels: channels,
                second: other.layer().to_owned(),
                second_channels: other.channels(),
            });
        }
        let mut values = maps.iter().flat_map(ActivationMap::values);
        if let Some(&value) = values.find(|value| **value < 0.0) {
            return Err(InspectError::Negative {
                what: first.layer().to_owned(),
                value,
            });
        }
        let rows: Vec<f32> = maps.iter().flat_map(positions_first).collect();
        let groups = nmf.groups();
        let factors = nmf.factor(&rows, channels)?;
        let mut map_of_group = vec![Vec::with_capacity(maps.len()); groups];
        let mut from = 0;
        for map in maps {
            let to = from + map.positions() * groups;
            for (group, found) in map_of_group.iter_mut().enumerate() {
                let strengths = factors.w[from..to].chunks(groups).map(|row| row[group]);
                let strengths = strengths.collect();
                found.push(HeatMap::of(map.width(), map.height(), strengths));
            }
            from = to;
        }
        Ok(Self {
            layer: first.layer().to_owned(),
            directions: factors.h.chunks(channels).map(<[f32]>::to_vec).collect(),
            maps: map_of_group,
            error: factors.errors.last().copied().unwrap_or_default(),
            canceled: factors.canceled,
        })
    }

    /// The layer's name.
    #[must_use]
    pub fn layer(&self) -> &str {
        &self.layer
    }

    /// Each group's direction, one number for each channel, the strongest group first. The norm is
    /// 1, or 0 for a group that was not needed.
    #[must_use]
    pub fn directions(&self) -> &[Vec<f32>] {
        &self.directions
    }

    /// Returns the strength of a group at each position, one map for each photograph, in their
    /// order.
    #[must_use]
    pub fn maps(&self, group: usize) -> Option<&[HeatMap]> {
        self.maps.get(group).map(Vec::as_slice)
    }

    /// The relative error of the factorization: the norm of the residual divided by the norm of the
    /// activations.
    #[must_use]
    pub const fn error(&self) -> f64 {
        self.error
    }

    /// Returns true if the factorization was canceled before its last update.
    #[must_use]
    pub const fn canceled(&self) -> bool {
        self.canceled
    }

    /// Makes a picture of each group's direction, in their order. The picture of a direction of
    /// zeros is gray.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`DirectionPictures::render`].
    pub fn pictures<N: Objectives>(
        &self,
        net: &N,
        settings: DirectionPictures<'_>,
    ) -> Result<Vec<Picture>, InspectError> {
        settings.render(net, &self.layer, &self.directions)
    }
}

/// Transposes [channels, positions] to [positions, channels].
fn positions_first(map: &ActivationMap) -> impl Iterator<Item = f32> {
    let (channels, positions) = (map.channels(), map.positions());
    let at = move |position, channel| map.values()[channel * positions + position];
    (0..positions).flat_map(move |p| (0..channels).map(move |c| at(p, c)))
}
