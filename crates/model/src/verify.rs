//! Whether a network keeps what it promises: [`Network::verify`].

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

/// Images in the batch that is tried: a network that flattens its batch shows it.
const BATCH: usize = 2;

/// What they are filled with.
const GREY: f32 = 0.5;

/// How far values may lie apart, as a share of the largest, that should be the same.
const SAME: f32 = 1e-3;

/// Something that a network promises and does not keep.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Flaw {
    /// It lists no layers.
    #[error("`layers` is empty: list at least one")]
    NoLayers,
    /// Two layers have one name.
    #[error("{count} layers are named {name:?}: a name leads to one layer")]
    SameName {
        /// The name.
        name: String,
        /// How many have it.
        count: usize,
    },
    /// A layer is listed, and the forward pass hands none of that name over.
    #[error("the layer {layer:?} is listed but the forward pass never comes to it")]
    Missing {
        /// The layer.
        layer: String,
    },
    /// The forward pass hands over a layer that is not listed.
    #[error("the forward pass hands over a layer {name:?} that `layers` does not list")]
    Unlisted {
        /// The name it gives, or the number.
        name: String,
    },
    /// A layer is handed over more than once.
    #[error("the layer {layer:?} is handed over {count} times: name each tensor of its own")]
    Repeated {
        /// The layer.
        layer: String,
        /// How often.
        count: usize,
    },
    /// The layers come in another order than that of the list.
    #[error("the layer {layer:?} comes after {after:?}, which is listed behind it")]
    Order {
        /// The layer.
        layer: String,
        /// The one that came just before it.
        after: String,
    },
    /// A layer has another shape than promised.
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
    #[error("the layer {layer:?} holds values that are not finite, for a grey image")]
    NotFinite {
        /// The layer.
        layer: String,
    },
    /// A layer does not depend on the image, as far as autodiff sees.
    #[error(
        "the layer {layer:?} does not depend on the image: no gradient leads back from it (was it \
         detached, or read back and made anew?)"
    )]
    Constant {
        /// The layer.
        layer: String,
    },
    /// Autodiff tracks the weights.
    #[error(
        "autodiff tracks the weights, so each step would work out gradients of theirs that nobody \
         uses: load them on a device without autodiff, or take `module.valid()`"
    )]
    TrackedWeights,
    /// The network computes something else where autodiff tracks the image.
    #[error(
        "the layer {layer:?} has other values where autodiff tracks the image, as it does in every \
         run: a normalisation or a dropout is in training mode; take `module.valid()`"
    )]
    TrainingMode {
        /// The first such layer.
        layer: String,
    },
    /// The forward pass goes on when it is told to end.
    #[error(
        "the forward pass goes on behind the layer {layer:?} when nothing more is asked for: end \
         it with `?` after `probe.layer(...)`"
    )]
    GoesOn {
        /// The layer.
        layer: String,
    },
    /// The forward pass panics.
    #[error(
        "the forward pass panics for images of {}x{} (width x height): {reason} (if they are too \
         small, say so in `smallest_image`)", .image[1], .image[0]
    )]
    Panics {
        /// Height and width of the images.
        image: [usize; 2],
        /// What the panic says.
        reason: String,
    },
    /// `layer_size` says another size than the forward pass gives.
    #[error(
        "`layer_size` of {layer:?} is {promised:?} for images of {}x{} (width x height), the \
         forward pass gives {found:?} (height, width)", .image[1], .image[0]
    )]
    LayerSize {
        /// The layer.
        layer: String,
        /// Height and width of the images.
        image: [usize; 2],
        /// What `layer_size` says.
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
    #[error("there are {labels} labels for {classes} classes: give one a class, in order")]
    Labels {
        /// Labels of the network.
        labels: usize,
        /// Channels of its logits; 0 when it names none.
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

/// What is wrong with what a network says of itself.
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

/// What is wrong with what it computes from grey images of that height and width.
fn computed<N: Network + ?Sized>(network: &N, image: [usize; 2]) -> Result<Vec<Flaw>, ModelError> {
    let [height, width] = image;
    let shape = [BATCH, network.channels(), height, width];
    let grey = || Tensor::<4>::full(shape, GREY, network.device());
    let all: Vec<LayerId> = (0..network.layers().len()).map(LayerId::new).collect();
    let panics = |reason| vec![Flaw::Panics { image, reason }];

    // A pass to the end, of images that are optimised.
    let visits = match record(network, grey().autodiff().require_grad(), &all, false) {
        Ok(visits) => visits,
        Err(reason) => return Ok(panics(reason)),
    };
    let mut flaws = came(network, &visits);
    for visit in &visits {
        flaws.extend(held(network, visit)?);
    }

    // Passes that end at a layer, of images that are only looked at.
    let mut weights_are_tracked = false;
    let mut in_training = None;
    for (layer, visit) in visits.iter().filter_map(|v| Some((v.layer?, v))) {
        let ended = match record(network, grey(), &[layer], true) {
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
        // It may be a forward pass of its own, which stumbles over what was found above.
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

/// Whether two tensors hold the same, but for rounding.
fn are_same(a: &Tensor<4>, b: &Tensor<4>) -> Result<bool, ModelError> {
    let [a, b] = [a, b].map(|tensor| read(tensor.clone().without_autodiff()));
    let (a, b) = (a?, b?);
    let largest = a.iter().fold(0.0_f32, |largest, a| largest.max(a.abs()));
    // What is not finite is another flaw.
    let is_apart = |(a, b): (&f32, &f32)| (a - b).abs() > SAME * largest;
    Ok(a.len() == b.len() && !a.iter().zip(&b).any(is_apart))
}

/// The layers that a pass hands over, or what it panics with.
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
    // What broke is thrown away: nothing is left that could be seen half done.
    catch_unwind(AssertUnwindSafe(pass)).map_err(|panic| reason(&*panic))
}

fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "without a message".to_owned())
}

/// Which layers should have come otherwise.
fn came<N: Network + ?Sized>(network: &N, visits: &[Visit]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for (index, layer) in network.layers().iter().enumerate() {
        // Of two that have one name the first is meant, which is told already.
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

/// What is wrong with a layer that came.
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
