//! Errors of networks and of runs.

use oneiric_graph::GraphError;

/// A defect of a network, or of what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// A node is asked for that the graph does not have, or that cannot be computed for an image of
    /// that size.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The kernels lack what a wanted node is, or what one is that it needs.
    #[error("the kernels cannot run the node {node:?}: {reason}")]
    Unsupported {
        /// The name of the node that they cannot run, which may come before the wanted one.
        node: String,
        /// The reason.
        reason: String,
    },
    /// A weight tensor has another length than the graph declares.
    #[error("the weight {weight:?} has {actual} values, but must have {expected}")]
    Weights {
        /// The name of the weight.
        weight: String,
        /// The length that the graph declares.
        expected: usize,
        /// The length of the slice.
        actual: usize,
    },
    /// The image has another number of channels than the graph's input.
    #[error("the image has {actual} channels, but must have {expected}")]
    Channels {
        /// Channels of the graph's input.
        expected: usize,
        /// Channels of the image.
        actual: usize,
    },
    /// A slice has another length than its shape.
    #[error("{what} has {actual} values, but must have {expected}")]
    Length {
        /// The slice, such as `the input`.
        what: &'static str,
        /// The length that the shape asks for.
        expected: usize,
        /// The length of the slice.
        actual: usize,
    },
    /// The tensors of the images have more values than memory can hold.
    #[error("{items} images of {height}x{width} need more memory than can be addressed")]
    TooLarge {
        /// Count of images.
        items: usize,
        /// Rows of an image.
        height: usize,
        /// Columns of an image.
        width: usize,
    },
    /// This processor does not have the instructions that are asked for.
    #[error("this CPU does not support {isa:?}")]
    Isa {
        /// The instructions.
        isa: crate::Isa,
    },
}
