//! Normalizations, and folding into convolutions.

use oneiric_graph::{Binary, LayerNorm, NodeId, Number, Op, Reduce, Reduction, Reshape, Unary};

use super::{Outputs, reduction::positive};
use crate::{
    arguments::{Arguments, Reason},
    constant::{Constant, Kind, Numbers},
    importer::{Importer, Input},
};

pub(super) fn lower(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
    is_only_reader: &dyn Fn(usize) -> bool,
) -> Result<Option<Outputs>, Reason> {
    let epsilon = Number(arguments.float("epsilon", 1e-5));
    let output = match arguments.node.op_type.as_str() {
        "BatchNormalization" => batch(importer, arguments, is_only_reader)?,
        "LayerNormalization" => return layer(importer, arguments).map(Some),
        "InstanceNormalization" => {
            let x = arguments.input(0)?;
            let axes = importer.axes(&x);
            let y = importer.add(LayerNorm { axis: 2, epsilon }, &[x])?;
            let [scale, bias] = [arguments.input(1)?, arguments.input(2)?];
            affine(importer, y, scale, bias, axes)?
        }
        "GroupNormalization" => {
            let x = arguments.input(0)?;
            let axes = importer.axes(&x);
            let groups = arguments.int("num_groups", 1);
            let shape = importer.add_of(
                oneiric_graph::ShapeOf::ALL,
                std::slice::from_ref(&x),
                Kind::Int,
            )?;
            let to = Input::Constant(Constant::vector(&[0, groups, -1]));
            let parts = importer.add(Reshape::To { zero_copies: true }, &[x, to])?;
            let parts = importer.add(LayerNorm { axis: 2, epsilon }, &[parts])?;
            let y = importer.add(Reshape::To { zero_copies: false }, &[parts, shape])?;
            let [scale, bias] = [arguments.input(1)?, arguments.input(2)?];
            if arguments.opset < 21 {
                return Err("a group normalization before operator set 21 scales groups".to_owned());
            }
            affine(importer, y, scale, bias, axes)?
        }
        "RMSNormalization" => {
            let x = arguments.input(0)?;
            let axis = positive(&[arguments.int("axis", -1)], importer.axes(&x))[0];
            let axes = Some((axis..importer.axes(&x) as isize).collect());
            let square = importer.add(Binary::Mul, &[x.clone(), x.clone()])?;
            let mean = Reduce {
                reduction: Reduction::Mean,
                axes,
                keep: true,
            };
            let mean = importer.add(mean, &[square])?;
            let epsilon = Input::Constant(Constant::scalar(epsilon.0));
            let mean = importer.add(Binary::Add, &[mean, epsilon])?;
            let root = importer.add(Unary::Sqrt, &[mean])?;
            let y = importer.add(Binary::Div, &[x, root])?;
            importer.add(Binary::Mul, &[y, arguments.input(1)?])?
        }
        "LpNormalization" => {
            let x = arguments.input(0)?;
            let axis = arguments.axis(-1);
            let reduction = if arguments.int("p", 2) == 1 {
                Reduction::L1
            } else {
                Reduction::L2
            };
            let norm = Reduce {
                reduction,
                axes: Some(vec![axis]),
                keep: true,
            };
            let norm = importer.add(norm, std::slice::from_ref(&x))?;
            // Zeros stay zeros.
            let zero = Input::Constant(Constant::scalar(0.0));
            let is_zero = importer.add(Binary::Equal, &[norm.clone(), zero])?;
            let norm = importer.add(Binary::Add, &[norm, is_zero])?;
            importer.add(Binary::Div, &[x, norm])?
        }
        _ => return Ok(None),
    };
    Ok(Some(vec![Some(output)]))
}

fn layer(importer: &mut Importer, arguments: &Arguments<'_>) -> Result<Outputs, Reason> {
    let x = arguments.input(0)?;
    let axis = positive(&[arguments.int("axis", -1)], importer.axes(&x))[0];
    let epsilon = Number(arguments.float("epsilon", 1e-5));
    let mut outputs = Vec::new();
    let mut y = importer.add(LayerNorm { axis, epsilon }, std::slice::from_ref(&x))?;
    y = importer.add(Binary::Mul, &[y, arguments.input(1)?])?;
    if let Some(bias) = arguments.optional(2) {
        y = importer.add(Binary::Add, &[y, bias.clone()])?;
    }
    outputs.push(Some(y));
    let wants = |at: usize| {
        arguments
            .node
            .outputs
            .get(at)
            .is_some_and(|name| !name.is_empty())
    };
    if wants(1) || wants(2) {
        let axes: Vec<isize> = (axis..importer.axes(&x) as isize).collect();
        let mean = Reduce {
            reduction: Reduction::Mean,
            axes: Some(axes),
            keep: true,
        };
        let means = importer.add(mean.clone(), std::slice::from_ref(&x))?;
        let rest = importer.add(Binary::Sub, &[x, means.clone()])?;
        let square = importer.add(Binary::Mul, &[rest.clone(), rest])?;
        let variance = importer.add(mean, &[square])?;
        let epsilon = Input::Constant(Constant::scalar(epsilon.0));
        let variance = importer.add(Binary::Add, &[variance, epsilon])?;
        let deviation = importer.add(Unary::Sqrt, &[variance])?;
        let inverse = importer.add(Unary::Reciprocal, &[deviation])?;
        outputs.extend([Some(means), Some(inverse)]);
    }
    Ok(outputs)
}

fn batch(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
    is_only_reader: &dyn Fn(usize) -> bool,
) -> Result<Input, Reason> {
    if arguments.flag("training_mode") {
        return Err("a batch normalization in training is not computed".to_owned());
    }
    let x = arguments.input(0)?;
    let epsilon = arguments.float("epsilon", 1e-5);
    let [scale, bias, mean, variance] = [
        arguments.needed(1)?.values(),
        arguments.needed(2)?.values(),
        arguments.needed(3)?.values(),
        arguments.needed(4)?.values(),
    ];
    if [bias.len(), mean.len(), variance.len()] != [scale.len(); 3] {
        return Err("its vectors are not of one length".to_owned());
    }
    let channels = 0..scale.len();
    let scale: Vec<f64> = channels
        .clone()
        .map(|at| scale[at] / (variance[at] + epsilon).sqrt())
        .collect();
    let shift: Vec<f64> = channels.map(|at| bias[at] - mean[at] * scale[at]).collect();
    if let Input::Node(node) = x
        && is_only_reader(0)
        && fold(importer, node, &scale, &shift)
    {
        return Ok(x);
    }
    let axes = importer.axes(&x);
    let constant = |values: Vec<f64>| {
        let shape = oneiric_graph::Shape::vector(values.len());
        let tensor = oneiric_graph::oracle::Tensor::new(shape, values);
        Input::Constant(Constant::new(tensor, Kind::Float))
    };
    affine(importer, x, constant(scale), constant(shift), axes)
}

/// Multiplies each channel by a number and adds another.
fn affine(
    importer: &mut Importer,
    x: Input,
    scale: Input,
    shift: Input,
    axes: usize,
) -> Result<Input, Reason> {
    let places: Vec<isize> = (1..axes as isize - 1).collect();
    let per_channel = |importer: &mut Importer, vector: Input| {
        if places.is_empty() {
            return Ok(vector);
        }
        let axes = places.clone();
        importer.add(Reshape::Unsqueeze { axes }, &[vector])
    };
    let scale = per_channel(importer, scale)?;
    let shift = per_channel(importer, shift)?;
    let y = importer.add(Binary::Mul, &[x, scale])?;
    importer.add(Binary::Add, &[y, shift])
}

/// Folds a factor and a summand for each channel into the convolution of a node. Returns false if
/// the node is none.
pub(super) fn fold(importer: &mut Importer, node: NodeId, scale: &[f64], shift: &[f64]) -> bool {
    let Op::Conv(mut conv) = importer.ops[node.index()].0 else {
        return false;
    };
    let (shape, weights) = importer.weight_values(conv.weight);
    if shape[0] != scale.len() || shift.len() != scale.len() {
        return false;
    }
    let each = weights.len() / scale.len().max(1);
    let folded = weights.iter().enumerate();
    let folded = folded.map(|(at, value)| (f64::from(*value) * scale[at / each]) as f32);
    let bias = conv.bias.map(|bias| importer.weight_values(bias).1);
    let bias = (0..scale.len()).map(|at| {
        let own = bias.as_ref().map_or(0.0, |bias| f64::from(bias[at]));
        (own * scale[at] + shift[at]) as f32
    });
    let constant = |lengths: &[usize], values: Vec<f32>| Constant {
        shape: oneiric_graph::Shape::of(lengths).expect("the shape of a weight"),
        numbers: Numbers::Single(values.into()),
        kind: Kind::Float,
        name: None,
    };
    let bias = constant(&[scale.len()], bias.collect());
    let weight = constant(&shape, folded.collect());
    let name = importer.names[node.index()].clone();
    conv.weight = importer.weight(&weight, &format!("{name}.folded.weight"));
    conv.bias = Some(importer.weight(&bias, &format!("{name}.folded.bias")));
    importer.replace_conv(node, conv);
    true
}
