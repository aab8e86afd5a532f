//! The walk through a model.

use std::collections::{BTreeSet, HashMap};

use oneiric_graph::{Graph, NodeId, View};
use oneiric_weights::{
    NamedTensors,
    onnx::{Dimension, Model, Node, Tensor, ValueInfo},
};

use crate::{
    ImportError, Missing,
    arguments::Arguments,
    constant::Constant,
    functions,
    importer::{Importer, Input},
    layers, lower,
};

/// Sizes of images that are tried if a file leaves its own open; networks with position embeddings
/// take one of them alone.
const SIZES: [usize; 12] = [224, 256, 299, 384, 448, 512, 128, 64, 32, 600, 240, 28];

/// A model as a graph.
#[derive(Debug, Clone)]
pub struct Import {
    /// The graph, whose nodes have the names of the file's tensors.
    pub graph: Graph,
    /// The values of its weights.
    pub weights: NamedTensors,
    /// The layers, in the order of their nodes.
    pub layers: Vec<LayerSource>,
    /// The layer of the class scores before a softmax, if there is one.
    pub logits: Option<usize>,
    /// The nodes that cannot be converted.
    pub missing: Vec<Missing>,
    /// The tensors that depend on them.
    pub unreachable: Vec<String>,
    /// Rows and columns of an image that all nodes can be computed for.
    pub image: [usize; 2],
    /// True if the file says that images have that size.
    pub is_fixed: bool,
}

/// A layer of an imported model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerSource {
    /// The name of the tensor in the file.
    pub name: String,
    /// Other names: the node's, and the module's in PyTorch.
    pub aliases: Vec<String>,
    /// The ONNX operator that computes it.
    pub kind: String,
    /// The node of the graph.
    pub node: NodeId,
    /// How its tensor is seen as a map.
    pub view: View,
    /// The channels.
    pub channels: usize,
}

/// Converts a model.
///
/// # Errors
///
/// Returns an [`ImportError`] if the model's operator set is not one of 7 to 24, if it has no input
/// that could be an image, or if nothing of it can be computed.
pub fn import(model: &Model) -> Result<Import, ImportError> {
    import_with(model, &[])
}

/// Converts a model some of whose inputs have given values.
///
/// # Errors
///
/// Returns the errors of [`import`].
pub fn import_with(model: &Model, given: &[Tensor]) -> Result<Import, ImportError> {
    let own = |domain: &str| domain.is_empty() || domain == "ai.onnx";
    let opset = model.opsets.iter().find(|opset| own(&opset.domain));
    let opset = opset.map_or(1, |opset| opset.version);
    if !(7..=24).contains(&opset) {
        return Err(ImportError::Opset { found: opset });
    }
    let nodes = functions::inlined(model)?;
    let image = ImageInput::of(model, given)?;
    let mut best: Option<Import> = None;
    let mut error = None;
    for size in image.sizes() {
        match Walk::new(model, &nodes, opset, &image, size, given).finish() {
            Ok(found) => {
                let is_whole = found.missing.is_empty();
                let better = best
                    .as_ref()
                    .is_none_or(|best| found.missing.len() < best.missing.len());
                if better {
                    best = Some(found);
                }
                if is_whole {
                    break;
                }
            }
            Err(found) => error = Some(found),
        }
    }
    best.ok_or_else(|| error.unwrap_or(ImportError::Nothing { first: None }))
}

/// The input that is the image.
#[derive(Debug)]
struct ImageInput {
    name: String,
    channels: usize,
    /// Rows and columns, as far as the file says.
    size: [Option<usize>; 2],
    channels_last: bool,
    /// The lengths of the axes, if the input is no image but must be reshaped to them.
    shape: Option<Vec<usize>>,
}

impl ImageInput {
    fn of(model: &Model, given: &[Tensor]) -> Result<Self, ImportError> {
        let constants = model.graph.initializers.iter().chain(given);
        let constants: BTreeSet<&str> = constants.map(|tensor| tensor.name.as_str()).collect();
        let inputs = model.graph.inputs.iter();
        let inputs: Vec<&ValueInfo> = inputs
            .filter(|input| !constants.contains(input.name.as_str()))
            .collect();
        let found = inputs.iter().find_map(|input| Self::image(input));
        // Whoever gives the other inputs says that the last one is looked into, whatever it is.
        let found = found.or_else(|| match inputs[..] {
            [input] if !given.is_empty() => Self::other(input),
            [] if !given.is_empty() => Some(Self {
                name: String::new(),
                channels: 1,
                size: [Some(1); 2],
                channels_last: false,
                shape: None,
            }),
            _ => None,
        });
        found.ok_or_else(|| ImportError::NoImage {
            inputs: inputs
                .iter()
                .map(|input| format!("{} {:?}", input.name, input.shape))
                .collect::<Vec<_>>()
                .join(", "),
        })
    }

    fn image(input: &ValueInfo) -> Option<Self> {
        let fixed = |dimension: &Dimension| match dimension {
            Dimension::Fixed(length) => Some(*length),
            _ => None,
        };
        let shape = input.shape.as_ref()?;
        let [batch, a, b, c] = shape.iter().map(fixed).collect::<Vec<_>>()[..] else {
            return None;
        };
        if batch.is_some_and(|batch| batch != 1) {
            return None;
        }
        let is_few = |length: Option<usize>| length.is_some_and(|length| length <= 4);
        let channels_last = is_few(c) && !is_few(a);
        let (channels, size) = if channels_last {
            (c?, [a, b])
        } else {
            (a?, [b, c])
        };
        Some(Self {
            name: input.name.clone(),
            channels,
            size,
            channels_last,
            shape: None,
        })
    }

    fn other(input: &ValueInfo) -> Option<Self> {
        let lengths = input
            .shape
            .as_ref()?
            .iter()
            .map(|dimension| match dimension {
                Dimension::Fixed(length) => Some(*length),
                _ => None,
            });
        let lengths: Vec<usize> = lengths.collect::<Option<_>>()?;
        let count = lengths.iter().product();
        Some(Self {
            name: input.name.clone(),
            channels: 1,
            size: [Some(1), Some(count)],
            channels_last: false,
            shape: Some(lengths),
        })
    }

    /// The sizes of images to try.
    fn sizes(&self) -> Vec<[usize; 2]> {
        match self.size {
            [Some(height), Some(width)] => vec![[height, width]],
            [Some(side), None] | [None, Some(side)] => vec![[side; 2]],
            [None, None] => SIZES.map(|side| [side; 2]).to_vec(),
        }
    }
}

/// One tensor of the file.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) name: String,
    /// The node of the file that computes it.
    pub(crate) source: usize,
    pub(crate) node: NodeId,
}

/// A walk through a model for one size of image.
struct Walk<'a> {
    model: &'a Model,
    nodes: &'a [Node],
    opset: i64,
    image: &'a ImageInput,
    size: [usize; 2],
    given: &'a [Tensor],
}

impl<'a> Walk<'a> {
    const fn new(
        model: &'a Model,
        nodes: &'a [Node],
        opset: i64,
        image: &'a ImageInput,
        size: [usize; 2],
        given: &'a [Tensor],
    ) -> Self {
        Self {
            model,
            nodes,
            opset,
            image,
            size,
            given,
        }
    }

    fn finish(&self) -> Result<Import, ImportError> {
        let nothing = || ImportError::Nothing { first: None };
        let mut importer = Importer::new(self.image.channels, self.size).map_err(|_| nothing())?;
        let mut tensors: HashMap<String, Input> = HashMap::new();
        let mut failed: HashMap<String, String> = HashMap::new();
        for tensor in self.model.graph.initializers.iter().chain(self.given) {
            match Constant::of_file(tensor) {
                Ok(constant) => {
                    tensors.insert(tensor.name.clone(), Input::Constant(constant));
                }
                Err(reason) => {
                    failed.insert(tensor.name.clone(), reason);
                }
            }
        }
        let input = self.input(&mut importer).map_err(|_| nothing())?;
        tensors.insert(self.image.name.clone(), input);

        let mut readers: HashMap<&str, usize> = HashMap::new();
        let read = self.nodes.iter().flat_map(|node| &node.inputs);
        let outputs = self.model.graph.outputs.iter().map(|output| &output.name);
        for name in read.chain(outputs) {
            *readers.entry(name).or_default() += 1;
        }
        let mut named: Vec<Named> = Vec::new();
        let (mut missing, mut unreachable) = (Vec::new(), Vec::new());
        for (source, node) in self.nodes.iter().enumerate() {
            let inputs = node.inputs.iter().map(|name| tensors.get(name).cloned());
            let inputs: Vec<Option<Input>> = inputs.collect();
            let absent = node.inputs.iter().zip(&inputs);
            let absent: Vec<&String> = absent
                .filter(|(name, input)| !name.is_empty() && input.is_none())
                .map(|(name, _)| name)
                .collect();
            let mut fail = |reason: String| {
                let name = match (&node.name, node.outputs.first()) {
                    (name, Some(output)) if name.is_empty() => output,
                    (name, _) => name,
                };
                missing.push(Missing {
                    node: name.clone(),
                    operator: node.op_type.clone(),
                    reason,
                });
            };
            if let Some(first) = absent.first() {
                if let Some(reason) = failed.get(*first) {
                    fail(reason.clone());
                }
                unreachable.extend(node.outputs.iter().cloned());
                continue;
            }
            // A convolution whose output only this node reads may take it in.
            let is_only_reader = |at: usize| {
                let name = node.inputs.get(at).map(String::as_str);
                name.and_then(|name| readers.get(name))
                    .is_some_and(|readers| *readers == 1)
            };
            let arguments = Arguments {
                node,
                inputs,
                opset: self.opset,
            };
            match lower::lower(&mut importer, &arguments, &is_only_reader) {
                Ok(outputs) => {
                    for (name, output) in node.outputs.iter().zip(outputs) {
                        let Some(output) = output.filter(|_| !name.is_empty()) else {
                            continue;
                        };
                        if let Input::Node(id) = output {
                            let is_input = |input: &Option<Input>| matches!(input, Some(Input::Node(input)) if *input == id);
                            let passes = ["Identity", "Dropout", "Cast", "CastLike"];
                            if !passes.contains(&node.op_type.as_str())
                                && arguments.inputs.iter().any(is_input)
                            {
                                // What was folded into a convolution is no tensor of its own.
                                named.retain(|named| named.node != id);
                            }
                            importer.rename(id, name);
                            named.push(Named {
                                name: name.clone(),
                                source,
                                node: id,
                            });
                        }
                        tensors.insert(name.clone(), output);
                    }
                }
                Err(reason) => {
                    fail(reason);
                    unreachable.extend(node.outputs.iter().cloned());
                }
            }
        }
        let mut outputs = self.model.graph.outputs.iter();
        let output = outputs.find_map(|output| match tensors.get(&output.name) {
            Some(Input::Node(node)) => Some(*node),
            _ => None,
        });
        let layers = layers::layers(&importer, self.nodes, named);
        let logits = output.and_then(|node| layers::logits(&importer, &layers, node));
        if layers.is_empty() && self.given.is_empty() {
            return Err(ImportError::Nothing {
                first: missing.into_iter().next(),
            });
        }
        let Importer {
            builder,
            mut weights,
            ..
        } = importer;
        let graph = builder.build()?.without_unused_weights();
        let declared: BTreeSet<&String> =
            graph.weights().iter().map(|weight| &weight.name).collect();
        weights.retain(|name, _| declared.contains(name));
        Ok(Import {
            graph,
            weights,
            layers,
            logits,
            missing,
            unreachable,
            image: self.size,
            is_fixed: self.image.size.iter().all(Option::is_some),
        })
    }

    /// The image in the order of axes of the file.
    fn input(&self, importer: &mut Importer) -> Result<Input, String> {
        let input = Input::Node(NodeId::new(0));
        if let Some(shape) = &self.image.shape {
            let lengths: Vec<i64> = shape.iter().map(|length| *length as i64).collect();
            let to = Input::Constant(Constant::vector(&lengths));
            let reshape = oneiric_graph::Reshape::To { zero_copies: false };
            return importer.add(reshape, &[input, to]);
        }
        if self.image.channels_last {
            let permutation = Some(vec![0, 2, 3, 1]);
            let transpose = oneiric_graph::Rearrange::Transpose { permutation };
            return importer.add(transpose, &[input]);
        }
        Ok(input)
    }
}
