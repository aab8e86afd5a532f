//! Attribution: the channels and the positions of a layer that an objective's value depends on.

use std::sync::Arc;

use oneiric_core::{Picture, read};
use oneiric_model::{Network, NetworkExt, ReluGradient};
use oneiric_objective::Objective;

use crate::{
    ActivationMap, HeatMap, InspectError,
    activation_map::images,
    patched::{Leaf, Patched, take},
};

/// The attribution of an objective's value for a photograph to the activations of a layer: gradient
/// times activation, a linear approximation of how much the value would drop without the
/// activation.
///
/// If everything behind the layer is linear and without bias, the attributions sum to the value.
///
/// Source: Olah et al., "The Building Blocks of Interpretability" (Distill 2018), "channel
/// attribution" and "spatial attribution".
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    value: f32,
    activations: ActivationMap,
    gradient: ActivationMap,
}

/// Attributes an objective's value for a photograph to the activations of a layer, which goes by
/// any of its names. The objective may be a class, `net.class_logit("flower")?`, the difference of
/// two classes, or a unit, `net.neuron_at(...)?`. For a unit the gradient is the effective weights
/// between the layer and the unit for this photograph.
///
/// The objective must be made from this network (or a clone that shares its weights). Its forward
/// pass goes through [`NetworkExt::forward_patched`], with the ordinary derivative of each ReLU.
///
/// # Errors
///
/// Returns [`InspectError`] if there is no such layer, the photograph does not fit the network or
/// the objective, the objective does not depend on the layer, or a number is not finite.
pub fn attribution<N: Network + ?Sized>(
    net: &N,
    photograph: &Picture,
    layer: &str,
    objective: &Objective,
) -> Result<Attribution, InspectError> {
    let layer = net.layer(layer)?;
    let name = net.describe(layer).name();
    let images = images(net, photograph, layer)?;
    let size = [
        photograph.channels(),
        photograph.height(),
        photograph.width(),
    ];
    objective.check(1, size, size)?;

    let leaf = Leaf::default();
    let patched = objective.clone().map_networks(|network| {
        if network.id() == net.id() {
            Arc::new(Patched::new(network, layer, leaf.clone()))
        } else {
            network
        }
    });
    let view = images.clone().autodiff();
    let activations = patched.forward(&view, ReluGradient::Plain);
    let value = patched.value(&images, &activations)?;
    let independent = || InspectError::Independent {
        layer: name.to_owned(),
    };
    let leaf = take(&leaf).ok_or_else(independent)?;
    if !value.is_tracked() {
        return Err(independent());
    }
    let mut gradients = value.backward();
    let gradient = leaf.grad_remove(&mut gradients).ok_or_else(independent)?;
    let value = read(value.without_autodiff())?[0];
    if !value.is_finite() {
        return Err(InspectError::NotFinite {
            what: "the objective's value".to_owned(),
        });
    }
    Ok(Attribution {
        value,
        activations: ActivationMap::read(name, leaf.without_autodiff())?,
        gradient: ActivationMap::read(name, gradient.without_autodiff())?,
    })
}

impl Attribution {
    /// The objective's value for the photograph.
    #[must_use]
    pub const fn value(&self) -> f32 {
        self.value
    }

    /// The layer's activations.
    #[must_use]
    pub const fn activations(&self) -> &ActivationMap {
        &self.activations
    }

    /// The gradient of the value with respect to the activations, of the same shape.
    #[must_use]
    pub const fn gradient(&self) -> &ActivationMap {
        &self.gradient
    }

    /// Channel attribution: gradient times activation, summed over positions, one number for each
    /// channel.
    #[must_use]
    pub fn by_channel(&self) -> Vec<f32> {
        let positions = self.activations.positions();
        let activations = self.activations.values().chunks(positions);
        let pairs = activations.zip(self.gradient.values().chunks(positions));
        let dot = |(a, g): (&[f32], &[f32])| a.iter().zip(g).map(|(a, g)| product(*a, *g)).sum();
        pairs.map(dot).map(|sum: f64| sum as f32).collect()
    }

    /// Returns the `count` channels with the largest attributions, the largest first, each with its
    /// attribution. A negative attribution means that the channel lowers the objective.
    #[must_use]
    pub fn top_channels(&self, count: usize) -> Vec<(usize, f32)> {
        crate::activation_map::top(&self.by_channel(), count)
    }

    /// Spatial attribution: gradient times activation, summed over channels, one number for each
    /// position.
    #[must_use]
    pub fn by_position(&self) -> HeatMap {
        let positions = self.activations.positions();
        let mut sums = vec![0.0_f64; positions];
        let pairs = self.activations.values().iter().zip(self.gradient.values());
        for (at, (a, g)) in pairs.enumerate() {
            sums[at % positions] += product(*a, *g);
        }
        let values = sums.into_iter().map(|sum| sum as f32).collect();
        HeatMap::of(self.activations.width(), self.activations.height(), values)
    }
}

fn product(a: f32, b: f32) -> f64 {
    f64::from(a) * f64::from(b)
}
