//! A network that is a graph.

mod execution;

use std::{
    ops::ControlFlow,
    sync::{Arc, OnceLock},
};

use burn::tensor::{Device, Tensor};
use oneiric_core::Backend;
use oneiric_graph::{Graph, NodeId};
use oneiric_kernels::Isa;
use oneiric_weights::NamedTensors;

use crate::{
    BurnReason, Kernels, Layer, LayerId, ModelError, Network, NetworkExt, NetworkInfo,
    NetworkWeights, NodeLayer, Preprocessing, Probe, ReluGradient, burn_pass, compiled::Compiled,
    facts_by_size::FactsBySize, ops, preprocessing::Preprocessor, smallest_image,
};

/// A network that computes a [`Graph`]. Clones share the weights.
///
/// Every node that is a map or a vector is a layer, unless
/// [`with_layers`](Self::with_layers) says otherwise. On a CPU the kernels of this library compute
/// the network if they can: [`kernels`](Self::kernels) returns the executor, and [`burn_reason`](Self::burn_reason) the
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
    facts: Arc<FactsBySize>,
    layers: Arc<[NodeLayer]>,
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
        Self::for_image(graph, tensors, [0, 0], device)
    }

    /// Creates a network of which a size of image is known that fits, or 0.
    pub(crate) fn for_image(
        graph: Graph,
        tensors: NamedTensors,
        image: [usize; 2],
        device: &Device,
    ) -> Result<Self, ModelError> {
        let backend = Backend::of(device)?;
        let device = device.clone().without_autodiff();
        let graph = Arc::new(graph);
        let facts = Arc::new(FactsBySize::new(Arc::clone(&graph)));
        let smallest = smallest_image::of(&facts, image)?;
        let known = facts.get(smallest);
        if let Some(node) = burn_pass::uncomputable(&graph, &known) {
            return Err(ModelError::Operator {
                node: node.name.clone(),
                operator: node.op.name(),
            });
        }
        let weights = NetworkWeights::load(Arc::clone(&graph), tensors, &device)?;
        let layers: Arc<[NodeLayer]> = NodeLayer::of_graph(&graph, &known).into();
        let info = info(&graph, &facts, &layers, &device).with_smallest_image(smallest);
        let preprocessing = Preprocessing::none(info.channels());
        Ok(Self {
            info,
            facts,
            layers,
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

    /// Sets the layers, in the order of their nodes, in place of one for each node that is a map or
    /// a vector. Call it before [`with_logits`](Self::with_logits).
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::NoImageFits`] if a layer's view does not fit its node for the smallest
    /// image.
    pub fn with_layers(mut self, layers: Vec<NodeLayer>) -> Result<Self, ModelError> {
        if let Some(layer) = layers.iter().find(|layer| !self.fits(layer)) {
            let image = self.info.smallest_image();
            return Err(ModelError::View {
                layer: layer.layer.name().to_owned(),
                image,
                shape: self.facts.get(image).shape(layer.node).map(Into::into),
            });
        }
        let image = self.info.smallest_image();
        self.layers = layers.into();
        self.info = info(&self.graph, &self.facts, &self.layers, self.info.device())
            .with_smallest_image(image);
        Ok(self)
    }

    /// Returns true if a layer's tensor can be seen as it says, for the smallest image.
    pub(crate) fn fits(&self, layer: &NodeLayer) -> bool {
        let map = layer.map(&self.facts.get(self.info.smallest_image()));
        map.is_some_and(|map| map.channels == layer.layer.channels())
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

    /// The layers with their nodes.
    #[must_use]
    pub fn node_layers(&self) -> &[NodeLayer] {
        &self.layers
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
        let nodes: Vec<NodeId> = layers.iter().map(|&layer| self.node(layer)).collect();
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

    /// The node of a layer.
    pub(crate) fn node(&self, layer: LayerId) -> NodeId {
        self.layers[layer.0].node
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

/// Returns the description of a graph with those layers.
fn info(
    graph: &Graph,
    facts: &Arc<FactsBySize>,
    layers: &Arc<[NodeLayer]>,
    device: &Device,
) -> NetworkInfo {
    let listed: Vec<Layer> = layers.iter().map(|layer| layer.layer.clone()).collect();
    let (facts, layers) = (Arc::clone(facts), Arc::clone(layers));
    let channels = graph
        .channels(graph.input())
        .expect("an input has channels");
    NetworkInfo::new(listed, device)
        .with_channels(channels)
        .with_sizes(move |layer, image| {
            let map = layers[layer.0].map(&facts.get(image));
            map.map(|map| map.size())
        })
}
