//! The operators of ONNX, each as nodes of the graph.

mod attention;
mod convolution;
mod elementwise;
mod linear;
mod moves;
mod normalization;
mod reduction;
mod resize;
mod shapes;

use crate::{
    arguments::{Arguments, Reason},
    importer::{Importer, Input},
};

/// The outputs of a node; `None` for those that are not computed.
pub(crate) type Outputs = Vec<Option<Input>>;

/// Converts a node. `is_only_reader` says whether no other node reads one of its inputs.
pub(crate) fn lower(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
    is_only_reader: &dyn Fn(usize) -> bool,
) -> Result<Outputs, Reason> {
    let own = ["", "ai.onnx", "com.microsoft"];
    if !own.contains(&arguments.node.domain.as_str()) {
        return Err(format!(
            "operators of {:?} are not known",
            arguments.node.domain
        ));
    }
    let one =
        |output: Result<Option<Input>, Reason>| output.map(|output| output.map(|y| vec![Some(y)]));
    if arguments.node.op_type == "Dropout" {
        return elementwise::dropout(importer, arguments);
    }
    if let Some(outputs) = one(elementwise::lower(importer, arguments, is_only_reader))? {
        return Ok(outputs);
    }
    if let Some(outputs) = one(reduction::lower(importer, arguments))? {
        return Ok(outputs);
    }
    if let Some(outputs) = one(shapes::lower(importer, arguments))? {
        return Ok(outputs);
    }
    if let Some(outputs) = one(convolution::lower(importer, arguments))? {
        return Ok(outputs);
    }
    if let Some(outputs) = one(linear::lower(importer, arguments))? {
        return Ok(outputs);
    }
    if let Some(outputs) = normalization::lower(importer, arguments, is_only_reader)? {
        return Ok(outputs);
    }
    if let Some(outputs) = one(resize::lower(importer, arguments))? {
        return Ok(outputs);
    }
    if let Some(outputs) = moves::lower(importer, arguments)? {
        return Ok(outputs);
    }
    if let Some(outputs) = attention::lower(importer, arguments)? {
        return Ok(outputs);
    }
    Err(match arguments.node.op_type.as_str() {
        "If" | "Loop" | "Scan" => "control flow is not followed".to_owned(),
        name if name.contains("Quantize")
            || name.starts_with("QLinear")
            || name.ends_with("Integer") =>
        {
            "quantized networks are not computed; export the network in float".to_owned()
        }
        _ => "there is no implementation of the operator".to_owned(),
    })
}
