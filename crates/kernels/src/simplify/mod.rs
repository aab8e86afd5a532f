//! The same network in operators that the kernels have.
//!
//! Every node keeps its number and its values. What changes is how they are computed, and in which
//! memory they lie:
//!
//! - all tensors are maps in blocks of channels; reshapes and transpositions are no work but another
//!   way to see a map (`form`, `axes`);
//! - a convolution reads what a padding with zeros reads, and pads it itself (`convolution`);
//! - factors and summands of channels are a depthwise convolution of 1x1, one for all that follow
//!   one another (`binary`, `affine`);
//! - a product of each position's channels with a matrix is a convolution of 1x1 (`dense`);
//! - class tokens and embeddings of positions are one step (`tokens`);
//! - products of queries and keys, a softmax and a product with values are attention (`attention`);
//! - GELU, SiLU and the like are one function each (`spelled`).
//!
//! How tensors are seen is worked out for one size of image, and the result compared with that for
//! others (`sizes`): a part, a number or a padding that depends on the size is left to burn. The plan for
//! a size holds the number of values of each node against the graph's own.

mod affine;
mod attention;
mod axes;
mod binary;
mod convolution;
mod dense;
mod form;
mod sizes;
mod spelled;
mod tokens;
mod values;

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{BTreeSet, HashMap},
};

use affine::Affine;
use attention::Scores;
use form::Form;
use oneiric_graph::{
    Binary, Concat, Conv, Fact, Facts, Graph, GraphError, LayerNorm, Node, NodeId, Op, Rearrange,
    Shape, WeightId, Window,
};
use values::Values;

pub(crate) use form::Order;

use crate::KernelError;

/// A network in operators that the kernels have, as far as it can be.
#[derive(Debug, Clone)]
pub(crate) struct Simplified<'a> {
    pub(crate) graph: Graph,
    /// The values of its weights.
    pub(crate) weights: Vec<Cow<'a, [f32]>>,
    /// The order of each node's values for the caller, if it is one that can be given.
    pub(crate) orders: Vec<Option<Order>>,
    /// The reason why a node is not computed.
    pub(crate) refused: Vec<Option<KernelError>>,
    /// Nodes with numbers that follow from the size of the image and became settings here, with these
    /// numbers.
    pub(crate) read: Vec<(NodeId, Vec<f64>)>,
}

/// How a node is computed.
struct Simpler {
    op: Op,
    inputs: Vec<NodeId>,
    state: State,
}

/// What a node's values are here.
#[derive(Debug, Clone)]
enum State {
    /// A map, and how the tensor shows it.
    Map(Form),
    /// A part of attention.
    Scores(Scores),
    /// Not computed: numbers that do not depend on the image, or something that the kernels lack.
    Other,
}

impl Simpler {
    fn new(op: Op, inputs: Vec<NodeId>, form: Form) -> Self {
        Self {
            op,
            inputs,
            state: State::Map(form),
        }
    }

    /// The tensor of another node, seen in another way.
    fn same(from: NodeId, form: Form) -> Self {
        Self::new(Op::from(Concat::CHANNELS), vec![from], form)
    }

    /// Something that is computed as a part of what reads it.
    fn hidden(from: NodeId, state: State) -> Self {
        Self {
            op: Op::from(Concat::CHANNELS),
            inputs: vec![from],
            state,
        }
    }

    /// A convolution of 1x1.
    fn dense(from: NodeId, weight: WeightId, bias: Option<WeightId>, form: Form) -> Self {
        let conv = Conv {
            weight,
            bias,
            window: Window::default(),
            groups: 1,
        };
        Self::new(Op::from(conv), vec![from], form)
    }
}

/// A reason why a node is not computed.
fn refusal(reason: &str) -> String {
    reason.to_owned()
}

impl<'a> Simplified<'a> {
    /// Rewrites a network. `image` is a size of image that it takes, if one is known.
    pub(crate) fn new(
        graph: &Graph,
        weights: &[&'a [f32]],
        image: Option<[usize; 2]>,
    ) -> Result<Self, GraphError> {
        let (size, facts) = sizes::usual(graph, image);
        let others = sizes::others(graph, size);
        let rewritten = |takes_paddings: bool| {
            let walk = |facts| Walk::over(graph, weights, facts, takes_paddings);
            let mut walked = walk(facts.clone());
            for facts in &others {
                walked.refuse_others(&walk(facts.clone()));
            }
            walked.finish()
        };
        // A padding may be wider than a convolution's may be.
        rewritten(true).or_else(|_| rewritten(false))
    }
}

/// The walk over the nodes of a network.
struct Walk<'g, 'a> {
    graph: &'g Graph,
    facts: Facts,
    values: Values<'a>,
    nodes: Vec<Node>,
    states: Vec<State>,
    refused: Vec<Option<KernelError>>,
    /// The nodes that became functions of channels.
    affines: HashMap<NodeId, Affine>,
    /// The nodes that are products with a matrix and became convolutions: input and matrix.
    products: HashMap<NodeId, (NodeId, WeightId)>,
    /// The convolutions of the matrices.
    matrices: HashMap<WeightId, WeightId>,
    /// True if convolutions take over paddings.
    takes_paddings: bool,
    /// The nodes whose numbers were read and follow from the size of the image.
    read: RefCell<BTreeSet<NodeId>>,
}

impl<'g, 'a> Walk<'g, 'a> {
    /// Walks over all nodes.
    fn over(graph: &'g Graph, weights: &[&'a [f32]], facts: Facts, takes_paddings: bool) -> Self {
        let mut walk = Self {
            graph,
            facts,
            values: Values::new(graph, weights),
            nodes: Vec::with_capacity(graph.nodes().len()),
            states: Vec::new(),
            refused: Vec::new(),
            affines: HashMap::new(),
            products: HashMap::new(),
            matrices: HashMap::new(),
            takes_paddings,
            read: RefCell::default(),
        };
        for node in graph.nodes() {
            walk.push(node);
        }
        walk
    }

    /// Refuses the nodes that became something else for images of another size.
    fn refuse_others(&mut self, other: &Self) {
        let declared = self.graph.weights().len();
        for (index, node) in self.nodes.iter().enumerate() {
            if other.facts.get(NodeId::new(index)).is_none() {
                continue;
            }
            let values_differ = |weight: &WeightId| {
                let at = weight.index();
                at >= declared && self.values.values[at] != other.values.values[at]
            };
            let differs = *node != other.nodes[index]
                || other.refused[index].is_some()
                || node.op.weights().iter().any(values_differ);
            if differs && self.refused[index].is_none() {
                self.refused[index] = Some(KernelError::Unsupported {
                    node: node.name.clone(),
                    reason: "how it is computed depends on the size of the image".to_owned(),
                });
            }
        }
    }

    fn finish(self) -> Result<Simplified<'a>, GraphError> {
        let orders = self.states.iter().map(|state| match state {
            State::Map(form) => form.order(),
            _ => None,
        });
        let read = self.read.into_inner().into_iter().filter_map(|node| {
            let values = self.facts.get(node)?.values?;
            Some((node, values.to_vec()))
        });
        Ok(Simplified {
            orders: orders.collect(),
            read: read.collect(),
            graph: Graph::new(self.nodes, self.values.declared)?,
            weights: self.values.values,
            refused: self.refused,
        })
    }

    /// Adds the next node.
    fn push(&mut self, node: &Node) {
        let simpler = match self.inherited(node) {
            Some(error) => Err(error),
            None => self
                .simpler(node)
                .map_err(|reason| KernelError::Unsupported {
                    node: node.name.clone(),
                    reason,
                }),
        };
        let name = node.name.clone();
        let (simpler, refused) = match simpler {
            Ok(simpler) => {
                let reason = "it is computed within attention and not written".to_owned();
                let node = name.clone();
                let is_hidden = matches!(simpler.state, State::Scores(_));
                let hidden = KernelError::Unsupported { node, reason };
                (simpler, is_hidden.then_some(hidden))
            }
            Err(error) => {
                let (op, inputs) = match node.inputs.first() {
                    // Nothing computes it, so it is what fits everywhere.
                    Some(&first) => (Op::from(Concat::CHANNELS), vec![first]),
                    None => (node.op.clone(), vec![]),
                };
                let state = State::Other;
                let simpler = Simpler { op, inputs, state };
                (simpler, Some(error))
            }
        };
        let Simpler { op, inputs, state } = simpler;
        self.nodes.push(Node { name, op, inputs });
        self.states.push(state);
        self.refused.push(refused);
    }

    /// The error of an input that depends on the image.
    fn inherited(&self, node: &Node) -> Option<KernelError> {
        // A convolution reads what a padding before it reads.
        let padded = match node.op {
            Op::Conv(_) => self.zeros(node.inputs[0]).map(|(from, _)| vec![from]),
            _ => None,
        };
        let inputs = padded.unwrap_or_else(|| node.inputs.clone());
        let mut inputs = inputs.into_iter().map(NodeId::index);
        let is_other = |at: &usize| matches!(self.states[*at], State::Other);
        let found = inputs.find(|at| is_other(at) && !self.is_fixed(NodeId::new(*at)));
        found.and_then(|at| self.refused[at].clone())
    }

    /// How a node is computed, or the reason why it is not.
    fn simpler(&mut self, node: &Node) -> Result<Simpler, String> {
        let lacks = || format!("the kernels have no {}", node.op.name());
        let Some(&first) = node.inputs.first() else {
            let Op::Input(input) = &node.op else {
                return Err(lacks());
            };
            let form = Form::map(self.map_lengths(input.channels, [2; 2]));
            return Ok(Simpler::new(node.op.clone(), vec![], form));
        };
        if self.is_fixed(self.next()) {
            return Err(refusal("it does not depend on the image"));
        }
        if let Some((function, x)) = spelled::function(self.graph, node)
            && let Ok(form) = self.form(x)
        {
            return Ok(Simpler::new(function.into(), vec![x], form.clone()));
        }
        match &node.op {
            Op::Conv(conv) => self.convolution(node, conv),
            Op::Relu(_) | Op::Unary(_) => {
                let form = self.form(first)?.clone();
                Ok(Simpler::new(node.op.clone(), vec![first], form))
            }
            Op::Add(_) if node.inputs.len() != 2 => self.sum(node),
            Op::Add(_) => self.binary(node, Binary::Add),
            Op::Binary(op) => self.binary(node, *op),
            Op::Concat(concat) => self.concatenated(node, concat.axis),
            Op::Reshape(_) => self.reshaped(node),
            Op::Rearrange(Rearrange::Transpose { permutation }) => {
                self.transposed(node, permutation.as_deref())
            }
            Op::Rearrange(
                Rearrange::Slice | Rearrange::Split { .. } | Rearrange::Gather { .. },
            ) => self.part(node),
            Op::Reduce(reduce) => self.mean(node, reduce),
            Op::LayerNorm(norm) => self.normalized(node, norm),
            Op::MatMul(_) => match self.matrix_product(node) {
                Some(simpler) => Ok(simpler),
                None => self.product(node),
            },
            Op::Gemm(gemm) => self.gemm(node, gemm),
            Op::Softmax(softmax) => self.softmax(node, softmax.axis),
            Op::MaxPool(_) | Op::AveragePool(_) | Op::Lrn(_) | Op::GlobalAveragePool(_) => {
                let form = self.map(first)?;
                let is_single = matches!(node.op, Op::GlobalAveragePool(_));
                let size = if is_single { [1; 2] } else { form.size() };
                let form = Form::map(self.map_lengths(form.channels(), size));
                Ok(Simpler::new(node.op.clone(), vec![first], form))
            }
            Op::Crop(_) | Op::Tokens(_) | Op::Attention(_) => {
                for &input in &node.inputs {
                    self.map(input)?;
                }
                // Where nothing is known of the image, there are several positions.
                let channels = self.graph.channels(self.next());
                let channels = channels.ok_or_else(|| refusal("its channels are not known"))?;
                let form = Form::map(self.map_lengths(channels, [2; 2]));
                Ok(Simpler::new(node.op.clone(), node.inputs.clone(), form))
            }
            _ => Err(lacks()),
        }
    }

    /// Normalization over the channels of each position.
    fn normalized(&self, node: &Node, norm: &LayerNorm) -> Result<Simpler, String> {
        let (from, form) = (node.inputs[0], self.form(node.inputs[0])?);
        let axis = norm.axis;
        let axes = form.axes.len() as isize;
        let first = usize::try_from(if axis < 0 { axis + axes } else { axis });
        let first = first.unwrap_or(0).min(form.axes.len());
        let is_channels = |axis: &Vec<form::Factor>| axis.iter().all(|f| f.is_channels());
        let (positions, channels) = form.axes.split_at(first);
        let fits = channels.iter().all(is_channels)
            && positions
                .iter()
                .flatten()
                .all(|factor| !factor.is_channels());
        if !fits {
            return Err(refusal(
                "it normalizes over something else than the channels",
            ));
        }
        Ok(Simpler::new(node.op.clone(), vec![from], form.clone()))
    }

    /// The number of the node that is being simplified.
    fn next(&self) -> NodeId {
        NodeId::new(self.nodes.len())
    }

    /// What a node's values are.
    fn state(&self, node: NodeId) -> &State {
        &self.states[node.index()]
    }

    /// How a node's tensor shows a map.
    fn form(&self, node: NodeId) -> Result<&Form, String> {
        match self.state(node) {
            State::Map(form) => Ok(form),
            _ => Err(refusal("it reads something that is no map")),
        }
    }

    /// The form of a node that is seen as a map.
    fn map(&self, node: NodeId) -> Result<&Form, String> {
        let form = self.form(node)?;
        let last = || refusal("it reads a tensor whose axes are not channels, rows and columns");
        form.is_map().then_some(form).ok_or_else(last)
    }

    /// What is known of a node whose numbers become settings.
    fn known(&self, node: NodeId) -> Option<Fact<'_>> {
        let fact = self.facts.get(node)?;
        if fact.values.is_some() && !matches!(self.graph.node(node).op, Op::Constant(_)) {
            self.read.borrow_mut().insert(node);
        }
        Some(fact)
    }

    /// Returns true if a node does not depend on what the image shows.
    fn is_fixed(&self, node: NodeId) -> bool {
        self.values.tensor(self.graph, &self.facts, node).is_some()
    }

    /// Shape and values of a node that does not depend on what the image shows, to become settings.
    fn tensor(&self, node: NodeId) -> Option<(Vec<usize>, Cow<'_, [f32]>)> {
        self.known(node);
        self.values.tensor(self.graph, &self.facts, node)
    }

    /// The lengths of a node's axes.
    fn lengths(&self, node: NodeId) -> Result<Vec<usize>, String> {
        let shape = self
            .facts
            .shape(node)
            .as_ref()
            .map(Shape::lengths)
            .map(<[usize]>::to_vec);
        shape.ok_or_else(|| refusal("its shape is not known"))
    }

    /// The lengths of the next node, a map. Where nothing is known, they stand for any.
    fn map_lengths(&self, channels: usize, size: [usize; 2]) -> [usize; 3] {
        let map = self.facts.shape(self.next()).as_ref().and_then(Shape::map);
        let [_, height, width] = map.map_or([channels, size[0], size[1]], |map| map.to_array());
        [channels, height, width]
    }
}
