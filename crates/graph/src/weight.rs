//! Declarations of weights.

use serde::{Deserialize, Serialize};

use crate::NodeError;

/// The number of a weight tensor: its place in [`Graph::weights`](crate::Graph::weights).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WeightId(pub(crate) usize);

impl WeightId {
    /// The weight at that place in [`Graph::weights`](crate::Graph::weights).
    #[must_use]
    pub const fn new(index: usize) -> Self {
        Self(index)
    }

    /// The place in [`Graph::weights`](crate::Graph::weights).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }
}

/// The declaration of a weight tensor. A graph holds no values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Weight {
    /// The name, unique in the graph.
    pub name: String,
    /// The lengths of the axes, row-major.
    pub shape: Vec<usize>,
}

impl Weight {
    /// The number of values.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Returns the declaration of a weight that an operator names.
pub(crate) fn declared(weights: &[Weight], id: WeightId) -> Result<&Weight, NodeError> {
    weights.get(id.0).ok_or(NodeError::NoSuchWeight {
        weight: id.0,
        weights: weights.len(),
    })
}

/// Checks that a weight is a vector of that length, such as a bias.
pub(crate) fn check_vector(
    weights: &[Weight],
    id: WeightId,
    length: usize,
) -> Result<(), NodeError> {
    let weight = declared(weights, id)?;
    if weight.shape == [length] {
        return Ok(());
    }
    Err(NodeError::WeightShape {
        weight: weight.name.clone(),
        expected: format!("[{length}]"),
        found: weight.shape.clone(),
    })
}
