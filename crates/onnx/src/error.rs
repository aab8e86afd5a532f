//! Errors of imports.

/// A model that cannot be imported at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The model's operator set is too old or too new.
    #[error(
        "the model is of ONNX's operator set {found}, but sets 7 to 24 are read; export it again \
         with one of them, or convert it with onnx.version_converter"
    )]
    Opset {
        /// The version.
        found: i64,
    },
    /// The model has no input that could be an image.
    #[error(
        "the model has no input of the shape [n, c, h, w] or [n, h, w, c]; its inputs: {inputs}"
    )]
    NoImage {
        /// The inputs with their shapes.
        inputs: String,
    },
    /// Functions of the model call one another too deep.
    #[error("the model's functions call one another more than {most} deep")]
    Functions {
        /// The depth that is allowed.
        most: usize,
    },
    /// Nothing of the model can be computed.
    #[error("no layer of the model can be computed{}", .first.as_ref().map(|missing| format!("; {missing}")).unwrap_or_default())]
    Nothing {
        /// The first node that is missing.
        first: Option<Missing>,
    },
    /// The nodes make no graph, which is a defect of the importer.
    #[error("the nodes make no graph: {0}")]
    Graph(#[from] oneiric_graph::GraphError),
}

/// A node of a model that is not in the graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the node {node:?} ({operator}) is out of reach: {reason}")]
pub struct Missing {
    /// The name of the node, or of its first output if it has none.
    pub node: String,
    /// The operator.
    pub operator: String,
    /// The reason.
    pub reason: String,
}
