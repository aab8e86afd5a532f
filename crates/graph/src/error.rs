//! Errors about graphs.

use std::fmt;

use oneiric_support::SettingError;

/// The number of inputs that an operator takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    /// Exactly this many.
    Exactly(usize),
    /// This many or more.
    AtLeast(usize),
}

impl Arity {
    /// Returns true if an operator with this arity takes that many inputs.
    #[must_use]
    pub const fn allows(self, inputs: usize) -> bool {
        match self {
            Self::Exactly(count) => inputs == count,
            Self::AtLeast(count) => inputs >= count,
        }
    }
}

impl fmt::Display for Arity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(count) => write!(f, "{count}"),
            Self::AtLeast(count) => write!(f, "at least {count}"),
        }
    }
}

/// A defect of a graph, or of what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// The graph does not begin with its only input.
    #[error("node 0 is the graph's only input, but node {node} is or is not one; put it first")]
    Input {
        /// The index of the offending node.
        node: usize,
    },
    /// A node reads one that does not come before it.
    #[error(
        "the node {node:?} reads node {input}, but inputs come before the node that reads them"
    )]
    Order {
        /// The name of the node.
        node: String,
        /// The index of the input.
        input: usize,
    },
    /// Two nodes or two weights share a name.
    #[error("the name {name:?} is given twice; every node and every weight needs its own")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A weight tensor has no values.
    #[error("the weight {weight:?} has the shape {shape:?}; every axis is at least 1")]
    EmptyWeight {
        /// The name of the weight.
        weight: String,
        /// The shape.
        shape: Vec<usize>,
    },
    /// A node's operator does not fit its settings, its inputs or its weights.
    #[error("the node {node:?}: {source}")]
    Node {
        /// The name of the node.
        node: String,
        /// The defect.
        source: NodeError,
    },
    /// A node cannot be computed for images of that size.
    #[error("the node {node:?} cannot be computed for an image of {height}x{width}: {source}")]
    Image {
        /// The name of the node.
        node: String,
        /// Rows of the image.
        height: usize,
        /// Columns of the image.
        width: usize,
        /// The reason.
        source: NodeError,
    },
    /// A node is asked for that the graph does not have.
    #[error("node {node} is asked for, but the graph has {nodes} nodes, counted from 0")]
    NoSuchNode {
        /// The index that was asked for.
        node: usize,
        /// The number of nodes.
        nodes: usize,
    },
}

/// A defect of one node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The operator takes another number of inputs.
    #[error("it takes {expected} inputs, but has {found}")]
    Arity {
        /// The inputs that the operator takes.
        expected: Arity,
        /// The inputs that it has.
        found: usize,
    },
    /// The operator names a weight that the graph does not declare.
    #[error("it names weight {weight}, but the graph declares {weights}, counted from 0")]
    NoSuchWeight {
        /// The index that was named.
        weight: usize,
        /// The number of weights.
        weights: usize,
    },
    /// A weight has another shape than the operator needs.
    #[error("the weight {weight:?} has the shape {found:?}, but must have {expected}")]
    WeightShape {
        /// The name of the weight.
        weight: String,
        /// The shape that the operator needs.
        expected: String,
        /// The shape that is declared.
        found: Vec<usize>,
    },
    /// A setting has a value that is not allowed.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// An input has another number of channels than the first or than the weights.
    #[error("an input has {found} channels, but must have {expected}")]
    Channels {
        /// The channels that the operator needs.
        expected: usize,
        /// The channels that the input has.
        found: usize,
    },
    /// The inputs have different shapes.
    #[error("its inputs have the shapes {expected:?} and {found:?}, but must fit one another")]
    Shapes {
        /// The shape of the first input.
        expected: Vec<usize>,
        /// The shape of the other.
        found: Vec<usize>,
    },
    /// No window fits into the input, or one would lie in the padding alone.
    #[error("an input of {}x{} is too small for its windows", .input[0], .input[1])]
    TooSmall {
        /// Rows and columns of the input.
        input: [usize; 2],
    },
    /// The input has another number of values than the matrix has features.
    #[error(
        "its weights are for {expected} values, but the input has {found}; is the image of the network's size?"
    )]
    Features {
        /// Features of the matrix.
        expected: usize,
        /// Channels times height times width of the input.
        found: usize,
    },
    /// A tensor has more positions than can be addressed.
    #[error(
        "its output would have the shape {output:?}, which is too large; an axis has at most {most} positions"
    )]
    TooLarge {
        /// The lengths of the output's axes.
        output: Vec<usize>,
        /// The most positions along an axis.
        most: usize,
    },
    /// A tensor has other axes than the operator needs.
    #[error("a tensor has the shape {found:?}, but must have {expected}")]
    Axes {
        /// The axes that the operator needs.
        expected: String,
        /// The lengths of the tensor's axes.
        found: Vec<usize>,
    },
    /// An operator names an axis that its input does not have.
    #[error("it names axis {axis}, but its input has {axes}, counted from 0")]
    NoSuchAxis {
        /// The axis; a negative one counts from the end.
        axis: isize,
        /// The axes of the input.
        axes: usize,
    },
    /// Two tensors cannot be broadcast to one shape.
    #[error(
        "its inputs have the shapes {first:?} and {second:?}, which cannot be broadcast to one"
    )]
    Broadcast {
        /// The shape of the first.
        first: Vec<usize>,
        /// The shape of the second.
        second: Vec<usize>,
    },
    /// The operator needs the values of a tensor that depends on what the image shows.
    #[error("{what} depends on what the image shows, but must be known from its size")]
    NotKnown {
        /// The tensor.
        what: &'static str,
    },
    /// The values of an input do not fit the others.
    #[error("{reason}")]
    Invalid {
        /// What is wrong, and what was expected.
        reason: String,
    },
}
