//! Neuron groups: channels that are active together.

use oneiric_core::Picture;
use oneiric_objective::Objectives;

use crate::{ActivationMap, DirectionPictures, HeatMap, InspectError, Nmf};

/// The activations of a layer for some photographs, factored into a few groups: each a direction in
/// the space of channels and, for each photograph, a map of where it is found. A few pictures then
/// say what hundreds of channels do.
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
    /// Factors the maps of one layer, of one or several photographs of any size: all their
    /// positions together are the rows of the matrix, the channels its columns.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if there are no maps, they are of different layers, an activation
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

    /// Each group's direction, a number a channel, of norm 1 (or 0, of a group that nothing was
    /// left for); the strongest group first.
    #[must_use]
    pub fn directions(&self) -> &[Vec<f32>] {
        &self.directions
    }

    /// Returns the strength of a group at each position of each photograph, in their order.
    #[must_use]
    pub fn maps(&self, group: usize) -> Option<&[HeatMap]> {
        self.maps.get(group).map(Vec::as_slice)
    }

    /// Returns the relative error of the groups: the norm of the difference as a share of that of
    /// the activations.
    #[must_use]
    pub const fn error(&self) -> f64 {
        self.error
    }

    /// Returns true if the factorization was canceled before its last update.
    #[must_use]
    pub const fn canceled(&self) -> bool {
        self.canceled
    }

    /// A picture of each group's direction, in their order; gray where the direction is 0.
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

/// [positions, channels] instead of [channels, positions].
fn positions_first(map: &ActivationMap) -> impl Iterator<Item = f32> {
    let (channels, positions) = (map.channels(), map.positions());
    let at = move |position, channel| map.values()[channel * positions + position];
    (0..positions).flat_map(move |p| (0..channels).map(move |c| at(p, c)))
}
