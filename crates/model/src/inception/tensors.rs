//! The tensors of an InceptionV1's files, and the weights of its graph.

use oneiric_graph::Graph;
use oneiric_weights::{HostTensor, NamedTensors};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{
    InceptionV1Config, Variant,
    builder::{BIAS, WEIGHT},
    scheme::{ConvShape, Scheme, convs},
};
use crate::{Misfits, ModelError, NetworkWeights, network_weights::random_values};

/// Returns the configuration of the network whose files have such tensors, and the tensors without
/// the prefix that all of their names share if it hides the network: `module.` of PyTorch's
/// `DataParallel`, or the name of the field in a larger module. The number of classes is that of
/// the classifier.
///
/// # Errors
///
/// Returns [`ModelError::UnknownVariant`] if there is none.
pub(crate) fn recognize(
    mut tensors: NamedTensors,
) -> Result<(InceptionV1Config, NamedTensors), ModelError> {
    let found = tensors.keys().cloned().collect();
    loop {
        let shape = |name: &str| tensors.get(name).map(|tensor| tensor.shape.as_slice());
        if let Some(config) = Scheme::config_of(shape) {
            return Ok((config, tensors));
        }
        let Some(prefix) = shared_prefix(&tensors) else {
            return Err(ModelError::UnknownVariant { found });
        };
        let stripped = tensors.into_iter().map(|(mut name, tensor)| {
            name.drain(..prefix);
            (name, tensor)
        });
        tensors = stripped.collect();
    }
}

/// Returns the length of the first part of a name, with its point, if all names begin with it.
fn shared_prefix(tensors: &NamedTensors) -> Option<usize> {
    let (first, _) = tensors.first_key_value()?;
    let (part, _) = first.split_once('.')?;
    let prefix = &first[..=part.len()];
    let all = tensors.keys().all(|name| name.starts_with(prefix));
    all.then_some(prefix.len())
}

/// Draws the tensors of a file with random weights: normal with variance 2 / fan-in, biases 0.
pub(crate) fn random(config: &InceptionV1Config, graph: &Graph, seed: u64) -> NamedTensors {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let scheme = Scheme::of(config.variant)[0];
    let mut tensors = NamedTensors::new();
    for conv in convs(graph) {
        let mut fan_in = Some(conv.input * conv.kernel * conv.kernel);
        for (name, shape) in scheme.tensors(&conv) {
            let values = random_values(fan_in.take(), shape.iter().product(), &mut rng);
            tensors.insert(name, HostTensor { shape, values });
        }
    }
    tensors
}

/// Makes the weights that the graph declares from the tensors of a file.
///
/// # Errors
///
/// Returns [`ModelError::Weights`] if a tensor is missing, misshapen, not finite or unknown.
pub(crate) fn to_graph(
    config: &InceptionV1Config,
    graph: &Graph,
    mut tensors: NamedTensors,
) -> Result<NamedTensors, ModelError> {
    let convs = convs(graph);
    let scheme = scheme_of(config, &convs, &tensors);
    let needed = convs.iter().flat_map(|conv| scheme.tensors(conv));
    let misfits = Misfits::of(needed, &tensors, |name| scheme.is_auxiliary(name));
    misfits.into_result(name_of(config.variant))?;
    let mut misfits = Misfits::default();
    let mut weights = NamedTensors::new();
    for conv in &convs {
        let names = scheme.tensors(conv).into_iter().map(|(name, _)| name);
        // Removed one after the other, so that hardly more than one copy of the weights is in
        // memory at a time.
        let values = names.filter_map(|name| Some(tensors.remove(&name)?.values));
        let (weight, bias) = scheme.assemble(conv, values.collect());
        if !weight.iter().chain(&bias).all(|value| value.is_finite()) {
            // Each tensor is finite, so the normalization has a negative variance, or one so small
            // that the weights overflow.
            misfits.not_finite.push(format!("{} (folded)", conv.name));
        }
        let mut insert = |ending, shape, values| {
            let name = format!("{}{ending}", conv.name);
            weights.insert(name, HostTensor { shape, values });
        };
        insert(
            WEIGHT,
            vec![conv.out, conv.input, conv.kernel, conv.kernel],
            weight,
        );
        insert(BIAS, vec![conv.out], bias);
    }
    misfits.into_result(name_of(config.variant))?;
    Ok(weights)
}

/// Makes the tensors of a file, by their native names, from the weights of the graph.
///
/// # Errors
///
/// Returns [`ModelError::Device`] if the device cannot read the weights back.
pub(crate) fn to_file(
    config: &InceptionV1Config,
    graph: &Graph,
    weights: &NetworkWeights,
) -> Result<NamedTensors, ModelError> {
    let scheme = Scheme::of(config.variant)[0];
    let mut values = weights.to_host()?.into_iter();
    let mut tensors = NamedTensors::new();
    for conv in convs(graph) {
        let mut next = || values.next().expect("a weight and a bias each");
        let values = scheme.take_apart(&conv, next(), next());
        for ((name, shape), values) in scheme.tensors(&conv).into_iter().zip(values) {
            tensors.insert(name, HostTensor { shape, values });
        }
    }
    Ok(tensors)
}

/// Returns the scheme of most of the names, among those of a variant.
fn scheme_of(config: &InceptionV1Config, convs: &[ConvShape], tensors: &NamedTensors) -> Scheme {
    let found = |scheme: &Scheme| {
        let names = convs.iter().flat_map(|conv| scheme.tensors(conv));
        names.filter(|(name, _)| tensors.contains_key(name)).count()
    };
    let schemes = Scheme::of(config.variant);
    // `max_by_key` returns the last of equals; the native scheme, which is the first, is wanted.
    let best = schemes.iter().rev().max_by_key(|scheme| found(scheme));
    *best.unwrap_or(&schemes[0])
}

const fn name_of(variant: Variant) -> &'static str {
    match variant {
        Variant::Bvlc => "BVLC GoogLeNet",
        Variant::Inception5h => "inception5h",
        Variant::Torchvision => "torchvision's GoogLeNet",
        Variant::Custom => "the configured network",
    }
}
