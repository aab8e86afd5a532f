//! Tensors that do not depend on the image.

use std::sync::Arc;

use oneiric_graph::{NodeError, Shape, oracle};
use oneiric_weights::onnx;

/// What the numbers of a tensor stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Float,
    Int,
    Bool,
}

/// The values of a constant.
#[derive(Debug, Clone)]
pub(crate) enum Numbers {
    /// Weights, as the file has them.
    Single(Arc<[f32]>),
    /// Integers and what is computed.
    Double(Arc<[f64]>),
}

/// A tensor that does not depend on the image.
#[derive(Debug, Clone)]
pub(crate) struct Constant {
    pub(crate) shape: Shape,
    pub(crate) numbers: Numbers,
    pub(crate) kind: Kind,
    /// The name in the file, if it is an initializer.
    pub(crate) name: Option<Arc<str>>,
}

impl Constant {
    pub(crate) fn of_file(tensor: &onnx::Tensor) -> Result<Self, String> {
        let shape = Shape::of(&tensor.shape).map_err(|error| error.to_string())?;
        let (numbers, kind) = match &tensor.values {
            onnx::Values::Float(values) => (Numbers::Single(values.as_slice().into()), Kind::Float),
            onnx::Values::Int(values) => {
                let values: Vec<f64> = values.iter().map(|value| *value as f64).collect();
                let is_bool = tensor.element == onnx::ElementType::Bool;
                let kind = if is_bool { Kind::Bool } else { Kind::Int };
                (Numbers::Double(values.into()), kind)
            }
            _ => return Err(format!("its elements are of the type {}", tensor.element)),
        };
        let name = (!tensor.name.is_empty()).then(|| Arc::from(tensor.name.as_str()));
        Ok(Self {
            shape,
            numbers,
            kind,
            name,
        })
    }

    pub(crate) fn new(tensor: oracle::Tensor, kind: Kind) -> Self {
        Self {
            shape: tensor.shape,
            numbers: Numbers::Double(tensor.values.into()),
            kind,
            name: None,
        }
    }

    pub(crate) fn vector(values: &[i64]) -> Self {
        let shape = Shape::vector(values.len());
        let values = values.iter().map(|value| *value as f64).collect();
        Self::new(oracle::Tensor::new(shape, values), Kind::Int)
    }

    pub(crate) fn scalar(value: f64) -> Self {
        Self::new(oracle::Tensor::new(Shape::SCALAR, vec![value]), Kind::Float)
    }

    /// The values in f64.
    pub(crate) fn values(&self) -> Vec<f64> {
        match &self.numbers {
            Numbers::Single(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Numbers::Double(values) => values.to_vec(),
        }
    }

    /// The values in f32.
    pub(crate) fn singles(&self) -> Vec<f32> {
        match &self.numbers {
            Numbers::Single(values) => values.to_vec(),
            Numbers::Double(values) => values.iter().map(|value| *value as f32).collect(),
        }
    }

    pub(crate) fn integers(&self) -> Vec<i64> {
        self.values()
            .into_iter()
            .map(|value| value as i64)
            .collect()
    }

    pub(crate) fn tensor(&self) -> oracle::Tensor {
        oracle::Tensor::new(self.shape, self.values())
    }

    /// The same values under other axes.
    pub(crate) fn reshaped(&self, lengths: &[usize]) -> Result<Self, NodeError> {
        Ok(Self {
            shape: Shape::of(lengths)?,
            ..self.clone()
        })
    }
}
