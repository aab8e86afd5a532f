//! Formats that are protobuf messages: TensorFlow graphs and Caffe models.

mod caffe;
mod recognize;
mod tensorflow;
pub(crate) mod wire;

pub(crate) use caffe::read_net;
pub(crate) use recognize::{is_onnx, is_saved_model, recognize};
pub(crate) use tensorflow::{read_graph, read_graph_archive};
