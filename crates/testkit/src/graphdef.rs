//! The constants of a frozen TensorFlow graph, for test networks.

use std::collections::BTreeMap;

use crate::{
    Array,
    protobuf::{all, first, floats, number},
};

/// Reads every float constant that stores its data in `tensor_content`, by node name.
///
/// # Panics
///
/// Panics if the bytes are not a TensorFlow graph.
#[must_use]
pub fn graphdef_constants(graph: &[u8]) -> BTreeMap<String, Array> {
    // Field numbers: tensorflow/core/framework/
    // {graph,node_def,attr_value,tensor,tensor_shape}.proto
    const GRAPH_NODE: u64 = 1;
    const NODE_NAME: u64 = 1;
    const NODE_ATTR: u64 = 5;
    const ENTRY_KEY: u64 = 1;
    const ENTRY_VALUE: u64 = 2;
    const ATTR_TENSOR: u64 = 8;
    let mut constants = BTreeMap::new();
    for node in all(graph, GRAPH_NODE) {
        let name = String::from_utf8(first(node, NODE_NAME).expect("a node has a name").to_vec());
        let value = all(node, NODE_ATTR)
            .into_iter()
            .find(|entry| first(entry, ENTRY_KEY) == Some(b"value"))
            .and_then(|entry| first(entry, ENTRY_VALUE))
            .and_then(|value| first(value, ATTR_TENSOR));
        if let Some(array) = value.and_then(float_tensor) {
            constants.insert(name.expect("names are UTF-8"), array);
        }
    }
    constants
}

fn float_tensor(tensor: &[u8]) -> Option<Array> {
    const DTYPE: u64 = 1;
    const SHAPE: u64 = 2;
    const CONTENT: u64 = 4;
    const SHAPE_DIM: u64 = 2;
    const DIM_SIZE: u64 = 1;
    const FLOAT: u64 = 1;
    if number(tensor, DTYPE) != Some(FLOAT) {
        return None;
    }
    let shape: Vec<usize> = all(first(tensor, SHAPE)?, SHAPE_DIM)
        .into_iter()
        .map(|dim| number(dim, DIM_SIZE).unwrap_or(0) as usize)
        .collect();
    Some(Array::new(shape, floats(first(tensor, CONTENT)?)))
}
