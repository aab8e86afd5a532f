//! Recognition of a protobuf message by its first fields, as protobuf has no magic number.

use super::{
    caffe::{LAYER, LAYER_NAME, V1_LAYER, V1_LAYER_NAME},
    tensorflow::{GRAPH_NODE, NODE_NAME, NODE_OP},
    wire::{Fields, Value},
};
use crate::Format;

/// The field of a Caffe model's name. It has the same number as a graph's nodes.
const NET_NAME: u64 = 1;

/// Distinguishes a TensorFlow graph from a Caffe model by a file's first bytes. Returns `None` if
/// the bytes are neither.
pub(crate) fn recognize(head: &[u8]) -> Option<Format> {
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

/// Returns true for the beginning of an ONNX model: its version, then its graph or the versions of
/// its operators.
pub(crate) fn is_onnx(head: &[u8]) -> bool {
    const VERSION: u64 = 1;
    const MOST_VERSION: u64 = 64;
    const GRAPH: u64 = 7;
    const OPERATORS: u64 = 8;
    let mut fields = Fields::of_beginning(head).map_while(Result::ok);
    matches!(
        fields.next(),
        Some((VERSION, Value::Number(1..=MOST_VERSION)))
    ) && fields.any(|field| matches!(field, (GRAPH | OPERATORS, Value::Bytes(_))))
}

/// Returns true for the beginning of TensorFlow's `saved_model.pb`: the version 1, then a graph with
/// a message of its own about its origin.
pub(crate) fn is_saved_model(head: &[u8]) -> bool {
    const VERSION: u64 = 1;
    const META_GRAPH: u64 = 2;
    const META_INFO: u64 = 1;
    let mut fields = Fields::of_beginning(head).map_while(Result::ok);
    let (Some((VERSION, Value::Number(1))), Some((META_GRAPH, Value::Bytes(graph)))) =
        (fields.next(), fields.next())
    else {
        return false;
    };
    let first = Fields::of_beginning(graph).map_while(Result::ok).next();
    matches!(first, Some((META_INFO, Value::Bytes(_))))
        && fields.all(|(number, _)| number == META_GRAPH)
}

/// Returns true if the beginning of a message has a field `number` that is printable text.
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
