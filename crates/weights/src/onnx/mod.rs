//! ONNX models: everything that a file says, in Rust's types.
//!
//! [`read`] opens a model with its external data, [`parse`] takes bytes. Nothing is interpreted: what
//! operators mean is for whoever makes a network of the model. Names are those of ONNX's schema
//! (<https://onnx.ai/onnx/repo-docs/IR.html>).
//!
//! A hostile file costs no more memory than a small multiple of its size, and external data is read
//! from the folder of the model alone.

mod element;
mod external;
mod model;
mod parse;
mod tensor;

pub use element::ElementType;
pub use model::{
    Attribute, Dimension, Function, Graph, Model, Node, OpsetImport, Tensor, ValueInfo, Values,
};
pub use parse::{parse, parse_tensor, read};
