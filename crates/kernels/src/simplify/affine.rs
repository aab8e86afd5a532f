//! Factors and summands of channels, as depthwise convolutions of 1x1.

use std::{borrow::Cow, collections::HashMap};

use oneiric_graph::{Binary, Conv, Graph, Node, NodeId, Op, Weight, WeightId, Window};

/// A function `factor * x + summand` of each channel of a map.
struct Affine {
    from: NodeId,
    factors: Vec<f32>,
    summands: Vec<f32>,
}

/// The affine nodes so far, and the weights with theirs.
pub(super) struct Affines<'g, 'a> {
    graph: &'g Graph,
    /// The number of axes of each node so far, if it is known.
    axes: Vec<Option<usize>>,
    /// The channels of each node so far, if they are known.
    channels: Vec<Option<usize>>,
    /// The nodes that became convolutions.
    known: HashMap<NodeId, Affine>,
    /// The nodes that are products with a matrix and became convolutions: input and matrix.
    products: HashMap<NodeId, (NodeId, WeightId)>,
    /// The convolutions of the matrices.
    matrices: HashMap<WeightId, WeightId>,
    declared: Vec<Weight>,
    values: Vec<Cow<'a, [f32]>>,
}

impl<'g, 'a> Affines<'g, 'a> {
    pub(super) fn new(graph: &'g Graph, weights: &[&'a [f32]]) -> Self {
        Self {
            graph,
            axes: Vec::with_capacity(graph.nodes().len()),
            channels: Vec::with_capacity(graph.nodes().len()),
            known: HashMap::new(),
            products: HashMap::new(),
            matrices: HashMap::new(),
            declared: graph.weights().to_vec(),
            values: weights
                .iter()
                .map(|values| Cow::Borrowed(*values))
                .collect(),
        }
    }

    /// Notes the next node of the simplified graph.
    pub(super) fn push(&mut self, node: &Node) {
        let channels = self.channels_of(node);
        self.axes.push(self.axes_of(node));
        self.channels.push(channels);
    }

    /// All weights, with the new ones behind the graph's.
    pub(super) fn into_weights(self) -> (Vec<Weight>, Vec<Cow<'a, [f32]>>) {
        (self.declared, self.values)
    }

    /// Returns true if a node is a map, as far as is known.
    pub(super) fn is_map(&self, node: NodeId) -> bool {
        self.axes[node.index()] == Some(4)
    }

    /// The product of a map that stands for a tensor with its channels last with a matrix, as a
    /// convolution of 1x1.
    pub(super) fn product(&mut self, node: &Node) -> Option<Node> {
        let [from, matrix] = node.inputs[..] else {
            return None;
        };
        let Op::Parameter(parameter) = &self.graph.node(matrix).op else {
            return None;
        };
        let matrix = parameter.weight;
        let [inner, columns] = self.declared[matrix.index()].shape[..] else {
            return None;
        };
        let weight = match self.matrices.get(&matrix) {
            Some(weight) => *weight,
            None => {
                let values = &self.values[matrix.index()];
                let transposed = (0..columns)
                    .flat_map(|column| (0..inner).map(move |row| row * columns + column))
                    .map(|at| values[at]);
                let values: Vec<f32> = transposed.collect();
                let weight = self.weight(node, "matrix", vec![columns, inner, 1, 1], values)?;
                self.matrices.insert(matrix, weight);
                weight
            }
        };
        self.products
            .insert(NodeId::new(self.axes.len()), (from, weight));
        Some(dense(node, from, weight, None))
    }

    /// A node that combines a map with numbers for its channels, as a convolution.
    pub(super) fn convolution(
        &mut self,
        nodes: &[Node],
        channels_last: &[bool],
        node: &Node,
    ) -> Option<Node> {
        let Op::Binary(op) = node.op else {
            return None;
        };
        let [first, second] = node.inputs[..] else {
            return None;
        };
        let numbers = |this: &Self, of: NodeId, map: NodeId| {
            let is_map = this.axes[map.index()] == Some(4);
            let channels = this.channels[map.index()].filter(|_| is_map)?;
            let is_last = channels_last[map.index()];
            this.numbers(nodes, of, channels, is_last)
        };
        // The map, and whether it comes first.
        let (from, is_first, numbers) = match numbers(self, second, first) {
            Some(numbers) => (first, true, numbers),
            None => (second, false, numbers(self, first, second)?),
        };
        let (factors, summands): (Vec<f32>, Vec<f32>) = match (op, is_first) {
            (Binary::Mul, _) => numbers.iter().map(|number| (*number, 0.0)).unzip(),
            (Binary::Div, true) => numbers.iter().map(|number| (1.0 / number, 0.0)).unzip(),
            (Binary::Add, _) => numbers.iter().map(|number| (1.0, *number)).unzip(),
            (Binary::Sub, true) => numbers.iter().map(|number| (1.0, -number)).unzip(),
            (Binary::Sub, false) => numbers.iter().map(|number| (-1.0, *number)).unzip(),
            _ => return None,
        };
        // A bias of a product with a matrix.
        if let Some(&(input, matrix)) = self.products.get(&from)
            && factors.iter().all(|factor| *factor == 1.0)
        {
            let bias = self.weight(node, "bias", vec![summands.len()], summands)?;
            return Some(dense(node, input, matrix, Some(bias)));
        }
        let affine = match self.known.get(&from) {
            Some(before) => Affine {
                from: before.from,
                factors: pairs(&factors, &before.factors, |a, b| a * b),
                summands: pairs(
                    &summands,
                    &pairs(&factors, &before.summands, |a, b| a * b),
                    |a, b| a + b,
                ),
            },
            None => Affine {
                from,
                factors,
                summands,
            },
        };
        // What one function alone can compute is not finite for a channel that the file scales by 0.
        let all = affine.factors.iter().chain(&affine.summands);
        if !all.clone().all(|value| value.is_finite()) {
            return None;
        }
        let channels = affine.factors.len();
        let weight = affine.factors.clone();
        let weight = self.weight(node, "factors", vec![channels, 1, 1, 1], weight)?;
        let bias = affine.summands.clone();
        let bias = self.weight(node, "summands", vec![channels], bias)?;
        let from = affine.from;
        self.known.insert(NodeId::new(nodes.len()), affine);
        let conv = Conv {
            weight,
            bias: Some(bias),
            window: Window::default(),
            groups: channels,
        };
        Some(Node {
            name: node.name.clone(),
            op: conv.into(),
            inputs: vec![from],
        })
    }

    /// Declares a weight, unless the graph has one of that name.
    fn weight(
        &mut self,
        node: &Node,
        what: &str,
        shape: Vec<usize>,
        values: Vec<f32>,
    ) -> Option<WeightId> {
        let name = format!("{what} of {}", node.name);
        if self
            .graph
            .weights()
            .iter()
            .any(|weight| weight.name == name)
        {
            return None;
        }
        self.declared.push(Weight { name, shape });
        self.values.push(Cow::Owned(values));
        Some(WeightId::new(self.declared.len() - 1))
    }

    /// The number of each channel, if a node holds a single number or one for each channel of a
    /// map, which may stand for a tensor with its channels last.
    fn numbers(
        &self,
        nodes: &[Node],
        node: NodeId,
        channels: usize,
        is_last: bool,
    ) -> Option<Vec<f32>> {
        let (shape, values): (Vec<usize>, Cow<'_, [f32]>) = match &nodes[node.index()].op {
            Op::Parameter(parameter) => {
                let weight = parameter.weight.index();
                let shape = self.declared[weight].shape.clone();
                (shape, Cow::Borrowed(&self.values[weight][..]))
            }
            Op::Constant(constant) => {
                let values = constant.values.iter().map(|value| value.0 as f32);
                (constant.shape.lengths().to_vec(), values.collect())
            }
            _ => return None,
        };
        if shape.len() > 4 {
            return None;
        }
        if let [single] = values[..] {
            return Some(vec![single; channels]);
        }
        let fits = if is_last {
            shape.last() == Some(&channels) && values.len() == channels
        } else {
            matches!(shape[..], [n, 1, 1] | [1, n, 1, 1] if n == channels)
        };
        fits.then(|| values.into_owned())
    }

    /// The channels of a node: more are known than to the graph, which does not look into
    /// broadcasts.
    fn channels_of(&self, node: &Node) -> Option<usize> {
        match &node.op {
            Op::Conv(conv) => self.declared[conv.weight.index()].shape.first().copied(),
            Op::Concat(concat) if node.inputs.len() == 1 && concat.axis == 1 => {
                self.channels[node.inputs[0].index()]
            }
            Op::LayerNorm(_)
            | Op::Relu(_)
            | Op::Unary(_)
            | Op::MaxPool(_)
            | Op::AveragePool(_)
            | Op::Add(_) => self.channels[node.inputs[0].index()],
            _ => self.graph.channels(NodeId::new(self.channels.len())),
        }
    }

    /// The number of axes of a node.
    fn axes_of(&self, node: &Node) -> Option<usize> {
        match &node.op {
            Op::Input(_)
            | Op::Conv(_)
            | Op::ConvTranspose(_)
            | Op::MaxPool(_)
            | Op::AveragePool(_)
            | Op::GlobalAveragePool(_)
            | Op::Lrn(_) => Some(4),
            Op::Gemm(_) => Some(2),
            Op::Relu(_) | Op::Unary(_) | Op::Add(_) | Op::Concat(_) | Op::LayerNorm(_) => {
                self.axes[node.inputs[0].index()]
            }
            Op::Binary(_) => {
                let axes = node.inputs.iter().map(|input| self.axes[input.index()]);
                axes.collect::<Option<Vec<usize>>>()?.into_iter().max()
            }
            Op::Constant(constant) => Some(constant.shape.axes()),
            Op::Parameter(parameter) => Some(self.declared[parameter.weight.index()].shape.len()),
            _ => None,
        }
    }
}

/// A convolution of 1x1 in the place of a node.
fn dense(node: &Node, from: NodeId, weight: WeightId, bias: Option<WeightId>) -> Node {
    let conv = Conv {
        weight,
        bias,
        window: Window::default(),
        groups: 1,
    };
    Node {
        name: node.name.clone(),
        op: conv.into(),
        inputs: vec![from],
    }
}

fn pairs(a: &[f32], b: &[f32], function: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| function(*a, *b)).collect()
}
