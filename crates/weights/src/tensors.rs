//! Named tensors on the host, the result of reading any file format.

use std::collections::BTreeMap;

/// A tensor on the host, in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct HostTensor {
    /// The size of each axis.
    pub shape: Vec<usize>,
    /// The values, as many as the product of the shape.
    pub values: Vec<f32>,
}

/// Tensors by name.
pub type NamedTensors = BTreeMap<String, HostTensor>;
