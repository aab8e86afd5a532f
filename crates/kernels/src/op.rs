//! What a network is made of.

/// Rows (or columns) of padding before and after, for (size, kernel, stride): neither more than
/// twice the size and the kernel together. A run with an image size that is new asks once.
pub type PadRule = fn(usize, usize, usize) -> (usize, usize);

/// Local response normalisation across channels:
/// `y_i = x_i * (bias + alpha * sum over |j - i| <= radius of x_j^2)^-beta`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lrn {
    /// Channels on either side that count, at most 1024.
    pub radius: usize,
    /// Scale of the sum of squares, not divided by anything here; not negative.
    pub alpha: f32,
    /// Exponent.
    pub beta: f32,
    /// Added to the scaled sum; above 0.
    pub bias: f32,
}

/// What a node computes from its inputs.
#[derive(Debug, Clone)]
pub enum Op {
    /// The image; node 0 and no other.
    Input,
    /// Convolution.
    Conv {
        /// Index of its weights; several nodes can have the same.
        weights: usize,
        /// Of rows and columns, at most 1024.
        stride: usize,
        /// Padding with zeros.
        pad: PadRule,
        /// Whether the bias is added.
        bias: bool,
    },
    /// The larger of the number and 0.
    Relu,
    /// Maximum over windows; padding never wins, and what is not a number always does.
    MaxPool {
        /// Rows and columns of a window, at most 1024.
        kernel: usize,
        /// Of rows and columns, at most 1024.
        stride: usize,
        /// Positions outside that windows may reach.
        pad: PadRule,
    },
    /// Local response normalisation.
    Lrn(Lrn),
    /// Along the channels.
    Concat,
    /// Mean over all positions.
    GlobalAveragePool,
}

/// One tensor of the network.
#[derive(Debug, Clone)]
pub struct Node {
    /// What computes it.
    pub op: Op,
    /// Indices of earlier nodes.
    pub inputs: Vec<usize>,
}

/// Weights of one convolution.
#[derive(Debug, Clone, Copy)]
pub struct ConvWeights<'a> {
    /// Output channels.
    pub out: usize,
    /// Input channels.
    pub input: usize,
    /// Rows and columns of the kernel.
    pub kernel: usize,
    /// `[out][input][kernel][kernel]`.
    pub weight: &'a [f32],
    /// `[out]`.
    pub bias: &'a [f32],
}
