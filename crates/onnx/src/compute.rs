//! A model computed by the definitions of its operators.

use std::collections::{BTreeMap, HashMap};

use oneiric_weights::onnx::{Model, Tensor};

use crate::{
    arguments::Arguments,
    constant::Constant,
    functions,
    importer::{Importer, Input},
    lower,
};

/// A tensor that was computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Computed {
    /// The lengths of its axes.
    pub lengths: Vec<usize>,
    /// The values, row-major; true is 1.
    pub values: Vec<f64>,
}

/// Computes a model in f64 by the definitions of its operators, slowly, given all its inputs by
/// name: the yardstick that executors are tested against. Returns the tensors of all nodes.
///
/// # Errors
///
/// Returns the reason if a node cannot be computed.
pub fn compute(model: &Model, inputs: &[Tensor]) -> Result<BTreeMap<String, Computed>, String> {
    let opset = model.opsets.iter();
    let opset = opset.filter(|opset| opset.domain.is_empty() || opset.domain == "ai.onnx");
    let opset = opset.map(|opset| opset.version).max().unwrap_or(1);
    let nodes = functions::inlined(model).map_err(|error| error.to_string())?;
    let mut importer = Importer::new(1, [1, 1])?;
    let mut tensors: HashMap<String, Input> = HashMap::new();
    for tensor in model.graph.initializers.iter().chain(inputs) {
        let constant = Constant::of_file(tensor)?;
        tensors.insert(tensor.name.clone(), Input::Constant(constant));
    }
    for node in &nodes {
        let inputs = node.inputs.iter().map(|name| tensors.get(name).cloned());
        let inputs: Vec<Option<Input>> = inputs.collect();
        let absent = node.inputs.iter().zip(&inputs);
        if let Some((name, _)) = absent
            .into_iter()
            .find(|(name, input)| !name.is_empty() && input.is_none())
        {
            return Err(format!("{}: the input {name:?} is not given", node.op_type));
        }
        let arguments = Arguments {
            node,
            inputs,
            opset,
        };
        let outputs = lower::lower(&mut importer, &arguments, &|_| false);
        let outputs = outputs.map_err(|reason| format!("{}: {reason}", node.op_type))?;
        for (name, output) in node.outputs.iter().zip(outputs) {
            if let Some(output) = output {
                tensors.insert(name.clone(), output);
            }
        }
    }
    let computed = tensors
        .into_iter()
        .filter_map(|(name, tensor)| match tensor {
            Input::Constant(constant) => {
                let computed = Computed {
                    lengths: constant.shape.lengths().to_vec(),
                    values: constant.values(),
                };
                Some((name, computed))
            }
            Input::Node(_) => None,
        });
    Ok(computed.collect())
}
