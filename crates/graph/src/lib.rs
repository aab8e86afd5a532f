//! Vision networks as data: a list of named nodes, each an operator on earlier nodes.
//!
//! Whoever makes a network (a builder of InceptionV1, a reader of files, a user) makes a
//! [`Graph`]; whoever runs it (the kernels of a CPU, burn's operations) reads it. A graph holds no
//! numbers: it declares its weights by name and shape, and an executor is given their values. A
//! graph can be compared, hashed and serialized, and everything about it that does not depend on
//! the size of the image is checked when it is made.
//!
//! ```
//! use oneiric_graph::{ConvConfig, GraphBuilder, Padding};
//!
//! let mut net = GraphBuilder::new(3);
//! let x = net.input();
//! let stem = ConvConfig::new(16, [3, 3]).stride([2, 2]).padding(Padding::SameUpper);
//! let x = net.conv("stem", x, stem);
//! let x = net.relu("stem/relu", x);
//! let left = net.conv("left", x, ConvConfig::new(8, [1, 1]));
//! let padded = ConvConfig::new(8, [3, 3]).padding(Padding::symmetric([1, 1]));
//! let right = net.conv("right", x, padded);
//! let x = net.concat("both", &[left, right]);
//! net.global_average_pool("mean", x);
//! let graph = net.build()?;
//!
//! let both = graph.find("both").expect("a node of that name");
//! assert_eq!(graph.shape(both, [224, 160])?.lengths(), [1, 16, 112, 80]);
//! assert_eq!(graph.weights()[0].name, "stem.weight");
//! assert_eq!(graph.weights()[0].shape, [16, 3, 3, 3]);
//! # Ok::<(), oneiric_graph::GraphError>(())
//! ```
//!
//! # Operators
//!
//! Each operator is one file in `ops/`: its settings as plain data, the rule for its shape, and its
//! definition in f64 with the gradient, which the executors are tested against and which computes
//! what depends on the size of the image alone ([`Graph::facts`]). docs/adding-an-operator.md is the
//! recipe for a new one.
//!
//! A [`Shape`] is that of one image's tensor; a batch is independent images.

#![forbid(unsafe_code)]

mod builder;
mod error;
mod fact;
mod graph;
mod node;
mod number;
mod ops;
pub mod oracle;
mod relu_gradient;
mod shape;
mod view;
mod weight;
mod window;

pub use builder::GraphBuilder;
pub use error::{Arity, GraphError, NodeError};
pub use fact::{Fact, Facts, Inferred};
pub use graph::Graph;
pub use node::{Node, NodeId};
pub use number::Number;
pub use ops::{
    Add, Arrangement, Attention, AveragePool, Binary, Concat, Constant, Conv, ConvConfig,
    ConvTranspose, Coordinates, Crop, Fill, Fit, Gemm, Generate, GlobalAveragePool, Halves, Input,
    Interpolation, LayerNorm, Lrn, MatMul, MaxPool, Op, Parameter, Rearrange, Reduce, Reduction,
    Relu, Reshape, Resize, Select, ShapeOf, Softmax, Taps, Tokens, TransposedAxis, Unary,
};
pub use relu_gradient::ReluGradient;
pub use shape::{MOST_AXES, Map, Shape};
pub use view::View;
pub use weight::{Weight, WeightId};
pub use window::{Axis, Padding, Rounding, Window};
