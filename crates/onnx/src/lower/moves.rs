//! Operators that move values.

use oneiric_graph::{Binary, Concat, Fill, Rearrange};

use super::{Outputs, reduction::positive};
use crate::{
    arguments::{Arguments, Reason},
    constant::Constant,
    importer::{Importer, Input},
};

pub(super) fn lower(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
) -> Result<Option<Outputs>, Reason> {
    let output = match arguments.node.op_type.as_str() {
        "Concat" => {
            let inputs = arguments.all()?;
            // A vector of no values may have no axes to speak of.
            let axes = inputs
                .iter()
                .map(|input| importer.axes(input))
                .max()
                .unwrap_or(0);
            let axis = positive(&[arguments.int("axis", 1)], axes)[0];
            importer.add(Concat { axis }, &inputs)?
        }
        "Transpose" => {
            let permutation = arguments.ints("perm");
            let permutation =
                permutation.map(|order| order.iter().map(|axis| *axis as usize).collect());
            importer.add(Rearrange::Transpose { permutation }, &[arguments.input(0)?])?
        }
        "Slice" => slice(importer, arguments)?,
        "Split" => return split(importer, arguments).map(Some),
        "Gather" => {
            let inputs = [arguments.input(0)?, arguments.input(1)?];
            importer.add(
                Rearrange::Gather {
                    axis: arguments.axis(0),
                },
                &inputs,
            )?
        }
        "GatherElements" => {
            let inputs = [arguments.input(0)?, arguments.input(1)?];
            importer.add(
                Rearrange::GatherElements {
                    axis: arguments.axis(0),
                },
                &inputs,
            )?
        }
        "Pad" => pad(importer, arguments)?,
        "Expand" => {
            let inputs = [arguments.input(0)?, arguments.input(1)?];
            importer.add(Rearrange::Expand, &inputs)?
        }
        "Tile" => {
            let inputs = [arguments.input(0)?, arguments.input(1)?];
            importer.add(Rearrange::Tile, &inputs)?
        }
        "DepthToSpace" => {
            let block = block(arguments)?;
            let neighbors = arguments.text("mode", "DCR") == "CRD";
            importer.add(
                Rearrange::DepthToSpace { block, neighbors },
                &[arguments.input(0)?],
            )?
        }
        "SpaceToDepth" => {
            let block = block(arguments)?;
            let neighbors = arguments.text("mode", "DCR") == "CRD";
            importer.add(
                Rearrange::SpaceToDepth { block, neighbors },
                &[arguments.input(0)?],
            )?
        }
        _ => return Ok(None),
    };
    Ok(Some(vec![Some(output)]))
}

fn block(arguments: &Arguments<'_>) -> Result<usize, Reason> {
    usize::try_from(arguments.int("blocksize", 1)).map_err(|_| "its block is negative".to_owned())
}

fn slice(importer: &mut Importer, arguments: &Arguments<'_>) -> Result<Input, Reason> {
    let x = arguments.input(0)?;
    if arguments.opset < 10 {
        let vector = |name: &str| {
            arguments
                .ints(name)
                .map(|values| Input::Constant(Constant::vector(values)))
        };
        let [starts, ends] = ["starts", "ends"].map(vector);
        let mut inputs = vec![
            x,
            starts.ok_or("it has no starts")?,
            ends.ok_or("it has no ends")?,
        ];
        inputs.extend(vector("axes"));
        return importer.add(Rearrange::Slice, &inputs);
    }
    let mut inputs = vec![x, arguments.input(1)?, arguments.input(2)?];
    match (arguments.optional(3), arguments.optional(4)) {
        (None, None) => {}
        (Some(axes), steps) => {
            inputs.push(axes.clone());
            inputs.extend(steps.cloned());
        }
        (None, Some(steps)) => {
            let count = importer.lengths(&inputs[1]).first().copied().unwrap_or(0);
            let axes: Vec<i64> = (0..count as i64).collect();
            inputs.push(Input::Constant(Constant::vector(&axes)));
            inputs.push(steps.clone());
        }
    }
    importer.add(Rearrange::Slice, &inputs)
}

fn split(importer: &mut Importer, arguments: &Arguments<'_>) -> Result<Outputs, Reason> {
    let x = arguments.input(0)?;
    let axis = arguments.axis(0);
    let lengths = match arguments.ints("split") {
        Some(lengths) => Some(Input::Constant(Constant::vector(lengths))),
        None => arguments.optional(1).cloned(),
    };
    let count = arguments.node.outputs.len();
    let parts = match lengths {
        Some(_) => None,
        None => Some(usize::try_from(arguments.int("num_outputs", count as i64)).unwrap_or(count)),
    };
    let part = |index: usize| {
        let split = Rearrange::Split { axis, index, parts };
        let inputs: Vec<Input> = [x.clone()].into_iter().chain(lengths.clone()).collect();
        importer.add(split, &inputs).map(Some)
    };
    (0..count).map(part).collect()
}

fn pad(importer: &mut Importer, arguments: &Arguments<'_>) -> Result<Input, Reason> {
    let fill = match arguments.text("mode", "constant") {
        "constant" => Fill::Zeros,
        "reflect" => Fill::Reflect,
        "edge" => Fill::Edge,
        "wrap" => Fill::Wrap,
        other => return Err(format!("the mode {other:?} is not known")),
    };
    let x = arguments.input(0)?;
    let (pads, value) = if arguments.opset < 11 {
        let pads = arguments.ints("pads").ok_or("it has no pads")?;
        let value = Constant::scalar(arguments.float("value", 0.0));
        (Input::Constant(Constant::vector(pads)), value)
    } else {
        let value = match arguments.constant(2)? {
            Some(value) if value.shape.count() > 0 => value.clone(),
            _ => Constant::scalar(0.0),
        };
        (arguments.input(1)?, value)
    };
    let mut inputs = vec![x, pads];
    inputs.extend(arguments.optional(3).cloned());
    let value = value.values()[0];
    if fill != Fill::Zeros || value == 0.0 {
        return importer.add(Rearrange::Pad { fill }, &inputs);
    }
    // Another value than 0: subtract it before and add it after.
    let scalar = Input::Constant(Constant::scalar(value));
    inputs[0] = importer.add(Binary::Sub, &[inputs[0].clone(), scalar.clone()])?;
    let padded = importer.add(Rearrange::Pad { fill }, &inputs)?;
    importer.add(Binary::Add, &[padded, scalar])
}
