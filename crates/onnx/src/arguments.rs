//! The inputs and settings of a node that is converted.

use oneiric_weights::onnx::{Attribute, Node, Tensor};

use crate::{constant::Constant, importer::Input};

/// The reason why a node cannot be converted.
pub(crate) type Reason = String;

/// The inputs and settings of a node.
#[derive(Debug)]
pub(crate) struct Arguments<'a> {
    pub(crate) node: &'a Node,
    pub(crate) inputs: Vec<Option<Input>>,
    pub(crate) opset: i64,
}

impl Arguments<'_> {
    /// Returns an input.
    pub(crate) fn input(&self, at: usize) -> Result<Input, Reason> {
        let missing = || format!("input {at} is missing");
        self.optional(at).cloned().ok_or_else(missing)
    }

    /// Returns an input that may be left out.
    pub(crate) fn optional(&self, at: usize) -> Option<&Input> {
        self.inputs.get(at).and_then(Option::as_ref)
    }

    /// Returns all inputs.
    pub(crate) fn all(&self) -> Result<Vec<Input>, Reason> {
        (0..self.inputs.len()).map(|at| self.input(at)).collect()
    }

    /// Returns an input that must be constant, if it is there.
    pub(crate) fn constant(&self, at: usize) -> Result<Option<&Constant>, Reason> {
        match self.optional(at) {
            None => Ok(None),
            Some(Input::Constant(constant)) => Ok(Some(constant)),
            Some(Input::Node(_)) => Err(format!("input {at} is computed, but must be constant")),
        }
    }

    /// Returns an input that must be there and constant.
    pub(crate) fn needed(&self, at: usize) -> Result<&Constant, Reason> {
        let constant = self.constant(at)?;
        constant.ok_or_else(|| format!("input {at} is missing"))
    }

    pub(crate) fn int(&self, name: &str, default: i64) -> i64 {
        match self.node.attribute(name) {
            Some(Attribute::Int(value)) => *value,
            _ => default,
        }
    }

    pub(crate) fn axis(&self, default: isize) -> isize {
        self.int("axis", default as i64) as isize
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.int(name, 0) != 0
    }

    pub(crate) fn float(&self, name: &str, default: f32) -> f64 {
        f64::from(match self.node.attribute(name) {
            Some(Attribute::Float(value)) => *value,
            _ => default,
        })
    }

    pub(crate) fn text(&self, name: &str, default: &'static str) -> &str {
        match self.node.attribute(name) {
            Some(Attribute::String(value)) => value,
            _ => default,
        }
    }

    pub(crate) fn ints(&self, name: &str) -> Option<&[i64]> {
        match self.node.attribute(name) {
            Some(Attribute::Ints(values)) => Some(values),
            _ => None,
        }
    }

    pub(crate) fn tensor(&self, name: &str) -> Option<&Tensor> {
        match self.node.attribute(name) {
            Some(Attribute::Tensor(tensor)) => Some(tensor),
            _ => None,
        }
    }

    /// Returns integers that are an attribute in old operator sets and an input in new ones.
    pub(crate) fn ints_or_input(&self, name: &str, at: usize) -> Result<Option<Vec<i64>>, Reason> {
        if let Some(values) = self.ints(name) {
            return Ok(Some(values.to_vec()));
        }
        Ok(self.constant(at)?.map(Constant::integers))
    }
}
