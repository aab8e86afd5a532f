//! The slow and obvious executor in f64 that all others are tested against.
//!
//! ```
//! use oneiric_graph::{ConvConfig, GraphBuilder, ReluGradient, Shape, oracle};
//!
//! let mut net = GraphBuilder::new(1);
//! let x = net.input();
//! let x = net.conv("double", x, ConvConfig::new(1, [1, 1]));
//! let y = net.relu("relu", x);
//! let graph = net.build()?;
//!
//! let weights = [vec![2.0], vec![-1.0]];
//! let image = oracle::Tensor::new(Shape::new(1, [1, 2]), vec![0.25, 3.0]);
//! let tensors = oracle::forward(&graph, &weights, image);
//! assert_eq!(tensors[y.index()].values, [0.0, 5.0]);
//!
//! let ones = oracle::Tensor::new(Shape::new(1, [1, 2]), vec![1.0, 1.0]);
//! let given = [(y, ones)];
//! let plain = ReluGradient::Plain;
//! let gradient = oracle::input_gradient(&graph, &weights, &tensors, &given, plain);
//! assert_eq!(gradient.values, [0.0, 2.0]);
//! # Ok::<(), oneiric_graph::GraphError>(())
//! ```

use crate::{Graph, NodeId, ReluGradient, Shape, Weight, WeightId, ops::Operator};

/// A tensor of one image, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Channels, rows and columns.
    pub shape: Shape,
    /// The values.
    pub values: Vec<f64>,
}

impl Tensor {
    /// Creates a tensor.
    ///
    /// # Panics
    ///
    /// Panics if the number of values is not that of the shape.
    #[must_use]
    pub fn new(shape: Shape, values: Vec<f64>) -> Self {
        assert_eq!(shape.count(), values.len(), "values of a tensor {shape}");
        Self { shape, values }
    }

    /// Creates a tensor of zeros.
    #[must_use]
    pub fn zeros(shape: Shape) -> Self {
        Self::new(shape, vec![0.0; shape.count()])
    }

    pub(crate) fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        let values = self.values.iter().map(|value| f(*value)).collect();
        Self::new(self.shape, values)
    }
}

impl Shape {
    /// The index of a value in row-major order.
    #[must_use]
    pub const fn index(self, channel: usize, y: usize, x: usize) -> usize {
        (channel * self.height + y) * self.width + x
    }

    /// All positions (row, column), row by row.
    pub(crate) fn positions(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.height).flat_map(move |y| (0..self.width).map(move |x| (y, x)))
    }
}

/// The values of a graph's weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights<'a> {
    declared: &'a [Weight],
    values: &'a [Vec<f32>],
}

impl<'a> Weights<'a> {
    pub(crate) fn shape(&self, id: WeightId) -> &'a [usize] {
        &self.declared[id.index()].shape
    }

    pub(crate) fn values(&self, id: WeightId) -> &'a [f32] {
        &self.values[id.index()]
    }

    /// Returns zeros of the shape that an operator makes of inputs of these shapes.
    pub(crate) fn output(&self, op: &dyn Operator, inputs: &[Shape]) -> Tensor {
        let channels: Vec<usize> = inputs.iter().map(|input| input.channels).collect();
        let channels = op.channels(&channels, self.declared).expect("checked");
        let size = op.size(inputs, self.declared).expect("checked");
        Tensor::zeros(Shape::new(channels, size))
    }
}

/// The values that an operator's gradient may read.
#[derive(Debug)]
pub(crate) struct Backward<'a> {
    pub(crate) inputs: Vec<&'a Tensor>,
    pub(crate) output: &'a Tensor,
    /// The gradient of the output.
    pub(crate) gradient: &'a Tensor,
    pub(crate) relu: ReluGradient,
    pub(crate) weights: &'a Weights<'a>,
}

/// Computes every node of a graph for one image.
///
/// # Panics
///
/// Panics if the image is too small for a node, or if `weights` are not as many and as large as
/// the graph declares.
#[must_use]
pub fn forward(graph: &Graph, weights: &[Vec<f32>], image: Tensor) -> Vec<Tensor> {
    let weights = check(graph, weights);
    let mut all: Vec<Tensor> = vec![image];
    for node in &graph.nodes()[1..] {
        let inputs: Vec<&Tensor> = node.inputs.iter().map(|input| &all[input.0]).collect();
        let output = node.op.forward(&inputs, &weights);
        all.push(output);
    }
    all
}

/// Computes the gradient of the image, given the gradients of some nodes; `tensors` are those of
/// [`forward`].
///
/// # Panics
///
/// Panics if the tensors or the weights are not the graph's.
#[must_use]
pub fn input_gradient(
    graph: &Graph,
    weights: &[Vec<f32>],
    tensors: &[Tensor],
    given: &[(NodeId, Tensor)],
    relu: ReluGradient,
) -> Tensor {
    let weights = check(graph, weights);
    // A node without a gradient is left out, so that a redirected ReLU sees whether one came.
    let mut gradients: Vec<Option<Tensor>> = vec![None; tensors.len()];
    for (node, gradient) in given {
        add(&mut gradients[node.0], gradient.clone());
    }
    for (index, node) in graph.nodes().iter().enumerate().skip(1).rev() {
        let Some(gradient) = gradients[index].take() else {
            continue;
        };
        let parts = node.op.backward(&Backward {
            inputs: node.inputs.iter().map(|input| &tensors[input.0]).collect(),
            output: &tensors[index],
            gradient: &gradient,
            relu,
            weights: &weights,
        });
        for (input, part) in node.inputs.iter().zip(parts) {
            add(&mut gradients[input.0], part);
        }
    }
    let none = || Tensor::zeros(tensors[0].shape);
    gradients.swap_remove(0).unwrap_or_else(none)
}

fn check<'a>(graph: &'a Graph, values: &'a [Vec<f32>]) -> Weights<'a> {
    let declared = graph.weights();
    assert_eq!(declared.len(), values.len(), "weights of the graph");
    for (weight, values) in declared.iter().zip(values) {
        assert_eq!(weight.count(), values.len(), "values of {}", weight.name);
    }
    Weights { declared, values }
}

fn add(sum: &mut Option<Tensor>, part: Tensor) {
    match sum {
        None => *sum = Some(part),
        Some(sum) => {
            for (a, b) in sum.values.iter_mut().zip(part.values) {
                *a += b;
            }
        }
    }
}
