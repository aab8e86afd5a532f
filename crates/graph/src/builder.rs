//! Building graphs.

use crate::{
    Add, AveragePool, Concat, Conv, ConvConfig, Fact, Gemm, GlobalAveragePool, Graph, GraphError,
    Inferred, Input, Lrn, MaxPool, Node, NodeError, NodeId, Op, Relu, Softmax, Weight, WeightId,
    graph::{infer, of_image},
};

/// Builds a [`Graph`] node by node.
///
/// Methods return the node that they add, which later ones take as their input. A convolution's
/// weights are declared along with it, as `NAME.weight` and `NAME.bias`. Nothing is checked before
/// [`build`](Self::build).
#[derive(Debug, Clone)]
pub struct GraphBuilder {
    nodes: Vec<Node>,
    /// Channels of each node, as far as they can be told before the graph is checked.
    channels: Vec<Option<usize>>,
    weights: Vec<Weight>,
}

impl GraphBuilder {
    /// Begins a graph with an input of that many channels, named `input`.
    #[must_use]
    pub fn new(channels: usize) -> Self {
        let mut builder = Self {
            nodes: Vec::new(),
            channels: Vec::new(),
            weights: Vec::new(),
        };
        builder.node("input", Op::Input(Input { channels }), &[]);
        builder
    }

    /// The input.
    #[must_use]
    pub const fn input(&self) -> NodeId {
        NodeId(0)
    }

    /// The channels of a node that was added; 0 if they are not known, or if its operator does not
    /// fit its inputs, which [`build`](Self::build) reports.
    ///
    /// # Panics
    ///
    /// Panics if the node is another graph's and too large for this one.
    #[must_use]
    pub fn channels(&self, node: NodeId) -> usize {
        self.channels[node.0].unwrap_or(0)
    }

    /// Declares a weight tensor.
    pub fn weight(&mut self, name: &str, shape: impl Into<Vec<usize>>) -> WeightId {
        self.weights.push(Weight {
            name: name.to_owned(),
            shape: shape.into(),
        });
        WeightId(self.weights.len() - 1)
    }

    /// The weights that were declared.
    #[must_use]
    pub fn weights(&self) -> &[Weight] {
        &self.weights
    }

    /// The name of a declared weight.
    ///
    /// # Panics
    ///
    /// Panics if the weight is another graph's and too large for this one.
    #[must_use]
    pub fn weight_name(&self, weight: WeightId) -> &str {
        &self.weights[weight.0].name
    }

    /// Gives a node that was added another name.
    ///
    /// # Panics
    ///
    /// Panics if the node is another graph's and too large for this one.
    pub fn rename(&mut self, node: NodeId, name: &str) {
        name.clone_into(&mut self.nodes[node.0].name);
    }

    /// Gives a node that was added another operator with the same inputs.
    ///
    /// # Panics
    ///
    /// Panics if the node is another graph's and too large for this one.
    pub fn replace(&mut self, node: NodeId, op: impl Into<Op>) {
        self.nodes[node.0].op = op.into();
    }

    /// Adds a node of any operator.
    pub fn node(&mut self, name: &str, op: impl Into<Op>, inputs: &[NodeId]) -> NodeId {
        let op = op.into();
        let known = inputs.iter();
        let known = known.map(|input| self.channels.get(input.0).copied());
        let known: Option<Vec<Option<usize>>> = known.collect();
        let channels = known.and_then(|known| op.channels(&known, &self.weights).ok());
        self.channels.push(channels.flatten());
        self.nodes.push(Node {
            name: name.to_owned(),
            op,
            inputs: inputs.to_vec(),
        });
        NodeId(self.nodes.len() - 1)
    }

    /// Returns what is known of a node that is about to be added, given what is known of its inputs
    /// for some size of image, to look ahead while a graph is built.
    ///
    /// # Errors
    ///
    /// Returns a [`NodeError`] if the operator does not fit.
    pub fn infer(&self, op: &Op, inputs: &[Fact<'_>]) -> Result<Inferred, NodeError> {
        let channels: Vec<Option<usize>> = vec![None; inputs.len()];
        op.channels(&channels, &self.weights)?;
        infer(op, inputs, &self.weights)
    }

    /// Returns what is known of an image of that height and width.
    ///
    /// # Errors
    ///
    /// Returns a [`NodeError`] if a side is 0.
    pub fn infer_image(channels: usize, size: [usize; 2]) -> Result<Inferred, NodeError> {
        of_image(channels, size)
    }

    /// Adds a convolution, and declares its weights `NAME.weight` [out, in / groups, height, width]
    /// and, if it has one, `NAME.bias` `[out]`.
    pub fn conv(&mut self, name: &str, input: NodeId, config: ConvConfig) -> NodeId {
        let channels = self.channels.get(input.0).copied().flatten().unwrap_or(0);
        let shape = config.weight_shape(channels);
        let weight = self.weight(&format!("{name}.weight"), shape);
        let bias = config
            .bias
            .then(|| self.weight(&format!("{name}.bias"), [config.out]));
        let conv = Conv {
            weight,
            bias,
            window: config.window,
            groups: config.groups,
        };
        self.node(name, conv, &[input])
    }

    /// Adds a ReLU.
    pub fn relu(&mut self, name: &str, input: NodeId) -> NodeId {
        self.node(name, Relu, &[input])
    }

    /// Adds a maximum pooling.
    pub fn max_pool(&mut self, name: &str, input: NodeId, pool: MaxPool) -> NodeId {
        self.node(name, pool, &[input])
    }

    /// Adds an average pooling.
    pub fn average_pool(&mut self, name: &str, input: NodeId, pool: AveragePool) -> NodeId {
        self.node(name, pool, &[input])
    }

    /// Adds a local response normalization.
    pub fn lrn(&mut self, name: &str, input: NodeId, lrn: Lrn) -> NodeId {
        self.node(name, lrn, &[input])
    }

    /// Adds a concatenation along the channels.
    pub fn concat(&mut self, name: &str, inputs: &[NodeId]) -> NodeId {
        self.node(name, Concat::CHANNELS, inputs)
    }

    /// Adds a sum of tensors of one shape.
    pub fn add(&mut self, name: &str, inputs: &[NodeId]) -> NodeId {
        self.node(name, Add, inputs)
    }

    /// Adds the mean over all positions.
    pub fn global_average_pool(&mut self, name: &str, input: NodeId) -> NodeId {
        self.node(name, GlobalAveragePool, &[input])
    }

    /// Adds a fully connected layer, and declares its weights `NAME.weight` [out, features] and
    /// `NAME.bias` `[out]`. The features are the channels times height times width of the input.
    pub fn gemm(&mut self, name: &str, input: NodeId, features: usize, out: usize) -> NodeId {
        let gemm = Gemm {
            weight: self.weight(&format!("{name}.weight"), [out, features]),
            bias: Some(self.weight(&format!("{name}.bias"), [out])),
            alpha: 1.0,
            beta: 1.0,
            transposed: false,
        };
        self.node(name, gemm, &[input])
    }

    /// Adds a softmax over the channels.
    pub fn softmax(&mut self, name: &str, input: NodeId) -> NodeId {
        self.node(name, Softmax::CHANNELS, &[input])
    }

    /// Checks the nodes and returns the graph.
    ///
    /// # Errors
    ///
    /// Returns a [`GraphError`] if a name is given twice, or if an operator does not fit its
    /// settings, its inputs or its weights.
    pub fn build(self) -> Result<Graph, GraphError> {
        Graph::new(self.nodes, self.weights)
    }
}
