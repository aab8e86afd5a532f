//! A graph as the kernels see it: which nodes they can run, and the blocks of each node's channels.

use oneiric_graph::{Axis, Graph, GraphError, Node, NodeId, Op, Shape};

use crate::{KernelError, lanes::LANES};

/// A graph with the layout of its nodes' channels.
#[derive(Debug, Clone)]
pub(crate) struct Blocked {
    pub(crate) graph: Graph,
    /// The inputs of each node.
    inputs: Vec<Vec<usize>>,
    /// Of each node, the used lanes of its blocks.
    pub(crate) lanes: Vec<Vec<usize>>,
    /// Of each node that the kernels cannot run, the reason.
    unsupported: Vec<Option<KernelError>>,
    /// The input's channels lie side by side instead of in blocks of sixteen: there are few, and
    /// convolutions alone read them.
    pub(crate) interleaved: bool,
}

impl Blocked {
    pub(crate) fn new(graph: &Graph) -> Self {
        let nodes = graph.nodes();
        let mut unsupported: Vec<Option<KernelError>> = Vec::with_capacity(nodes.len());
        let mut lanes: Vec<Vec<usize>> = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let by_input = node.inputs.iter().find_map(|input| {
                let error: Option<&KernelError> = unsupported[input.index()].as_ref();
                error.cloned()
            });
            unsupported.push(by_input.or_else(|| unsupported_op(node)));
            let mut inputs = node.inputs.iter().map(|input| &lanes[input.index()]);
            lanes.push(match (&node.op, inputs.next()) {
                (Op::Concat(_), Some(first)) => {
                    let all = [first].into_iter().chain(inputs);
                    all.flatten().copied().collect()
                }
                (Op::Input(_) | Op::Conv(_), _) | (_, None) => {
                    blocks(graph.channels(NodeId::new(index)))
                }
                (_, Some(input)) => input.clone(),
            });
        }
        let only_convs = nodes.iter().zip(&unsupported).all(|(node, unsupported)| {
            let reads = node.inputs.contains(&graph.input());
            !reads || unsupported.is_some() || matches!(node.op, Op::Conv(_))
        });
        let inputs = nodes.iter().map(|node| {
            let inputs = node.inputs.iter();
            inputs.map(|input| input.index()).collect()
        });
        Self {
            inputs: inputs.collect(),
            lanes,
            unsupported,
            interleaved: graph.channels(graph.input()) < LANES && only_convs,
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
        Ok(shapes
            .into_iter()
            .map(|shape| shape.map_or([0; 2], Shape::size))
            .collect())
    }

    /// The windows of a node that has some, with rows and columns of its kernel.
    pub(crate) fn windows(&self, node: usize, sizes: &[[usize; 2]]) -> ([usize; 2], [Axis; 2]) {
        let (kernel, window) = match self.op(node) {
            Op::Conv(conv) => (conv.kernel(self.graph.weights()), &conv.window),
            Op::MaxPool(pool) => (pool.kernel, &pool.window),
            op => unreachable!("{} has no windows", op.name()),
        };
        let axes = window.axes(kernel, sizes[self.inputs(node)[0]]);
        let axes = axes.unwrap_or_else(|error| unreachable!("the size was inferred: {error}"));
        (kernel, axes)
    }
}

/// Returns an error if the kernels lack the operator of a node, or one of its settings.
fn unsupported_op(node: &Node) -> Option<KernelError> {
    let reason = match &node.op {
        Op::Conv(conv) if conv.groups > 1 => "the kernels have no convolution in groups",
        Op::Conv(conv) if conv.window.dilation != [1; 2] => {
            "the kernels have no convolution with dilation"
        }
        Op::MaxPool(pool) if pool.window.dilation != [1; 2] => {
            "the kernels have no pooling with dilation"
        }
        Op::Input(_)
        | Op::Conv(_)
        | Op::Relu(_)
        | Op::MaxPool(_)
        | Op::Lrn(_)
        | Op::Concat(_)
        | Op::GlobalAveragePool(_) => return None,
        op => {
            return Some(unsupported(
                node,
                format!("the kernels have no {}", op.name()),
            ));
        }
    };
    Some(unsupported(node, reason.to_owned()))
}

fn unsupported(node: &Node, reason: String) -> KernelError {
    let node = node.name.clone();
    KernelError::Unsupported { node, reason }
}

/// Used lanes of blocks that are filled one after the other.
pub(crate) fn blocks(channels: usize) -> Vec<usize> {
    (0..channels)
        .step_by(LANES)
        .map(|first| LANES.min(channels - first))
        .collect()
}
