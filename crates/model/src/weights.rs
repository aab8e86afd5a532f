//! From named tensors to the weights of a network: whole, or refused with the tensors named.

use burn::tensor::{Device, Tensor, TensorData};

use crate::{
    InceptionV1Config, Misshapen, ModelError, NamedTensors, Variant,
    graph::{ConvShape, Graph},
    names,
    ops::ConvWeights,
};

/// Name of the classifier's weights, without the ending.
const CLASSIFIER: &str = "softmax2";

/// How a file names and lays out the weights of a convolution.
#[derive(Debug, Clone, Copy)]
enum Scheme {
    /// `inception_4a/3x3_reduce.weight` [out, in, k, k], `loss3/classifier.weight` [out, in].
    Caffe,
    /// `mixed4a_3x3_bottleneck_w` [k, k, in, out], `softmax2_w` [in, out].
    TensorFlow,
}

impl Scheme {
    const fn of(variant: Variant) -> Self {
        match variant {
            Variant::Bvlc => Self::Caffe,
            Variant::Inception5h | Variant::Custom => Self::TensorFlow,
        }
    }

    /// Names of the weight and the bias.
    fn names(self, conv: &ConvShape) -> [String; 2] {
        match self {
            Self::Caffe => {
                let name = match conv.name.as_str() {
                    CLASSIFIER => Some("loss3/classifier".to_owned()),
                    name => names::caffe(name),
                };
                let name = name.unwrap_or_else(|| conv.name.clone());
                [format!("{name}.weight"), format!("{name}.bias")]
            }
            Self::TensorFlow => [format!("{}_w", conv.name), format!("{}_b", conv.name)],
        }
    }

    /// Shape of the weight in the file.
    fn shape(self, conv: &ConvShape) -> Vec<usize> {
        let (out, input, kernel) = (conv.out, conv.input, conv.kernel);
        match (self, conv.name == CLASSIFIER) {
            (Self::Caffe, true) => vec![out, input],
            (Self::Caffe, false) => vec![out, input, kernel, kernel],
            (Self::TensorFlow, true) => vec![input, out],
            (Self::TensorFlow, false) => vec![kernel, kernel, input, out],
        }
    }

    /// The values in the order [out, in, k, k].
    fn to_oihw(self, conv: &ConvShape, values: Vec<f32>) -> Vec<f32> {
        match self {
            Self::Caffe => values,
            Self::TensorFlow => {
                let (out, input, positions) = (conv.out, conv.input, conv.kernel * conv.kernel);
                (0..values.len())
                    .map(|at| {
                        let (o, i, p) = (
                            at / (input * positions),
                            at / positions % input,
                            at % positions,
                        );
                        values[(p * input + i) * out + o]
                    })
                    .collect()
            }
        }
    }

    /// Tensors of the public files that the main tower does not use: the two auxiliary heads.
    fn is_auxiliary(self, name: &str) -> bool {
        let prefixes: &[&str] = match self {
            Self::Caffe => &["loss1/", "loss2/"],
            Self::TensorFlow => &["head0_", "head1_", "nn0_", "nn1_", "softmax0_", "softmax1_"],
        };
        prefixes.iter().any(|prefix| name.starts_with(prefix))
    }
}

/// Tells the variant from the names.
pub(crate) fn config_of(tensors: &NamedTensors) -> Result<InceptionV1Config, ModelError> {
    [InceptionV1Config::bvlc(), InceptionV1Config::inception5h()]
        .into_iter()
        .find(|config| {
            let scheme = Scheme::of(config.variant);
            let graph = Graph::new(config);
            graph
                .convs
                .iter()
                .any(|conv| tensors.contains_key(&scheme.names(conv)[0]))
        })
        .ok_or_else(|| ModelError::UnknownVariant {
            found: tensors.keys().cloned().collect(),
        })
}

/// Name, shape and (for weights, not biases) fan-in of every tensor of a network.
pub(crate) fn names_and_shapes(
    config: &InceptionV1Config,
) -> Vec<(String, Vec<usize>, Option<usize>)> {
    let scheme = Scheme::of(config.variant);
    Graph::new(config)
        .convs
        .iter()
        .flat_map(|conv| {
            let [weight, bias] = scheme.names(conv);
            let fan_in = conv.input * conv.kernel * conv.kernel;
            [
                (weight, scheme.shape(conv), Some(fan_in)),
                (bias, vec![conv.out], None),
            ]
        })
        .collect()
}

/// The weights of every convolution, in the graph's order.
pub(crate) fn load(
    config: &InceptionV1Config,
    graph: &Graph,
    mut tensors: NamedTensors,
    device: &Device,
) -> Result<Vec<ConvWeights>, ModelError> {
    let scheme = Scheme::of(config.variant);
    check(config, graph, &tensors, scheme)?;
    let mut take = |name: &str| {
        let tensor = tensors.remove(name);
        tensor.map(|tensor| tensor.values).unwrap_or_default()
    };
    Ok(graph
        .convs
        .iter()
        .map(|conv| {
            let [weight_name, bias_name] = scheme.names(conv);
            let weight = scheme.to_oihw(conv, take(&weight_name));
            let shape = [conv.out, conv.input, conv.kernel, conv.kernel];
            ConvWeights {
                weight: Tensor::from_data(TensorData::new(weight, shape), device),
                bias: Tensor::from_data(TensorData::new(take(&bias_name), [conv.out]), device),
            }
        })
        .collect())
}

fn check(
    config: &InceptionV1Config,
    graph: &Graph,
    tensors: &NamedTensors,
    scheme: Scheme,
) -> Result<(), ModelError> {
    let mut missing = Vec::new();
    let mut misshapen = Vec::new();
    let mut not_finite = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for conv in &graph.convs {
        let [weight, bias] = scheme.names(conv);
        for (name, expected) in [(weight, scheme.shape(conv)), (bias, vec![conv.out])] {
            match tensors.get(&name) {
                None => missing.push(name.clone()),
                Some(tensor)
                    if tensor.shape != expected
                        || tensor.values.len() != expected.iter().product::<usize>() =>
                {
                    misshapen.push(Misshapen {
                        name: name.clone(),
                        expected,
                        found: tensor.shape.clone(),
                    });
                }
                Some(tensor) if !tensor.values.iter().all(|v| v.is_finite()) => {
                    not_finite.push(name.clone());
                }
                Some(_) => {}
            }
            known.insert(name);
        }
    }
    let unknown: Vec<String> = tensors
        .keys()
        .filter(|name| !known.contains(*name) && !scheme.is_auxiliary(name))
        .cloned()
        .collect();
    if [
        missing.len(),
        misshapen.len(),
        not_finite.len(),
        unknown.len(),
    ] == [0; 4]
    {
        return Ok(());
    }
    Err(ModelError::Weights {
        variant: match config.variant {
            Variant::Bvlc => "BVLC GoogLeNet",
            Variant::Inception5h => "inception5h",
            Variant::Custom => "the configured network",
        },
        missing,
        misshapen,
        not_finite,
        unknown,
    })
}
