//! What can be wrong with a network, or with what it is asked for.

/// Why a network could not be made, or not be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// A node that cannot be: its inputs, its parameters or its place in the list.
    #[error("node {node}: {reason}")]
    Node {
        /// Index of the node.
        node: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Weights that are not as large as their shape says.
    #[error("weights {weights}: {what} has {actual} values, expected {expected}")]
    Weights {
        /// Index of the convolution's weights.
        weights: usize,
        /// `weight` or `bias`.
        what: &'static str,
        /// Values that the shape asks for.
        expected: usize,
        /// Values that there are.
        actual: usize,
    },
    /// Tensors that do not fit together.
    #[error("node {node}: {what} is {actual}, expected {expected}")]
    Mismatch {
        /// Index of the node.
        node: usize,
        /// What differs, such as `channels`.
        what: &'static str,
        /// What the node needs.
        expected: usize,
        /// What it gets.
        actual: usize,
    },
    /// Weights of no convolution: without output channels, input channels or kernel.
    #[error("weights {weights}: output channels, input channels and kernel are at least 1")]
    EmptyWeights {
        /// Index of the convolution's weights.
        weights: usize,
    },
    /// A slice whose length is not that of its shape.
    #[error("{what} has {actual} values, expected {expected}")]
    Length {
        /// Which slice.
        what: &'static str,
        /// Values that the shape asks for.
        expected: usize,
        /// Values that there are.
        actual: usize,
    },
    /// The image leaves a node without a position, or a window without one inside the image.
    #[error("an image of {height}x{width} is too small for node {node}")]
    ImageTooSmall {
        /// Index of the node.
        node: usize,
        /// Rows of the image.
        height: usize,
        /// Columns of the image.
        width: usize,
    },
    /// A padding rule that makes more of the padding than of what it surrounds.
    #[error("node {node}: a side of {size} is padded by {padding}, at most {most} is possible")]
    Padding {
        /// Index of the node.
        node: usize,
        /// Rows or columns that are padded.
        size: usize,
        /// The larger of the paddings before and after.
        padding: usize,
        /// The largest that is allowed.
        most: usize,
    },
    /// The tensors for the images have more numbers than memory can.
    #[error("{items} images of {height}x{width} take more memory than there can be")]
    TooLarge {
        /// Images.
        items: usize,
        /// Rows of an image.
        height: usize,
        /// Columns of an image.
        width: usize,
    },
    /// A node that does not exist is asked for.
    #[error("node {node} is asked for, but there are only {nodes}")]
    NoSuchNode {
        /// Index asked for.
        node: usize,
        /// Nodes of the network.
        nodes: usize,
    },
    /// Instructions that this processor does not have.
    #[error("this processor does not have {isa:?}")]
    Isa {
        /// The instructions asked for.
        isa: crate::Isa,
    },
}
