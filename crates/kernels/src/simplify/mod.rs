//! The same network in operators that the kernels have.
//!
//! Every node keeps its number and its values. What changes is how they are computed:
//!
//! - a convolution reads what a padding with zeros reads, and pads it itself;
//! - a mean over rows and columns is a global average pooling;
//! - a reshape of a single position with all channels is a concatenation of one tensor, which is no
//!   work;
//! - factors and summands of channels are a depthwise convolution of 1x1, one for all that follow
//!   one another (`affine`);
//! - a tensor with its channels last is a map, from the transposition that makes it one to the one
//!   back (`channels_last`);
//! - GELU is one function (`gelu`).

mod affine;
mod channels_last;
mod gelu;

use std::borrow::Cow;

use affine::Affines;
use oneiric_graph::{
    Concat, Fact, Fill, GlobalAveragePool, Graph, Node, NodeId, Op, Padding, Rearrange, Reduction,
    Reshape, Shape, Unary,
};

/// A network in operators that the kernels have, as far as it can be.
#[derive(Debug, Clone)]
pub(crate) struct Simplified<'a> {
    pub(crate) graph: Graph,
    /// The values of its weights.
    pub(crate) weights: Vec<Cow<'a, [f32]>>,
    /// True for the nodes that are maps here, and have their channels last in the network.
    pub(crate) channels_last: Vec<bool>,
    /// True for the nodes that read a tensor with its channels last as it is.
    pub(crate) misread: Vec<bool>,
}

impl<'a> Simplified<'a> {
    /// The network as it is.
    pub(crate) fn unchanged(graph: &Graph, weights: &[&'a [f32]]) -> Self {
        let weights = weights.iter().map(|values| Cow::Borrowed(*values));
        Self {
            weights: weights.collect(),
            channels_last: vec![false; graph.nodes().len()],
            misread: vec![false; graph.nodes().len()],
            graph: graph.clone(),
        }
    }

    /// Rewrites a network.
    pub(crate) fn new(graph: &Graph, weights: &[&'a [f32]]) -> Self {
        let mut nodes: Vec<Node> = Vec::with_capacity(graph.nodes().len());
        // True for the nodes that have a single position for images of all sizes.
        let mut single = Vec::with_capacity(graph.nodes().len());
        let (mut channels_last, mut misread) = (Vec::new(), Vec::new());
        let mut affines = Affines::new(graph, weights);
        for node in graph.nodes() {
            let x = gelu::gelu(graph, node);
            let simpler = x.map(|x| Node {
                name: node.name.clone(),
                op: Unary::Gelu { tanh: false }.into(),
                inputs: vec![x],
            });
            let simpler = simpler.or_else(|| simpler_node(&nodes, &single, node));
            let simpler = simpler.or_else(|| affines.convolution(&nodes, &channels_last, node));
            let simpler = simpler.unwrap_or_else(|| node.clone());
            let way = channels_last::read(&channels_last, node, simpler, &mut affines);
            channels_last.push(way.is_last);
            misread.push(way.is_misread);
            single.push(is_single(graph, &single, &way.node));
            affines.push(&way.node);
            nodes.push(way.node);
        }
        let (declared, values) = affines.into_weights();
        match Graph::new(nodes, declared) {
            Ok(graph) => Self {
                graph,
                weights: values,
                channels_last,
                misread,
            },
            // Settings that a graph does not allow, such as a padding of thousands of rows.
            Err(_) => Self::unchanged(graph, weights),
        }
    }
}

/// A node that computes the same, if the kernels would rather have it.
fn simpler_node(nodes: &[Node], single: &[bool], node: &Node) -> Option<Node> {
    let input = *node.inputs.first()?;
    let (op, input) = match &node.op {
        Op::Conv(conv) => {
            let (source, added) = zeros(nodes, input)?;
            let Padding::Explicit(own) = conv.window.padding else {
                return None;
            };
            let mut conv = *conv;
            let sum = |axis: usize| [0, 1].map(|side| own[axis][side] + added[axis][side]);
            conv.window.padding = Padding::Explicit([sum(0), sum(1)]);
            (Op::from(conv), source)
        }
        Op::Reduce(reduce) => {
            // From the end, rows and columns are the last two axes of a map alone.
            let mut axes = reduce.axes.clone()?;
            axes.sort_unstable();
            let is_mean = reduce.reduction == Reduction::Mean && axes == [2, 3];
            (is_mean.then_some(Op::from(GlobalAveragePool))?, input)
        }
        Op::Reshape(reshape) if single[input.index()] => {
            let keeps = keeps_channels(nodes, reshape, node);
            (keeps.then_some(Op::from(Concat::CHANNELS))?, input)
        }
        _ => return None,
    };
    Some(Node {
        name: node.name.clone(),
        op,
        inputs: vec![input],
    })
}

/// The input of a padding of rows and columns with zeros, and how many it adds on each side.
fn zeros(nodes: &[Node], padding: NodeId) -> Option<(NodeId, [[usize; 2]; 2])> {
    let node = &nodes[padding.index()];
    let Op::Rearrange(Rearrange::Pad { fill: Fill::Zeros }) = node.op else {
        return None;
    };
    let source = node.inputs[0];
    // What it adds does not depend on the lengths of the axes.
    let map = Shape::new(1, [1; 2]);
    let mut known = Vec::new();
    for &input in &node.inputs[1..] {
        known.push(constant(nodes, input)?);
    }
    let known = known
        .iter()
        .map(|(shape, values)| (*shape, Some(&values[..])));
    let facts = [(map, None)].into_iter().chain(known);
    let facts: Vec<Fact<'_>> = facts
        .map(|(shape, values)| Fact { shape, values })
        .collect();
    let amounts = Rearrange::paddings(&facts).ok()?;
    let [[0, 0], [0, 0], rows, columns] = amounts[..] else {
        return None;
    };
    let counts = |[before, after]: [i64; 2]| {
        Some([usize::try_from(before).ok()?, usize::try_from(after).ok()?])
    };
    Some((source, [counts(rows)?, counts(columns)?]))
}

/// Shape and values of a constant.
fn constant(nodes: &[Node], node: NodeId) -> Option<(Shape, Vec<f64>)> {
    let Op::Constant(constant) = &nodes[node.index()].op else {
        return None;
    };
    let values = constant.values.iter().map(|value| value.0);
    Some((constant.shape, values.collect()))
}

/// Returns true if a reshape of a single position leaves a vector or a map of one position with the
/// same channels.
fn keeps_channels(nodes: &[Node], reshape: &Reshape, node: &Node) -> bool {
    match reshape {
        Reshape::Flatten { axis } => *axis == 1,
        Reshape::Squeeze { axes: Some(axes) } => axes.iter().all(|axis| *axis > 1),
        Reshape::To { .. } => match constant(nodes, node.inputs[1]) {
            Some((_, lengths)) => matches!(lengths[..], [_, _] | [_, _, 1.0, 1.0]),
            None => false,
        },
        _ => false,
    }
}

/// Returns true if a node has a single position for images of all sizes.
fn is_single(graph: &Graph, single: &[bool], node: &Node) -> bool {
    let inputs = || node.inputs.iter().all(|input| single[input.index()]);
    match &node.op {
        Op::GlobalAveragePool(_) => true,
        Op::Gemm(_) | Op::Concat(_) | Op::Relu(_) | Op::Unary(_) | Op::Add(_) => inputs(),
        Op::Conv(conv) => {
            // The other paddings add nothing to a kernel of 1x1.
            let adds = matches!(conv.window.padding, Padding::Explicit(_));
            let adds = adds && conv.window.padding != Padding::VALID;
            inputs() && !adds && conv.kernel(graph.weights()) == [1; 2]
        }
        _ => false,
    }
}
