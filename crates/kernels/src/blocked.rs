//! A graph as the kernels see it: which nodes they can run, and the blocks of each node's channels.

use oneiric_graph::{Graph, GraphError, Map, Node, NodeId, Op, Shape};

use crate::{
    KernelError,
    lanes::LANES,
    ops::{Operator, operator},
    simplify::{Order, Simplified},
};

/// A graph with the layout of its nodes' channels.
#[derive(Debug, Clone)]
pub(crate) struct Blocked {
    pub(crate) graph: Graph,
    /// The inputs of each node.
    inputs: Vec<Vec<usize>>,
    /// The used lanes of each node's blocks.
    pub(crate) lanes: Vec<Vec<usize>>,
    /// True for the nodes whose tensors have their channels last for the caller.
    pub(crate) channels_last: Vec<bool>,
    /// True for the nodes whose values are in an order that the caller cannot be given.
    hidden: Vec<bool>,
    /// The reason why the kernels cannot run a node, for each node; `None` if they can.
    unsupported: Vec<Option<KernelError>>,
    /// The input's channels lie side by side instead of in blocks of sixteen: there are few, and
    /// all that reads them can do so.
    pub(crate) interleaved: bool,
}

impl Blocked {
    pub(crate) fn new(simplified: &Simplified<'_>) -> Self {
        let Simplified {
            graph,
            orders,
            refused,
            ..
        } = simplified;
        let nodes = graph.nodes();
        let mut errors: Vec<Option<KernelError>> = Vec::with_capacity(nodes.len());
        let mut lanes: Vec<Vec<usize>> = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let by_input = node.inputs.iter().find_map(|input| {
                let error: Option<&KernelError> = errors[input.index()].as_ref();
                error.cloned()
            });
            let channels = graph.channels(NodeId::new(index));
            let inputs = node.inputs.iter();
            let inputs: Vec<&[usize]> = inputs.map(|input| &lanes[input.index()][..]).collect();
            let error = refused[index].clone().or(by_input);
            errors.push(error.or_else(|| unsupported(node, channels, &inputs)));
            // A node without a known number of channels is not run.
            let channels = channels.unwrap_or(0);
            lanes.push(match operator(&node.op) {
                Some(op) if refused[index].is_none() => op.lanes(&inputs, channels),
                _ => blocks(channels),
            });
        }
        let all_read_interleaved = nodes.iter().zip(&errors).all(|(node, error)| {
            let reads = error.is_none() && node.inputs.contains(&graph.input());
            !reads || operator(&node.op).is_some_and(Operator::reads_interleaved)
        });
        let inputs = nodes.iter().map(|node| {
            let inputs = node.inputs.iter();
            inputs.map(|input| input.index()).collect()
        });
        Self {
            inputs: inputs.collect(),
            lanes,
            unsupported: errors,
            interleaved: graph.channels(graph.input()).is_some_and(|n| n < LANES)
                && all_read_interleaved,
            channels_last: orders
                .iter()
                .map(|order| *order == Some(Order::ChannelsLast))
                .collect(),
            hidden: orders.iter().map(Option::is_none).collect(),
            graph: graph.clone(),
        }
    }

    /// The number of nodes.
    pub(crate) fn len(&self) -> usize {
        self.inputs.len()
    }

    /// The operator of a node.
    pub(crate) fn op(&self, node: usize) -> &Op {
        &self.graph.nodes()[node].op
    }

    /// The kernels' part of a node's operator.
    ///
    /// # Panics
    ///
    /// Panics if they do not have it.
    pub(crate) fn operator(&self, node: usize) -> &dyn Operator {
        match operator(self.op(node)) {
            Some(operator) => operator,
            None => unreachable!("the kernels have no {}", self.op(node).name()),
        }
    }

    /// The inputs of a node.
    pub(crate) fn inputs(&self, node: usize) -> &[usize] {
        &self.inputs[node]
    }

    /// Returns true if the kernels can run a node.
    pub(crate) fn is_supported(&self, node: usize) -> bool {
        self.unsupported[node].is_none()
    }

    /// Checks that the kernels can run a node.
    pub(crate) fn check(&self, node: NodeId) -> Result<(), KernelError> {
        match self.unsupported.get(node.index()) {
            Some(None) if self.hidden[node.index()] => Err(KernelError::Unsupported {
                node: self.graph.node(node).name.clone(),
                reason: "its channels are cut into axes of their own".to_owned(),
            }),
            Some(None) => Ok(()),
            Some(Some(error)) => Err(error.clone()),
            None => Err(KernelError::Graph(GraphError::NoSuchNode {
                node: node.index(),
                nodes: self.len(),
            })),
        }
    }

    /// Channels of a node.
    pub(crate) fn channels(&self, node: usize) -> usize {
        self.lanes[node].iter().sum()
    }

    /// First channel of each block of a node.
    pub(crate) fn first_channels(&self, node: usize) -> Vec<usize> {
        self.lanes[node]
            .iter()
            .scan(0, |next, &count| {
                *next += count;
                Some(*next - count)
            })
            .collect()
    }

    /// Marks the nodes that a set of nodes needs, itself and the input included.
    pub(crate) fn needed(&self, wanted: &[usize]) -> Vec<bool> {
        let wanted: Vec<NodeId> = wanted.iter().map(|&node| NodeId::new(node)).collect();
        let needed = self.graph.needed(&wanted);
        needed.unwrap_or_else(|error| unreachable!("{error}"))
    }

    /// Height and width of the needed nodes for an image of that size; zeros for the others.
    pub(crate) fn sizes(
        &self,
        wanted: &[usize],
        image: [usize; 2],
    ) -> Result<Vec<[usize; 2]>, GraphError> {
        let wanted: Vec<NodeId> = wanted.iter().map(|&node| NodeId::new(node)).collect();
        let shapes = self.graph.shapes(&wanted, image)?;
        let map = |shape: Option<Shape>| shape.as_ref().and_then(Shape::map);
        let sizes = shapes
            .into_iter()
            .map(|shape| map(shape).map_or([0; 2], Map::size));
        Ok(sizes.collect())
    }
}

/// Returns an error if the kernels lack the operator of a node, or one of its settings.
fn unsupported(node: &Node, channels: Option<usize>, inputs: &[&[usize]]) -> Option<KernelError> {
    let reason = match (operator(&node.op), channels) {
        (Some(op), Some(_)) => {
            let differ = || inputs.windows(2).any(|pair| pair[0] != pair[1]);
            let differ = op.needs_equal_blocks() && differ();
            let differ = differ.then_some("its inputs have their channels in different blocks");
            op.unsupported(inputs).or(differ)?.to_owned()
        }
        (Some(_), None) => "its channels depend on the size of the image".to_owned(),
        (None, _) => format!("the kernels have no {}", node.op.name()),
    };
    let node = node.name.clone();
    Some(KernelError::Unsupported { node, reason })
}

/// Used lanes of blocks that are filled one after the other.
pub(crate) fn blocks(channels: usize) -> Vec<usize> {
    (0..channels)
        .step_by(LANES)
        .map(|first| LANES.min(channels - first))
        .collect()
}
