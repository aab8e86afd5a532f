//! A network that is a graph.

use std::{
    ops::ControlFlow,
    sync::{Arc, OnceLock},
};

use burn::tensor::{Device, Tensor};
use oneiric_core::Backend;
use oneiric_graph::{Graph, GraphError, NodeError, NodeId};
use oneiric_kernels::Isa;
use oneiric_weights::NamedTensors;

use crate::{
    BurnReason, Kernels, Layer, LayerId, ModelError, Network, NetworkExt, NetworkInfo,
    NetworkWeights, Preprocessing, Probe, ReluGradient, burn_pass, compiled::Compiled, ops,
    preprocessing::Preprocessor,
};

/// The side of the largest square image that the search for the smallest image tries.
const LARGEST_SQUARE: usize = 4096;

/// A network that computes a [`Graph`]. Clones share the weights.
///
/// Every node is a layer. On a CPU the kernels of this library compute the network if they can:
/// [`kernels`](Self::kernels) returns the executor, and [`burn_reason`](Self::burn_reason) the
/// reason why it is not the kernels.
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::Device;
/// use oneiric_model::{
///     GraphNetwork, NamedTensors, NetworkExt, Preprocessing,
///     graph::{ConvConfig, GraphBuilder, MaxPool, Padding},
/// };
///
/// let mut net = GraphBuilder::new(3);
/// let conv = ConvConfig::new(8, [3, 3]).padding(Padding::symmetric([1, 1]));
/// let x = net.conv("conv1", net.input(), conv);
/// let x = net.relu("relu1", x);
/// let x = net.max_pool("pool1", x, MaxPool::new([2, 2]));
/// let x = net.global_average_pool("mean", x);
/// net.conv("fc", x, ConvConfig::new(2, [1, 1]));
/// let graph = net.build()?;
///
/// // From a file: oneiric_weights::read("network.safetensors")?.tensors
/// let tensors: NamedTensors = GraphNetwork::random_tensors(&graph, 0);
/// let net = GraphNetwork::new(graph, tensors, &Device::flex())?
///     .with_preprocessing(Preprocessing::uniform(2.0, [1.0; 3]))?
///     .with_logits("fc")?
///     .with_labels(["cat", "dog"].map(str::to_owned))?;
/// net.verify([32, 24])?;
/// assert_eq!(net.layer_size(net.layer("pool1")?, [32, 24]), Some([16, 12]));
/// assert!(net.burn_reason().is_none(), "the kernels compute it");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct GraphNetwork {
    graph: Arc<Graph>,
    info: NetworkInfo,
    weights: NetworkWeights,
    preprocessing: Preprocessing,
    preprocessor: Preprocessor,
    bands: ops::LrnBands,
    /// The instructions of the kernels, or the reason not to try them.
    isa: Result<Isa, BurnReason>,
    /// The graph compiled for the kernels, on first use.
    compiled: Arc<OnceLock<Result<Compiled, BurnReason>>>,
}

impl GraphNetwork {
    /// Creates a network from its graph and the tensors that the graph declares, by name.
    ///
    /// | setting | default | purpose |
    /// | --- | --- | --- |
    /// | [`with_preprocessing`](Self::with_preprocessing) | none | map from 0..=1 to the input |
    /// | [`with_logits`](Self::with_logits) | none | the node that holds the class scores |
    /// | [`with_labels`](Self::with_labels) | none | names of the classes |
    /// | [`with_aliases`](Self::with_aliases) | none | other names of the layers |
    /// | [`with_kernels`](Self::with_kernels) | the fastest | executor of the network |
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Weights`] if a tensor is missing, misshapen, not finite or unknown;
    /// [`ModelError::Operator`] if the graph has an operator that burn does not compute;
    /// [`ModelError::NoImageFits`] if no image is large enough for all nodes; and
    /// [`ModelError::Device`] if the device cannot be used.
    pub fn new(graph: Graph, tensors: NamedTensors, device: &Device) -> Result<Self, ModelError> {
        let backend = Backend::of(device)?;
        let device = device.clone().without_autodiff();
        let graph = Arc::new(graph);
        if let Some(node) = graph.nodes()[1..]
            .iter()
            .find(|node| ops::burn_op(&node.op).is_none())
        {
            return Err(ModelError::Operator {
                node: node.name.clone(),
                operator: node.op.name(),
            });
        }
        let weights = NetworkWeights::load(Arc::clone(&graph), tensors, &device)?;
        let channels = graph.channels(graph.input());
        let preprocessing = Preprocessing::none(channels);
        Ok(Self {
            info: info(&graph, &device)?,
            preprocessor: Preprocessor::new(&preprocessing, &device),
            preprocessing,
            weights,
            bands: ops::LrnBands::new(&device),
            isa: match Kernels::fastest(backend) {
                Kernels::Frozen(isa) => Ok(isa),
                Kernels::Burn => Err(BurnReason::Device { backend }),
            },
            compiled: Arc::default(),
            graph,
        })
    }

    /// Creates a network with random weights: normal with variance 2 / fan-in (He et al., 2015),
    /// biases 0. Its features mean nothing, but its shapes and its speed are those of a trained
    /// network.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`new`](Self::new).
    pub fn random(graph: Graph, seed: u64, device: &Device) -> Result<Self, ModelError> {
        let tensors = Self::random_tensors(&graph, seed);
        Self::new(graph, tensors, device)
    }

    /// Draws the tensors of [`random`](Self::random).
    #[must_use]
    pub fn random_tensors(graph: &Graph, seed: u64) -> NamedTensors {
        NetworkWeights::random(graph, seed)
    }

    /// Sets the map from an image in 0..=1 to the input.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Preprocessing`] if it has another number of channels than the graph's
    /// input.
    pub fn with_preprocessing(mut self, preprocessing: Preprocessing) -> Result<Self, ModelError> {
        let expected = self.info.channels();
        for found in [preprocessing.scale.len(), preprocessing.mean.len()] {
            if found != expected {
                return Err(ModelError::Preprocessing { expected, found });
            }
        }
        self.preprocessor = Preprocessor::new(&preprocessing, self.info.device());
        self.preprocessing = preprocessing;
        self.info = self.info.with_new_id();
        Ok(self)
    }

    /// Sets the node that holds the class scores before the softmax, [n, classes, 1, 1], by name.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::UnknownLayer`] if there is none.
    pub fn with_logits(mut self, layer: &str) -> Result<Self, ModelError> {
        self.info = self.info.with_logits(layer)?;
        Ok(self)
    }

    /// Sets the names of the classes, in the order of the scores. There may be fewer names than
    /// classes. Call [`with_logits`](Self::with_logits) first.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Labels`] if there are more labels than classes.
    pub fn with_labels(mut self, labels: impl Into<Vec<String>>) -> Result<Self, ModelError> {
        let labels = labels.into();
        let logits = self.logits();
        let classes = logits.map_or(0, |logits| self.describe(logits).channels());
        if labels.len() > classes {
            return Err(ModelError::Labels {
                classes,
                found: labels.len(),
            });
        }
        self.info = self.info.with_labels(labels);
        Ok(self)
    }

    /// Sets other names that layers are found by, given their names.
    #[must_use]
    pub fn with_aliases(mut self, aliases: impl Fn(&str) -> Vec<String>) -> Self {
        let named = self.info.layers().iter().map(|layer| {
            let aliases = aliases(layer.name());
            aliases.into_iter().fold(layer.clone(), Layer::with_alias)
        });
        let layers = named.collect();
        self.info = self.info.with_layers(layers);
        self
    }

    /// Returns the network with other weights: changed ones, or tensors that autodiff tracks, to
    /// train them.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Weights`] if the weights are those of another graph.
    pub fn with_weights(&self, weights: NetworkWeights) -> Result<Self, ModelError> {
        weights.check(&self.graph)?;
        Ok(Self {
            weights,
            info: self.info.clone().with_new_id(),
            compiled: Arc::default(),
            ..self.clone()
        })
    }

    /// Sets the executor of the network, to compare it with the fastest.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Kernels`] if it is not among [`Kernels::available`], and
    /// [`ModelError::Refused`] if the kernels cannot compute this network.
    pub fn with_kernels(mut self, kernels: Kernels) -> Result<Self, ModelError> {
        let available = Kernels::available(Backend::of(self.device())?);
        if !available.contains(&kernels) {
            return Err(ModelError::Kernels { kernels, available });
        }
        self.isa = match kernels {
            Kernels::Frozen(isa) => Ok(isa),
            Kernels::Burn => Err(BurnReason::Chosen),
        };
        match (kernels, self.burn_reason()) {
            (Kernels::Frozen(_), Some(reason)) => Err(ModelError::Refused {
                kernels,
                reason: Box::new(reason),
            }),
            _ => Ok(self),
        }
    }

    /// The graph.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The weights.
    #[must_use]
    pub const fn weights(&self) -> &NetworkWeights {
        &self.weights
    }

    /// The map from an image in 0..=1 to the input.
    #[must_use]
    pub const fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// Returns the executor of the network.
    #[must_use]
    pub fn kernels(&self) -> Kernels {
        match self.compiled() {
            Ok(compiled) => Kernels::Frozen(compiled.frozen.isa()),
            Err(_) => Kernels::Burn,
        }
    }

    /// Returns the reason why burn's operations compute the network; `None` if the kernels do.
    #[must_use]
    pub fn burn_reason(&self) -> Option<BurnReason> {
        self.compiled().err()
    }

    /// Counts the multiply-adds of a forward pass that computes some layers for one image of that
    /// height and width: its useful work. The gradient of the image takes as many again. `None` if
    /// the image is too small for a layer.
    #[must_use]
    pub fn multiply_adds(&self, layers: &[LayerId], image: [usize; 2]) -> Option<u64> {
        let nodes: Vec<NodeId> = layers.iter().map(|layer| NodeId::new(layer.0)).collect();
        self.graph.multiply_adds(&nodes, image).ok()
    }

    /// Maps images [n, channels, height, width] in 0..=1 to the network's input.
    #[must_use]
    pub fn preprocess(&self, images: Tensor<4>) -> Tensor<4> {
        self.preprocessor.apply(images)
    }

    /// Computes [`forward_to`](NetworkExt::forward_to) for an input that is already preprocessed.
    ///
    /// # Panics
    ///
    /// Panics if the input is too small for a layer.
    #[must_use]
    pub fn forward_preprocessed(
        &self,
        input: Tensor<4>,
        layers: &[LayerId],
        relu: ReluGradient,
    ) -> Vec<Tensor<4>> {
        let mut probe = Probe::new(self.layers(), layers, relu);
        let _ = self.run(input, &mut probe);
        probe.into_values()
    }

    /// Computes the layers that the probe wants, from a preprocessed input.
    fn run(&self, input: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        let nodes = self.graph.nodes().len();
        let pass = ops::Pass {
            weights: &self.weights,
            bands: &self.bands,
            relu: probe.relu_gradient(),
        };
        let mut given = vec![None; nodes];
        match self.compiled() {
            Ok(compiled) if !probe.is_patched() && !probe.wanted().is_empty() => {
                let wanted = self.computed_by(&compiled, probe.wanted());
                let values = ops::forward_frozen(&compiled.frozen, input, &wanted, pass.relu);
                for (node, value) in wanted.into_iter().zip(values) {
                    given[node] = Some(value);
                }
            }
            _ => given[0] = Some(input),
        }
        burn_pass::run(&self.graph, &pass, given, probe)
    }

    /// Returns the nodes that the kernels compute for some layers, in order: the layers themselves,
    /// and the inputs of the nodes that burn computes after the kernels.
    fn computed_by(&self, compiled: &Compiled, layers: &[LayerId]) -> Vec<usize> {
        let supported = &compiled.supported;
        let mut needed = vec![false; supported.len()];
        for layer in layers {
            needed[layer.0] = true;
        }
        for node in (0..supported.len()).rev() {
            if needed[node] && !supported[node] {
                for input in &self.graph.nodes()[node].inputs {
                    needed[input.index()] = true;
                }
            }
        }
        let nodes = (0..supported.len()).filter(|&node| needed[node] && supported[node]);
        nodes.collect()
    }

    /// Returns the graph compiled for the kernels, or the reason why burn computes it.
    fn compiled(&self) -> Result<Compiled, BurnReason> {
        let isa = self.isa.clone()?;
        let compiled = self.compiled.get_or_init(|| match self.weights.tracked() {
            Some(weight) => Err(BurnReason::Tracked {
                weight: weight.to_owned(),
            }),
            None => Compiled::new(&self.graph, &self.weights),
        });
        let Compiled { frozen, supported } = compiled.clone()?;
        let frozen = frozen.with_isa(isa)?;
        Ok(Compiled { frozen, supported })
    }
}

impl Network for GraphNetwork {
    fn info(&self) -> &NetworkInfo {
        &self.info
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        self.run(self.preprocess(images), probe)
    }
}

impl AsRef<Self> for GraphNetwork {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// Returns the description of a graph: every node is a layer, and the graph is the rule for sizes.
fn info(graph: &Arc<Graph>, device: &Device) -> Result<NetworkInfo, ModelError> {
    let nodes: Vec<NodeId> = (0..graph.nodes().len()).map(NodeId::new).collect();
    let layer = |&node: &NodeId| Layer::new(&graph.node(node).name, graph.channels(node));
    let layers: Vec<Layer> = nodes.iter().map(layer).collect();
    let shapes = |side: usize| graph.shapes(&nodes, [side; 2]);
    let fits = |side: &usize| shapes(*side).is_ok();
    // A fully connected layer may take a size that is no square: all else then says what is too
    // small.
    let fits_but_for_features = |side: &usize| match shapes(*side) {
        Err(GraphError::Image { source, .. }) => matches!(source, NodeError::Features { .. }),
        other => other.is_ok(),
    };
    let smallest = (1..=LARGEST_SQUARE).find(fits);
    let smallest = smallest.or_else(|| (1..=LARGEST_SQUARE).find(fits_but_for_features));
    let smallest = smallest.ok_or_else(|| ModelError::NoImageFits {
        largest: LARGEST_SQUARE,
        source: match shapes(LARGEST_SQUARE) {
            Err(error) => Box::new(error),
            Ok(_) => unreachable!("no image fits"),
        },
    })?;
    let sizes = Arc::clone(graph);
    let info = NetworkInfo::new(layers, device)
        .with_channels(graph.channels(graph.input()))
        .with_smallest_image([smallest; 2])
        .with_sizes(move |layer, image| {
            let shape = sizes.shape(NodeId::new(layer.0), image);
            shape.ok().map(|shape| shape.size())
        });
    Ok(info)
}
