//! What an ONNX file holds.

use super::ElementType;

/// A model (`ModelProto`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    /// The version of the file format.
    pub ir_version: i64,
    /// The versions of the operator sets.
    pub opsets: Vec<OpsetImport>,
    /// The name of the program that wrote the file.
    pub producer: String,
    /// The network.
    pub graph: Graph,
    /// Operators that the model defines itself.
    pub functions: Vec<Function>,
    /// What the file says besides, key by key.
    pub metadata: Vec<(String, String)>,
}

/// The version of an operator set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpsetImport {
    /// The domain of the operators; empty for ONNX's own.
    pub domain: String,
    /// The version.
    pub version: i64,
}

/// A graph (`GraphProto`): that of a model, or the body of a node of control flow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Graph {
    /// The name.
    pub name: String,
    /// The nodes, in an order in which they can be computed.
    pub nodes: Vec<Node>,
    /// Constants by name.
    pub initializers: Vec<Tensor>,
    /// Inputs; old files list the initializers among them.
    pub inputs: Vec<ValueInfo>,
    /// Outputs.
    pub outputs: Vec<ValueInfo>,
    /// What the file says of tensors in between.
    pub values: Vec<ValueInfo>,
}

/// An operator that a model defines itself (`FunctionProto`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Function {
    /// The operator's name.
    pub name: String,
    /// Its domain.
    pub domain: String,
    /// Distinguishes functions of one name and domain.
    pub overload: String,
    /// Names of the inputs within the function.
    pub inputs: Vec<String>,
    /// Names of the outputs within the function.
    pub outputs: Vec<String>,
    /// Names of the attributes without a default.
    pub attributes: Vec<String>,
    /// Attributes with a default.
    pub default_attributes: Vec<(String, Attribute)>,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The versions of the operator sets that the nodes are of.
    pub opsets: Vec<OpsetImport>,
}

/// A node (`NodeProto`).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Node {
    /// The name; may be empty, and need not be unique.
    pub name: String,
    /// The operator.
    pub op_type: String,
    /// The operator's domain; empty for ONNX's own.
    pub domain: String,
    /// Distinguishes functions of one name and domain.
    pub overload: String,
    /// Names of the input tensors; an empty one is left out.
    pub inputs: Vec<String>,
    /// Names of the output tensors; an empty one is not needed.
    pub outputs: Vec<String>,
    /// Settings by name.
    pub attributes: Vec<(String, Attribute)>,
    /// What the file says besides, key by key.
    pub metadata: Vec<(String, String)>,
}

impl Node {
    /// Returns the attribute of that name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        let found = self.attributes.iter().find(|(found, _)| found == name);
        found.map(|(_, attribute)| attribute)
    }
}

/// The value of a node's setting (`AttributeProto`).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Attribute {
    /// A number.
    Float(f32),
    /// An integer.
    Int(i64),
    /// Text; bytes that are not UTF-8 are replaced.
    String(String),
    /// A tensor.
    Tensor(Tensor),
    /// A graph.
    Graph(Box<Graph>),
    /// Numbers.
    Floats(Vec<f32>),
    /// Integers.
    Ints(Vec<i64>),
    /// Texts.
    Strings(Vec<String>),
    /// Tensors.
    Tensors(Vec<Tensor>),
    /// Graphs.
    Graphs(Vec<Graph>),
    /// The attribute of that name of the function that the node is in.
    Reference(String),
    /// A value of a kind that is not read.
    Other,
}

/// What a file says of a tensor (`ValueInfoProto`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ValueInfo {
    /// The name.
    pub name: String,
    /// The type of its elements; `None` if it is no tensor, or the file does not say.
    pub element: Option<ElementType>,
    /// The lengths of its axes; `None` if the file does not say.
    pub shape: Option<Vec<Dimension>>,
}

/// The length of an axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dimension {
    /// A number.
    Fixed(usize),
    /// A name, for a length that may differ from run to run.
    Named(String),
    /// Any length.
    Unknown,
}

/// A tensor (`TensorProto`).
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// The name.
    pub name: String,
    /// The type of its elements in the file.
    pub element: ElementType,
    /// The lengths of its axes.
    pub shape: Vec<usize>,
    /// The values, row-major.
    pub values: Values,
}

/// The values of a tensor.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Values {
    /// Floats; doubles are rounded, halves widened exactly.
    Float(Vec<f32>),
    /// Integers and truth values, which are 0 and 1. An unsigned one above the largest `i64` wraps.
    Int(Vec<i64>),
    /// Values of a type that is not read, or more than 65,536 integers of 8 bits, which are the
    /// weights of a quantized network.
    Opaque,
}
