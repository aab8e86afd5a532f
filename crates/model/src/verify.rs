//! The checks of [`NetworkExt::verify`]: a network's description against its forward pass.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use burn::tensor::Tensor;
use oneiric_core::read;

use crate::{
    Layer, LayerId, ModelError, Network, NetworkExt, Probe, ReluGradient, classify::check_size,
    probe::Visit,
};

/// The number of images in a batch: more than one, so that a network that drops the batch axis is
/// found.
const BATCH: usize = 2;

/// The value of every pixel.
const GRAY: f32 = 0.5;

/// The largest difference between values that count as equal, as a share of the largest value.
const SAME: f32 = 1e-3;

/// A disagreement between a network's description and its forward pass.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// The network lists no layers.
    #[error("`layers` is empty: list at least one")]
    NoLayers,
    /// Several layers have the same name.
    #[error("{count} layers are named {name:?}: give each layer its own name")]
    SameName {
        /// The name.
        name: String,
        /// The number of layers of that name.
        count: usize,
    },
    /// The network lists a layer that the forward pass never gives to the probe.
    #[error("the layer {layer:?} is listed, but the forward pass never gives it to the probe")]
    Missing {
        /// The layer.
        layer: String,
    },
    /// The forward pass gives the probe a layer that the network does not list.
    #[error("the forward pass gives the probe a layer {name:?} that `layers` does not list")]
    Unlisted {
        /// The name that the forward pass gives, or the number.
        name: String,
    },
    /// The forward pass gives a layer to the probe more than once.
    #[error(
        "the layer {layer:?} is given to the probe {count} times: give each tensor its own name"
    )]
    Repeated {
        /// The layer.
        layer: String,
        /// The number of times that it is given to the probe.
        count: usize,
    },
    /// The forward pass computes the layers in another order than that of the list.
    #[error("the layer {layer:?} comes after {after:?}, which is listed behind it")]
    Order {
        /// The layer.
        layer: String,
        /// The layer that came just before it.
        after: String,
    },
    /// A layer has another shape than its description.
    #[error(
        "the layer {layer:?} is {found:?} for a batch of {batch} images: expected \
         [{batch}, {channels}, height, width] with at least one position"
    )]
    Shape {
        /// The layer.
        layer: String,
        /// Images in the batch.
        batch: usize,
        /// The channels listed.
        channels: usize,
        /// The shape found.
        found: [usize; 4],
    },
    /// A layer holds a value that is not finite.
    #[error("the layer {layer:?} holds values that are not finite for a gray image")]
    NotFinite {
        /// The layer.
        layer: String,
    },
    /// A layer does not depend on the image according to autodiff.
    #[error(
        "the layer {layer:?} does not depend on the image: autodiff finds no path to it (was the \
         layer detached, or created from values that were read back?)"
    )]
    Constant {
        /// The layer.
        layer: String,
    },
    /// Autodiff tracks the weights.
    #[error(
        "autodiff tracks the weights, so each step would compute gradients of the weights that \
         nothing uses: load them on a device without autodiff, or use `module.valid()`"
    )]
    TrackedWeights,
    /// The network computes other values if autodiff tracks the image.
    #[error(
        "the layer {layer:?} has other values if autodiff tracks the image, as it does in every \
         run: a normalization or a dropout is in training mode; use `module.valid()`"
    )]
    TrainingMode {
        /// The first such layer.
        layer: String,
    },
    /// The forward pass goes on after the probe breaks.
    #[error(
        "the forward pass goes on after the layer {layer:?}, at which the probe breaks: end it \
         with `?` after `probe.layer(...)`"
    )]
    GoesOn {
        /// The layer.
        layer: String,
    },
    /// The forward pass panics.
    #[error(
        "the forward pass panics for images of {}x{} (width x height): {reason} (if the images \
         are too small, set `smallest_image`)", .image[1], .image[0]
    )]
    Panics {
        /// Height and width of the images.
        image: [usize; 2],
        /// The message of the panic.
        reason: String,
    },
    /// `layer_size` differs from the size that the forward pass gives.
    #[error(
        "`layer_size` of {layer:?} is {promised:?} for images of {}x{} (width x height), the \
         forward pass gives {found:?} (height, width)", .image[1], .image[0]
    )]
    LayerSize {
        /// The layer.
        layer: String,
        /// Height and width of the images.
        image: [usize; 2],
        /// Height and width by `layer_size`.
        promised: Option<[usize; 2]>,
        /// Height and width that the forward pass gives.
        found: [usize; 2],
    },
    /// The logits have another shape than [n, classes, 1, 1].
    #[error(
        "the logits {layer:?} are {found:?}: expected [images, classes, 1, 1]; average over the \
         positions, or reshape"
    )]
    Logits {
        /// The layer.
        layer: String,
        /// The shape found.
        found: [usize; 4],
    },
    /// There are more labels than classes.
    #[error("there are {labels} labels for {classes} classes: give one per class, in order")]
    Labels {
        /// Labels of the network.
        labels: usize,
        /// Channels of its logits; 0 if it has none.
        classes: usize,
    },
}

pub(crate) fn verify<N: Network + ?Sized>(
    network: &N,
    image: [usize; 2],
) -> Result<(), ModelError> {
    check_size(network, image)?;
    let mut flaws = listed(network);
    let mut computed = computed(network, image)?;
    let smallest = network.smallest_image();
    if computed.is_empty() && smallest != image {
        computed = self::computed(network, smallest)?;
    }
    flaws.append(&mut computed);
    if flaws.is_empty() {
        Ok(())
    } else {
        Err(ModelError::Flawed { flaws })
    }
}

/// Returns the flaws of a network's description.
fn listed<N: Network + ?Sized>(network: &N) -> Vec<Flaw> {
    let layers = network.layers();
    let mut flaws = Vec::new();
    if layers.is_empty() {
        flaws.push(Flaw::NoLayers);
    }
    for (index, layer) in layers.iter().enumerate() {
        let is_same = |other: &&Layer| other.name() == layer.name();
        let count = layers.iter().filter(is_same).count();
        if count > 1 && !layers[..index].iter().any(|other| is_same(&other)) {
            flaws.push(Flaw::SameName {
                name: layer.name().to_owned(),
                count,
            });
        }
    }
    let classes = network.logits().and_then(|logits| layers.get(logits.0));
    let classes = classes.map_or(0, Layer::channels);
    let labels = network.labels().len();
    if labels > classes {
        flaws.push(Flaw::Labels { labels, classes });
    }
    flaws
}

/// Returns the flaws of the forward pass for gray images of that height and width.
fn computed<N: Network + ?Sized>(network: &N, image: [usize; 2]) -> Result<Vec<Flaw>, ModelError> {
    let [height, width] = image;
    let shape = [BATCH, network.channels(), height, width];
    let gray = || Tensor::<4>::full(shape, GRAY, network.device());
    let all: Vec<LayerId> = (0..network.layers().len()).map(LayerId::new).collect();
    let panics = |reason| vec![Flaw::Panics { image, reason }];

    // A pass to the end, of images that autodiff tracks, as in a run.
    let visits = match record(network, gray().autodiff().require_grad(), &all, false) {
        Ok(visits) => visits,
        Err(reason) => return Ok(panics(reason)),
    };
    let mut flaws = came(network, &visits);
    for visit in &visits {
        flaws.extend(held(network, visit)?);
    }

    // Passes that end at a layer, of images that autodiff does not track.
    let mut weights_are_tracked = false;
    let mut in_training = None;
    for (layer, visit) in visits.iter().filter_map(|v| Some((v.layer?, v))) {
        let ended = match record(network, gray(), &[layer], true) {
            Ok(visits) => visits,
            Err(reason) => return Ok(panics(reason)),
        };
        let name = || visit.name.clone();
        if ended.iter().position(|v| v.layer == Some(layer)) != ended.len().checked_sub(1) {
            flaws.push(Flaw::GoesOn { layer: name() });
        }
        if let Some(untracked) = ended.iter().find(|v| v.layer == Some(layer))
            && in_training.is_none()
            && !are_same(&visit.value, &untracked.value)?
        {
            in_training = Some(name());
        }
        weights_are_tracked |= ended.iter().any(|visit| visit.value.is_tracked());
        let [_, _, height, width] = visit.value.dims();
        // This may run a forward pass, which may panic because of a flaw found above.
        let size = || network.layer_size(layer, image);
        let promised = match catch_unwind(AssertUnwindSafe(size)) {
            Ok(promised) => promised,
            Err(_) if !flaws.is_empty() => continue,
            Err(panic) => return Ok(panics(reason(&*panic))),
        };
        if height > 0 && width > 0 && promised != Some([height, width]) {
            flaws.push(Flaw::LayerSize {
                layer: name(),
                image,
                promised,
                found: [height, width],
            });
        }
    }
    flaws.extend(in_training.map(|layer| Flaw::TrainingMode { layer }));
    if weights_are_tracked {
        flaws.push(Flaw::TrackedWeights);
    }
    Ok(flaws)
}

/// Returns true if two tensors hold the same values, except for rounding.
///
/// # Errors
///
/// Returns [`ModelError::Device`] if the device cannot read the values back.
fn are_same(a: &Tensor<4>, b: &Tensor<4>) -> Result<bool, ModelError> {
    let [a, b] = [a, b].map(|tensor| read(tensor.clone().without_autodiff()));
    let (a, b) = (a?, b?);
    let largest = a.iter().fold(0.0_f32, |largest, a| largest.max(a.abs()));
    // Values that are not finite are another flaw.
    let is_apart = |(a, b): (&f32, &f32)| (a - b).abs() > SAME * largest;
    Ok(a.len() == b.len() && !a.iter().zip(&b).any(is_apart))
}

/// Returns the layers that a pass gives to the probe, or the message if it panics.
fn record<N: Network + ?Sized>(
    network: &N,
    images: Tensor<4>,
    wanted: &[LayerId],
    breaks: bool,
) -> Result<Vec<Visit>, String> {
    let pass = || {
        let probe = Probe::new(network.layers(), wanted, ReluGradient::Plain);
        let mut probe = probe.recording(breaks);
        let _ = network.forward(images, &mut probe);
        probe.into_visits()
    };
    // After a panic the probe is dropped, so no state that is half changed can be seen.
    catch_unwind(AssertUnwindSafe(pass)).map_err(|panic| reason(&*panic))
}

fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "without a message".to_owned())
}

/// Returns the flaws of the list of recorded layers: missing, repeated, unlisted, or in another
/// order.
fn came<N: Network + ?Sized>(network: &N, visits: &[Visit]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for (index, layer) in network.layers().iter().enumerate() {
        // Layers of the same name are a flaw already; the recorded ones count for the first.
        let of_name = |visit: &&Visit| visit.layer.is_some() && visit.name == layer.name();
        let is_first = network.layers()[..index]
            .iter()
            .all(|other| other.name() != layer.name());
        let layer = layer.name().to_owned();
        match visits.iter().filter(of_name).count() {
            0 => flaws.push(Flaw::Missing { layer }),
            count if count > 1 && is_first => flaws.push(Flaw::Repeated { layer, count }),
            _ => {}
        }
    }
    let unlisted = visits.iter().filter(|visit| visit.layer.is_none());
    flaws.extend(unlisted.map(|visit| Flaw::Unlisted {
        name: visit.name.clone(),
    }));
    let listed: Vec<&Visit> = visits.iter().filter(|v| v.layer.is_some()).collect();
    let pairs = listed
        .windows(2)
        .filter(|pair| pair[1].layer < pair[0].layer);
    flaws.extend(pairs.map(|pair| Flaw::Order {
        layer: pair[1].name.clone(),
        after: pair[0].name.clone(),
    }));
    flaws
}

/// Returns the flaws of a recorded layer.
fn held<N: Network + ?Sized>(network: &N, visit: &Visit) -> Result<Vec<Flaw>, ModelError> {
    let Some(id) = visit.layer else {
        return Ok(Vec::new());
    };
    let mut flaws = Vec::new();
    let layer = visit.name.clone();
    let channels = network.describe(id).channels();
    let found = visit.value.dims();
    let [batch, depth, height, width] = found;
    if batch != BATCH || depth != channels || height == 0 || width == 0 {
        flaws.push(Flaw::Shape {
            layer: layer.clone(),
            batch: BATCH,
            channels,
            found,
        });
    }
    if network.logits() == Some(id) && (height, width) != (1, 1) {
        flaws.push(Flaw::Logits {
            layer: layer.clone(),
            found,
        });
    }
    if !visit.value.is_tracked() {
        flaws.push(Flaw::Constant {
            layer: layer.clone(),
        });
    }
    let values = read(visit.value.clone().without_autodiff())?;
    if !values.iter().all(|value| value.is_finite()) {
        flaws.push(Flaw::NotFinite { layer });
    }
    Ok(flaws)
}
