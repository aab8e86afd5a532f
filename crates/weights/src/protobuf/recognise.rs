//! Which message this is: protobuf has no magic number, so its first fields must say.

use super::{
    caffe::{LAYER, LAYER_NAME, V1_LAYER, V1_LAYER_NAME},
    tensorflow::{GRAPH_NODE, NODE_NAME, NODE_OP},
    wire::{Fields, Value},
};
use crate::Format;

/// Caffe's name of the whole model, where a graph has its first node.
const NET_NAME: u64 = 1;

/// Tells a graph from a model by a file's first bytes; `None` when it is neither.
pub(crate) fn recognise(head: &[u8]) -> Option<Format> {
    const _: () = assert!(NET_NAME == GRAPH_NODE);
    for field in Fields::of_beginning(head) {
        match field.ok()? {
            (GRAPH_NODE, Value::Bytes(node))
                if has_text(node, NODE_NAME) && has_text(node, NODE_OP) =>
            {
                return Some(Format::TensorFlow);
            }
            (V1_LAYER, Value::Bytes(layer)) if has_text(layer, V1_LAYER_NAME) => {
                return Some(Format::Caffe);
            }
            (LAYER, Value::Bytes(layer)) if has_text(layer, LAYER_NAME) => {
                return Some(Format::Caffe);
            }
            _ => {}
        }
    }
    None
}

/// Whether a message's beginning has a field that is a readable text.
fn has_text(message: &[u8], number: u64) -> bool {
    Fields::of_beginning(message)
        .map_while(Result::ok)
        .any(|field| match field {
            (found, Value::Bytes(text)) if found == number => {
                std::str::from_utf8(text).is_ok_and(|text| !text.contains(char::is_control))
            }
            _ => false,
        })
}
