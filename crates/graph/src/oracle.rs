//! The slow and obvious executor in f64: the definition that all others are tested against.
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

use crate::{
    Fact, Graph, Map, NodeError, NodeId, Op, ReluGradient, Shape, Weight, WeightId, ops::Operator,
};

/// A tensor of one image, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// The lengths of the axes.
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

    /// The same values under other axes.
    pub(crate) fn with_shape(self, shape: Shape) -> Self {
        Self::new(shape, self.values)
    }

    /// Creates a tensor of zeros.
    #[must_use]
    pub fn zeros(shape: Shape) -> Self {
        Self::new(shape, vec![0.0; shape.count()])
    }

    /// Returns the tensor of that shape whose value at each index, of one number an axis, is that
    /// of a function.
    pub(crate) fn from_index(shape: Shape, mut value: impl FnMut(&[usize]) -> f64) -> Self {
        let mut index = vec![0; shape.axes()];
        let values = (0..shape.count()).map(|_| {
            let at = value(&index);
            for (place, length) in index.iter_mut().zip(shape.lengths()).rev() {
                *place += 1;
                if *place < *length {
                    break;
                }
                *place = 0;
            }
            at
        });
        let values = values.collect();
        Self::new(shape, values)
    }

    /// The value at an index of a shape that the tensor is broadcast to.
    pub(crate) fn at_broadcast(&self, index: &[usize]) -> f64 {
        self.values[self.place_broadcast(index)]
    }

    /// The place of the value at an index of a shape that the tensor is broadcast to.
    pub(crate) fn place_broadcast(&self, index: &[usize]) -> usize {
        let own = &index[index.len() - self.shape.axes()..];
        let places = own.iter().zip(self.shape.lengths());
        places.fold(0, |at, (place, length)| {
            at * length + if *length == 1 { 0 } else { *place }
        })
    }

    /// The tensor as if it did not depend on the image.
    pub(crate) fn fact(&self) -> Fact<'_> {
        Fact {
            shape: self.shape,
            values: Some(&self.values),
        }
    }

    /// The channels, rows and columns of the maps of a tensor with four axes, and their number.
    pub(crate) fn maps(&self) -> (usize, Map) {
        self.shape.maps().expect("checked")
    }

    pub(crate) fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        let values = self.values.iter().map(|value| f(*value)).collect();
        Self::new(self.shape, values)
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

    /// Returns the shape that an operator makes of these inputs.
    pub(crate) fn shape_of(&self, op: &dyn Operator, inputs: &[&Tensor]) -> Shape {
        let facts: Vec<Fact<'_>> = inputs.iter().map(|input| input.fact()).collect();
        op.shape(&facts, self.declared).expect("checked")
    }

    /// Returns zeros of the shape that an operator makes of these inputs.
    pub(crate) fn output(&self, op: &dyn Operator, inputs: &[&Tensor]) -> Tensor {
        Tensor::zeros(self.shape_of(op, inputs))
    }
}

/// Computes an operator, given the declarations and the values of the weights that it names.
///
/// # Errors
///
/// Returns a [`NodeError`] if the operator does not fit the inputs.
pub fn evaluate(
    op: &Op,
    inputs: &[&Tensor],
    declared: &[Weight],
    values: &[Vec<f32>],
) -> Result<Tensor, NodeError> {
    let channels: Vec<Option<usize>> = vec![None; inputs.len()];
    op.channels(&channels, declared)?;
    let facts: Vec<Fact<'_>> = inputs.iter().map(|input| input.fact()).collect();
    op.shape(&facts, declared)?;
    Ok(op.forward(inputs, &Weights { declared, values }))
}

/// Computes an operator without weights of whose inputs it reads all values or none.
pub(crate) fn known(op: &Op, inputs: &[Fact<'_>], declared: &[Weight]) -> Tensor {
    let tensors = inputs.iter().map(|input| match input.values {
        Some(values) => Tensor::new(input.shape, values.to_vec()),
        None => Tensor {
            shape: input.shape,
            values: Vec::new(),
        },
    });
    let tensors: Vec<Tensor> = tensors.collect();
    let tensors: Vec<&Tensor> = tensors.iter().collect();
    let values = &[];
    op.forward(&tensors, &Weights { declared, values })
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
