//! The same network in operators that the kernels have.
//!
//! Every node keeps its number, and has the same values in the same order in memory. What changes
//! is how they are computed:
//!
//! - a convolution reads what a padding with zeros reads, and pads it itself;
//! - a mean over rows and columns is a global average pooling;
//! - a reshape of a single position with all channels is a concatenation of one tensor, which is no
//!   work;
//! - factors and summands of channels are a depthwise convolution of 1x1, one for all that follow
//!   one another (`affine`).

mod affine;

use std::borrow::Cow;

use affine::Affines;
use oneiric_graph::{
    Concat, Fact, Fill, GlobalAveragePool, Graph, Node, NodeId, Op, Padding, Rearrange, Reduction,
    Reshape, Shape,
};

/// Returns the network in operators that the kernels have, as far as it can be, and the values of
/// its weights.
pub(crate) fn simplify<'a>(graph: &Graph, weights: &[&'a [f32]]) -> (Graph, Vec<Cow<'a, [f32]>>) {
    let mut nodes: Vec<Node> = Vec::with_capacity(graph.nodes().len());
    // True for the nodes that have a single position for images of all sizes.
    let mut single = Vec::with_capacity(graph.nodes().len());
    let mut affines = Affines::new(graph, weights);
    for node in graph.nodes() {
        let simpler = simpler(&nodes, &single, node);
        let simpler = simpler.or_else(|| affines.convolution(&nodes, node));
        let node = simpler.unwrap_or_else(|| node.clone());
        single.push(is_single(graph, &single, &node));
        affines.push(&node);
        nodes.push(node);
    }
    let (declared, values) = affines.into_weights();
    match Graph::new(nodes, declared) {
        Ok(graph) => (graph, values),
        // Settings that a graph does not allow, such as a padding of thousands of rows.
        Err(_) => {
            let weights = weights.iter().map(|values| Cow::Borrowed(*values));
            (graph.clone(), weights.collect())
        }
    }
}

/// A node that computes the same, if the kernels would rather have it.
fn simpler(nodes: &[Node], single: &[bool], node: &Node) -> Option<Node> {
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
