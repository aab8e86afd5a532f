//! What is known of a tensor before an image is.

use std::sync::Arc;

use crate::{GraphError, NodeError, NodeId, Shape};

/// What is known of one tensor for images of a given size.
#[derive(Debug, Clone, Copy)]
pub struct Fact<'a> {
    /// The shape.
    pub shape: Shape,
    /// The values, row-major, if they do not depend on what the image shows: constants, and what
    /// is computed from the shapes of other tensors. Integers are exact up to 2^53, and true is 1.
    pub values: Option<&'a [f64]>,
}

impl<'a> Fact<'a> {
    /// Returns the values.
    ///
    /// # Errors
    ///
    /// Returns [`NodeError::NotKnown`] if they depend on the image; `what` names the tensor.
    pub fn known(&self, what: &'static str) -> Result<&'a [f64], NodeError> {
        self.values.ok_or(NodeError::NotKnown { what })
    }

    /// Returns the values as integers.
    ///
    /// # Errors
    ///
    /// Returns [`NodeError::NotKnown`] if they depend on the image.
    pub fn integers(&self, what: &'static str) -> Result<Vec<i64>, NodeError> {
        // A float that is too large becomes the largest integer, as the end of a slice is meant.
        Ok(self
            .known(what)?
            .iter()
            .map(|value| *value as i64)
            .collect())
    }

    /// Returns the values as lengths.
    ///
    /// # Errors
    ///
    /// Returns [`NodeError::NotKnown`] if they depend on the image, and [`NodeError::Invalid`] if
    /// one is negative.
    pub fn lengths(&self, what: &'static str) -> Result<Vec<usize>, NodeError> {
        let lengths = self.integers(what)?.into_iter().map(|value| {
            usize::try_from(value).map_err(|_| NodeError::Invalid {
                reason: format!("{what} holds {value}, but must not be negative"),
            })
        });
        lengths.collect()
    }
}

/// What is known of the tensors of a graph for images of a given size.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    pub(crate) all: Vec<Option<Inferred>>,
    /// The nodes that cannot be computed although their inputs can be.
    pub(crate) errors: Vec<(NodeId, GraphError)>,
}

/// What is known of one tensor, with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Inferred {
    /// The shape.
    pub shape: Shape,
    /// The values, if they do not depend on what the image shows.
    pub values: Option<Arc<[f64]>>,
}

impl Inferred {
    /// What is known, by reference.
    #[must_use]
    pub fn fact(&self) -> Fact<'_> {
        Fact {
            shape: self.shape,
            values: self.values.as_deref(),
        }
    }
}

impl Facts {
    /// Returns what is known of a node; `None` if it was not asked for and nothing that was needs
    /// it, or if it cannot be computed for this size of image.
    #[must_use]
    pub fn get(&self, node: NodeId) -> Option<Fact<'_>> {
        self.all.get(node.0)?.as_ref().map(Inferred::fact)
    }

    /// Returns the reason why a node cannot be computed although its inputs can be.
    #[must_use]
    pub fn error(&self, node: NodeId) -> Option<&GraphError> {
        let found = self.errors.iter().find(|(found, _)| *found == node);
        found.map(|(_, error)| error)
    }

    /// The nodes that cannot be computed although their inputs can be, each with the reason.
    #[must_use]
    pub fn errors(&self) -> &[(NodeId, GraphError)] {
        &self.errors
    }

    /// Returns the shape of a node; `None` as for [`get`](Self::get).
    #[must_use]
    pub fn shape(&self, node: NodeId) -> Option<Shape> {
        self.get(node).map(|fact| fact.shape)
    }
}
