//! The formats that are protobuf messages: TensorFlow's graphs and Caffe's models.

mod caffe;
mod recognise;
mod tensorflow;
mod wire;

pub(crate) use caffe::read_net;
pub(crate) use recognise::recognise;
pub(crate) use tensorflow::{read_graph, read_graph_archive};
