//! Functions that a model defines, put in the place of the nodes that call them.

use std::collections::HashMap;

use oneiric_weights::onnx::{Attribute, Function, Model, Node};

use crate::ImportError;

/// The most functions within functions.
const DEPTH: usize = 16;

/// The most nodes of a model with its functions in their places.
const MOST_NODES: usize = 1 << 18;

/// Returns the nodes of a model without calls of its functions.
pub(crate) fn inlined(model: &Model) -> Result<Vec<Node>, ImportError> {
    let mut nodes = Vec::new();
    let mut calls = 0;
    for node in &model.graph.nodes {
        push(model, node.clone(), &mut nodes, &mut calls, 0)?;
    }
    Ok(nodes)
}

fn push(
    model: &Model,
    node: Node,
    nodes: &mut Vec<Node>,
    calls: &mut usize,
    depth: usize,
) -> Result<(), ImportError> {
    let calls_function = |function: &&Function| {
        function.name == node.op_type
            && function.domain == node.domain
            && function.overload == node.overload
    };
    let Some(function) = model.functions.iter().find(calls_function) else {
        nodes.push(node);
        return Ok(());
    };
    if depth == DEPTH || nodes.len() > MOST_NODES {
        return Err(ImportError::Functions { most: DEPTH });
    }
    *calls += 1;
    let call = *calls;
    let mut names: HashMap<&str, String> = HashMap::new();
    let empty = String::new();
    for (at, input) in function.inputs.iter().enumerate() {
        let given = node.inputs.get(at).unwrap_or(&empty);
        names.insert(input, given.clone());
    }
    for (output, given) in function.outputs.iter().zip(&node.outputs) {
        names.insert(output, given.clone());
    }
    let rename = |name: &String| match names.get(name.as_str()) {
        Some(name) => name.clone(),
        _ if name.is_empty() => String::new(),
        _ => format!("{}/{call}/{name}", node.op_type),
    };
    for inner in &function.nodes {
        let attributes = inner
            .attributes
            .iter()
            .filter_map(|(name, value)| match value {
                Attribute::Reference(reference) => {
                    let given = node.attribute(reference).cloned();
                    let default = || {
                        let mut defaults = function.default_attributes.iter();
                        let found = defaults.find(|(name, _)| name == reference);
                        found.map(|(_, value)| value.clone())
                    };
                    given.or_else(default).map(|value| (name.clone(), value))
                }
                value => Some((name.clone(), value.clone())),
            });
        let mut inner = Node {
            attributes: attributes.collect(),
            inputs: inner.inputs.iter().map(rename).collect(),
            outputs: inner.outputs.iter().map(rename).collect(),
            ..inner.clone()
        };
        if inner.metadata.is_empty() {
            inner.metadata.clone_from(&node.metadata);
        }
        push(model, inner, nodes, calls, depth + 1)?;
    }
    Ok(())
}
