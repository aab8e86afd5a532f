//! Shapes, and tensors that are made of them.

use oneiric_graph::{Generate, Number, Reduce, Reduction, Reshape, ShapeOf};
use oneiric_weights::onnx::{Attribute, Values};

use super::reduction::positive;
use crate::{
    arguments::{Arguments, Reason},
    constant::{Constant, Kind},
    importer::{Importer, Input},
};

pub(super) fn lower(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
) -> Result<Option<Input>, Reason> {
    let output = match arguments.node.op_type.as_str() {
        "Constant" => constant(arguments)?,
        "Shape" => {
            let shape = ShapeOf {
                start: arguments.int("start", 0) as isize,
                end: match arguments.node.attribute("end") {
                    Some(Attribute::Int(end)) => Some(*end as isize),
                    _ => None,
                },
            };
            importer.add_of(shape, &[arguments.input(0)?], Kind::Int)?
        }
        "Size" => {
            let shape = importer.add_of(ShapeOf::ALL, &[arguments.input(0)?], Kind::Int)?;
            let product = Reduce {
                reduction: Reduction::Product,
                axes: None,
                keep: false,
            };
            importer.add(product, &[shape])?
        }
        "ConstantOfShape" => {
            let (value, kind) = match arguments.tensor("value").map(Constant::of_file) {
                Some(value) => {
                    let value = value?;
                    (value.values().first().copied().unwrap_or(0.0), value.kind)
                }
                None => (0.0, Kind::Float),
            };
            let fill = Generate::Fill {
                value: Number(value),
            };
            importer.add_of(fill, &[arguments.input(0)?], kind)?
        }
        "Range" => {
            let inputs = [
                arguments.input(0)?,
                arguments.input(1)?,
                arguments.input(2)?,
            ];
            importer.add(Generate::Range, &inputs)?
        }
        "ScatterND" => {
            if arguments.text("reduction", "none") != "none" {
                return Err("a scatter that reduces is not computed".to_owned());
            }
            let inputs = [
                arguments.input(0)?,
                arguments.input(1)?,
                arguments.input(2)?,
            ];
            importer.add(Generate::Scatter, &inputs)?
        }
        "NonZero" => importer.add_of(Generate::NonZero, &[arguments.input(0)?], Kind::Int)?,
        "Reshape" => {
            let zero_copies = !arguments.flag("allowzero");
            let reshape = Reshape::To { zero_copies };
            importer.add(reshape, &[arguments.input(0)?, arguments.input(1)?])?
        }
        "Flatten" => {
            let axis = arguments.axis(1);
            importer.add(Reshape::Flatten { axis }, &[arguments.input(0)?])?
        }
        "Squeeze" => {
            let x = arguments.input(0)?;
            let axes = arguments.ints_or_input("axes", 1)?;
            let axes = axes.map(|axes| positive(&axes, importer.axes(&x)));
            importer.add(Reshape::Squeeze { axes }, &[x])?
        }
        "Unsqueeze" => {
            let x = arguments.input(0)?;
            let axes = arguments
                .ints_or_input("axes", 1)?
                .ok_or("it has no axes")?;
            let axes = positive(&axes, importer.axes(&x) + axes.len());
            importer.add(Reshape::Unsqueeze { axes }, &[x])?
        }
        _ => return Ok(None),
    };
    Ok(Some(output))
}

fn constant(arguments: &Arguments<'_>) -> Result<Input, Reason> {
    let (_, value) = arguments.node.attributes.first().ok_or("it has no value")?;
    let constant = match value {
        Attribute::Tensor(tensor) if tensor.values == Values::Opaque => {
            return Err(format!("its elements are of the type {}", tensor.element));
        }
        Attribute::Tensor(tensor) => Constant {
            name: None,
            ..Constant::of_file(tensor)?
        },
        Attribute::Int(value) => Constant {
            kind: Kind::Int,
            ..Constant::scalar(*value as f64)
        },
        Attribute::Float(value) => Constant::scalar(f64::from(*value)),
        Attribute::Ints(values) => Constant::vector(values),
        Attribute::Floats(values) => {
            let shape = oneiric_graph::Shape::vector(values.len());
            let values = values.iter().map(|value| f64::from(*value)).collect();
            Constant::new(
                oneiric_graph::oracle::Tensor::new(shape, values),
                Kind::Float,
            )
        }
        _ => return Err("its value is of a kind that is not computed".to_owned()),
    };
    Ok(Input::Constant(constant))
}
