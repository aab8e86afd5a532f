//! Nodes.

use serde::{Deserialize, Serialize};

use crate::Op;

/// The number of a node: its place in [`Graph::nodes`](crate::Graph::nodes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(pub(crate) usize);

impl NodeId {
    /// The node at that place in [`Graph::nodes`](crate::Graph::nodes).
    #[must_use]
    pub const fn new(index: usize) -> Self {
        Self(index)
    }

    /// The place in [`Graph::nodes`](crate::Graph::nodes).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }
}

/// One tensor of a network and the operator that computes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Node {
    /// The name, unique in the graph.
    pub name: String,
    /// The operator.
    pub op: Op,
    /// The operator's inputs: earlier nodes.
    pub inputs: Vec<NodeId>,
}
