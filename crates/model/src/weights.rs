//! From named tensors to the weights of a network: whole, or refused with the tensors named.

use std::collections::BTreeSet;

use burn::tensor::{Device, Tensor, TensorData};
use oneiric_core::read;
use oneiric_weights::{HostTensor, NamedTensors};

use crate::{
    InceptionV1Config, Misshapen, ModelError, Variant, graph::Graph, ops::ConvWeights,
    scheme::Scheme,
};

/// Tells the variant from the names.
pub(crate) fn config_of(tensors: &NamedTensors) -> Result<InceptionV1Config, ModelError> {
    Scheme::config_of(|name| tensors.contains_key(name)).ok_or_else(|| ModelError::UnknownVariant {
        found: tensors.keys().cloned().collect(),
    })
}

/// Name, shape and (for weights, not biases) fan-in of every tensor of a network.
pub(crate) fn names_and_shapes(
    config: &InceptionV1Config,
) -> Vec<(String, Vec<usize>, Option<usize>)> {
    let scheme = Scheme::of(config.variant)[0];
    let mut all = Vec::new();
    for conv in &Graph::new(config).convs {
        let mut fan_in = Some(conv.input * conv.kernel * conv.kernel);
        for (name, shape) in scheme.tensors(conv) {
            all.push((name, shape, fan_in.take()));
        }
    }
    all
}

/// The weights of every convolution, in the graph's order.
pub(crate) fn load(
    config: &InceptionV1Config,
    graph: &Graph,
    mut tensors: NamedTensors,
    device: &Device,
) -> Result<Vec<ConvWeights>, ModelError> {
    let scheme = scheme_in(config, graph, &tensors);
    let mut problems = Problems::of(graph, &tensors, scheme);
    if !problems.is_empty() {
        return Err(problems.refusal(config.variant));
    }
    let mut convs = Vec::with_capacity(graph.convs.len());
    for conv in &graph.convs {
        let names = scheme.tensors(conv).into_iter().map(|(name, _)| name);
        // Taken out one after the other, so that hardly more than one copy lives at a time.
        let values = names.filter_map(|name| Some(tensors.remove(&name)?.values));
        let (weight, bias) = scheme.assemble(conv, values.collect());
        if !weight.iter().chain(&bias).all(|value| value.is_finite()) {
            // Each tensor is finite: a normalisation with a negative variance, or one so small
            // that the weights overflow.
            problems.not_finite.push(format!("{} (folded)", conv.name));
        }
        let shape = [conv.out, conv.input, conv.kernel, conv.kernel];
        convs.push(ConvWeights {
            weight: Tensor::from_data(TensorData::new(weight, shape), device),
            bias: Tensor::from_data(TensorData::new(bias, [conv.out]), device),
        });
    }
    if problems.is_empty() {
        Ok(convs)
    } else {
        Err(problems.refusal(config.variant))
    }
}

/// Refuses weights that do not fit the graph's convolutions.
pub(crate) fn check_shapes(
    config: &InceptionV1Config,
    graph: &Graph,
    convs: &[ConvWeights],
) -> Result<(), ModelError> {
    let mut problems = Problems::default();
    for (index, conv) in graph.convs.iter().enumerate() {
        let Some(weights) = convs.get(index) else {
            problems.missing.push(conv.name.clone());
            continue;
        };
        let expected = [conv.out, conv.input, conv.kernel, conv.kernel];
        let shapes = [
            ("weight", expected.to_vec(), weights.weight.dims().to_vec()),
            ("bias", vec![conv.out], weights.bias.dims().to_vec()),
        ];
        for (part, expected, found) in shapes {
            if expected != found {
                problems.misshapen.push(Misshapen {
                    name: format!("{} {part}", conv.name),
                    expected,
                    found,
                });
            }
        }
    }
    for extra in graph.convs.len()..convs.len() {
        problems.unknown.push(format!("number {extra}"));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.refusal(config.variant))
    }
}

/// The tensors of a network by their native names.
pub(crate) fn store(
    config: &InceptionV1Config,
    graph: &Graph,
    convs: &[ConvWeights],
) -> Result<NamedTensors, ModelError> {
    let scheme = Scheme::of(config.variant)[0];
    let mut tensors = NamedTensors::new();
    for (conv, weights) in graph.convs.iter().zip(convs) {
        let values = scheme.take_apart(
            conv,
            read(weights.weight.clone())?,
            read(weights.bias.clone())?,
        );
        for ((name, shape), values) in scheme.tensors(conv).into_iter().zip(values) {
            tensors.insert(name, HostTensor { shape, values });
        }
    }
    Ok(tensors)
}

/// Of the schemes that a variant comes in, the one that most names are of.
fn scheme_in(config: &InceptionV1Config, graph: &Graph, tensors: &NamedTensors) -> Scheme {
    let found = |scheme: &Scheme| {
        let convs = graph.convs.iter().flat_map(|conv| scheme.tensors(conv));
        convs.filter(|(name, _)| tensors.contains_key(name)).count()
    };
    let schemes = Scheme::of(config.variant);
    // `max_by_key` takes the last of equals; we want the native one.
    let best = schemes.iter().rev().max_by_key(|scheme| found(scheme));
    *best.unwrap_or(&schemes[0])
}

/// What keeps tensors from being a network's weights.
#[derive(Debug, Default)]
struct Problems {
    missing: Vec<String>,
    misshapen: Vec<Misshapen>,
    not_finite: Vec<String>,
    unknown: Vec<String>,
}

impl Problems {
    fn of(graph: &Graph, tensors: &NamedTensors, scheme: Scheme) -> Self {
        let mut problems = Self::default();
        let mut known = BTreeSet::new();
        for (name, expected) in graph.convs.iter().flat_map(|conv| scheme.tensors(conv)) {
            match tensors.get(&name) {
                None => problems.missing.push(name.clone()),
                Some(tensor)
                    if tensor.shape != expected
                        || tensor.values.len() != expected.iter().product::<usize>() =>
                {
                    problems.misshapen.push(Misshapen {
                        name: name.clone(),
                        expected,
                        found: tensor.shape.clone(),
                    });
                }
                Some(tensor) if !tensor.values.iter().all(|v| v.is_finite()) => {
                    problems.not_finite.push(name.clone());
                }
                Some(_) => {}
            }
            known.insert(name);
        }
        let unknown = tensors.keys();
        let unknown = unknown.filter(|name| !known.contains(*name) && !scheme.is_auxiliary(name));
        problems.unknown = unknown.cloned().collect();
        problems
    }

    fn is_empty(&self) -> bool {
        self.missing.is_empty()
            && self.misshapen.is_empty()
            && self.not_finite.is_empty()
            && self.unknown.is_empty()
    }

    fn refusal(self, variant: Variant) -> ModelError {
        ModelError::Weights {
            variant: match variant {
                Variant::Bvlc => "BVLC GoogLeNet",
                Variant::Inception5h => "inception5h",
                Variant::Torchvision => "torchvision's GoogLeNet",
                Variant::Custom => "the configured network",
            },
            missing: self.missing,
            misshapen: self.misshapen,
            not_finite: self.not_finite,
            unknown: self.unknown,
        }
    }
}
