//! Functions of single values and of pairs.

use oneiric_graph::{Add, Binary, Number, Op, Relu, Select, Unary};

use super::normalization::fold;
use crate::{
    arguments::{Arguments, Reason},
    constant::{Constant, Kind},
    importer::{Importer, Input},
};

/// The slope of a LeakyReLU, and other defaults of ONNX.
pub(super) fn lower(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
    is_only_reader: &dyn Fn(usize) -> bool,
) -> Result<Option<Input>, Reason> {
    let name = arguments.node.op_type.as_str();
    let number = |attribute: &str, default: f32| Number(arguments.float(attribute, default));
    let unary = match name {
        "Relu" => {
            let x = arguments.input(0)?;
            return importer.add(Relu, &[x]).map(Some);
        }
        "Identity" => return arguments.input(0).map(Some),
        "Cast" | "CastLike" => return cast(importer, arguments).map(Some),
        "Clip" => return clip(importer, arguments).map(Some),
        "Abs" => Unary::Abs,
        "Neg" => Unary::Neg,
        "Exp" => Unary::Exp,
        "Log" => Unary::Log,
        "Sqrt" => Unary::Sqrt,
        "Reciprocal" => Unary::Reciprocal,
        "Floor" => Unary::Floor,
        "Ceil" => Unary::Ceil,
        "Round" => Unary::Round,
        "Sign" => Unary::Sign,
        "Sin" => Unary::Sin,
        "Cos" => Unary::Cos,
        "Tanh" => Unary::Tanh,
        "Sigmoid" => Unary::Sigmoid,
        "Erf" => Unary::Erf,
        "Softplus" => Unary::Softplus,
        "Softsign" => Unary::Softsign,
        "Not" => Unary::Not,
        "IsNaN" => Unary::IsNan,
        "Gelu" => Unary::Gelu {
            tanh: arguments.text("approximate", "none") == "tanh",
        },
        "Elu" => Unary::Elu {
            alpha: number("alpha", 1.0),
        },
        "Selu" => Unary::Selu {
            alpha: number("alpha", 1.673_263_2),
            gamma: number("gamma", 1.050_701),
        },
        "Celu" => Unary::Celu {
            alpha: number("alpha", 1.0),
        },
        "LeakyRelu" => Unary::LeakyRelu {
            slope: number("alpha", 0.01),
        },
        "HardSigmoid" => Unary::HardSigmoid {
            alpha: number("alpha", 0.2),
            beta: number("beta", 0.5),
        },
        "HardSwish" => Unary::HardSwish,
        "Swish" => Unary::Swish {
            alpha: number("alpha", 1.0),
        },
        "QuickGelu" => Unary::Swish {
            alpha: number("alpha", 1.702),
        },
        "Mish" => Unary::Mish,
        "ThresholdedRelu" => Unary::ThresholdedRelu {
            alpha: number("alpha", 1.0),
        },
        _ => return pairs(importer, arguments, is_only_reader),
    };
    let x = arguments.input(0)?;
    importer.add(unary, &[x]).map(Some)
}

/// A dropout, which does nothing, and its mask, which is true everywhere.
pub(super) fn dropout(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
) -> Result<super::Outputs, Reason> {
    let x = arguments.input(0)?;
    let wants_mask = arguments.node.outputs.len() > 1;
    let mask = wants_mask.then(|| {
        let inputs = std::slice::from_ref(&x);
        let shape = importer.add_of(oneiric_graph::ShapeOf::ALL, inputs, Kind::Int)?;
        let value = Number(1.0);
        importer.add_of(
            oneiric_graph::Generate::Fill { value },
            &[shape],
            Kind::Bool,
        )
    });
    let mask = mask.transpose()?;
    Ok(vec![Some(x), mask])
}

/// Functions of two values and more.
fn pairs(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
    is_only_reader: &dyn Fn(usize) -> bool,
) -> Result<Option<Input>, Reason> {
    let name = arguments.node.op_type.as_str();
    let binary = match name {
        "Add" => return add(importer, arguments, is_only_reader).map(Some),
        "Mul" => {
            if let Some(folded) = folded(importer, arguments, is_only_reader, true)? {
                return Ok(Some(folded));
            }
            Binary::Mul
        }
        "Sub" => Binary::Sub,
        "Div" => {
            let x = arguments.input(0)?;
            if importer.kind(&x) == Kind::Int {
                Binary::IntegerDiv
            } else {
                Binary::Div
            }
        }
        "Pow" => Binary::Pow,
        "Mod" if arguments.flag("fmod") => Binary::Fmod,
        "Mod" => Binary::Mod,
        "PRelu" => Binary::PRelu,
        "Equal" => Binary::Equal,
        "Less" => Binary::Less,
        "LessOrEqual" => Binary::LessOrEqual,
        "Greater" => Binary::Greater,
        "GreaterOrEqual" => Binary::GreaterOrEqual,
        "And" => Binary::And,
        "Or" => Binary::Or,
        "Xor" => Binary::Xor,
        "Sum" | "Max" | "Min" | "Mean" => return many(importer, arguments).map(Some),
        "Where" => {
            let [condition, x, y] = [
                arguments.input(0)?,
                arguments.input(1)?,
                arguments.input(2)?,
            ];
            let kind = importer.kind(&x);
            return importer.add_of(Select, &[condition, x, y], kind).map(Some);
        }
        _ => return Ok(None),
    };
    let inputs = [arguments.input(0)?, arguments.input(1)?];
    let kind = if binary.is_truth() {
        Kind::Bool
    } else {
        importer.kind(&inputs[0])
    };
    importer.add_of(binary, &inputs, kind).map(Some)
}

fn add(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
    is_only_reader: &dyn Fn(usize) -> bool,
) -> Result<Input, Reason> {
    if let Some(folded) = folded(importer, arguments, is_only_reader, false)? {
        return Ok(folded);
    }
    sum(importer, arguments.input(0)?, arguments.input(1)?)
}

/// The sum of two tensors: an operator of its own if they have the same shape for every image, as
/// the branches of a block do.
fn sum(importer: &mut Importer, a: Input, b: Input) -> Result<Input, Reason> {
    let are_maps = matches!((&a, &b), (Input::Node(_), Input::Node(_)));
    let lengths = importer.lengths(&a);
    let spread = lengths.len() < 4 || lengths[2..].iter().any(|length| *length > 1);
    let op = if are_maps && spread && lengths == importer.lengths(&b) {
        Op::from(Add)
    } else {
        Op::from(Binary::Add)
    };
    importer.add(op, &[a, b])
}

/// Folds a constant factor or summand into the convolution before it.
fn folded(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
    is_only_reader: &dyn Fn(usize) -> bool,
    is_factor: bool,
) -> Result<Option<Input>, Reason> {
    let (at, constant) = match (arguments.optional(0), arguments.optional(1)) {
        (Some(Input::Node(_)), Some(Input::Constant(constant))) => (0, constant),
        (Some(Input::Constant(constant)), Some(Input::Node(_))) => (1, constant),
        _ => return Ok(None),
    };
    let x = arguments.input(at)?;
    let lengths = importer.lengths(&x);
    let (Input::Node(node), [1, channels, _, _], true) = (&x, &lengths[..], is_only_reader(at))
    else {
        return Ok(None);
    };
    let Some(values) = per_channel(constant, *channels) else {
        return Ok(None);
    };
    let neutral = vec![if is_factor { 0.0 } else { 1.0 }; *channels];
    let (scale, shift) = if is_factor {
        (values, neutral)
    } else {
        (neutral, values)
    };
    Ok(fold(importer, *node, &scale, &shift).then_some(x))
}

/// The values of a constant that is the same at all positions of a map.
fn per_channel(constant: &Constant, channels: usize) -> Option<Vec<f64>> {
    let values = constant.values();
    match *constant.shape.lengths() {
        _ if values.len() == 1 => Some(vec![values[0]; channels]),
        [own, 1, 1] | [1, own, 1, 1] if own == channels => Some(values),
        _ => None,
    }
}

/// The sum, the mean, the largest or the smallest of any number of tensors.
fn many(importer: &mut Importer, arguments: &Arguments<'_>) -> Result<Input, Reason> {
    let inputs = arguments.all()?;
    let count = inputs.len();
    let mut inputs = inputs.into_iter();
    let mut y = inputs.next().ok_or("it has no inputs")?;
    let name = arguments.node.op_type.as_str();
    for input in inputs {
        y = match name {
            "Max" => importer.add(Binary::Max, &[y, input])?,
            "Min" => importer.add(Binary::Min, &[y, input])?,
            _ => sum(importer, y, input)?,
        };
    }
    if name == "Mean" && count > 1 {
        let count = Input::Constant(Constant::scalar(count as f64));
        y = importer.add(Binary::Div, &[y, count])?;
    }
    Ok(y)
}

fn clip(importer: &mut Importer, arguments: &Arguments<'_>) -> Result<Input, Reason> {
    let x = arguments.input(0)?;
    if arguments.opset < 11 {
        let bound = |name| {
            arguments
                .node
                .attribute(name)
                .map(|_| Number(arguments.float(name, 0.0)))
        };
        let (low, high) = (bound("min"), bound("max"));
        return importer.add(Unary::Clip { low, high }, &[x]);
    }
    let bound = |at: usize| match arguments.optional(at) {
        None => Some(None),
        Some(Input::Constant(constant)) => {
            Some(constant.values().first().map(|value| Number(*value)))
        }
        Some(Input::Node(_)) => None,
    };
    if let (Some(low), Some(high)) = (bound(1), bound(2)) {
        return importer.add(Unary::Clip { low, high }, &[x]);
    }
    let mut y = x;
    if let Some(low) = arguments.optional(1) {
        y = importer.add(Binary::Max, &[y, low.clone()])?;
    }
    if let Some(high) = arguments.optional(2) {
        y = importer.add(Binary::Min, &[y, high.clone()])?;
    }
    Ok(y)
}

/// A conversion: values are numbers, so that only what is lost must be computed.
fn cast(importer: &mut Importer, arguments: &Arguments<'_>) -> Result<Input, Reason> {
    let x = arguments.input(0)?;
    let from = importer.kind(&x);
    let to = match arguments.optional(1) {
        Some(like) if arguments.node.op_type == "CastLike" => importer.kind(like),
        _ => match arguments.int("to", 1) {
            1 | 10 | 11 | 16 => Kind::Float,
            2..=7 | 12 | 13 => Kind::Int,
            9 => Kind::Bool,
            other => {
                return Err(format!(
                    "a conversion to element type {other} is not computed"
                ));
            }
        },
    };
    match (from, to) {
        (Kind::Float, Kind::Int) => importer.add_of(Unary::Trunc, &[x], to),
        (Kind::Float | Kind::Int, Kind::Bool) => importer.add_of(Unary::IsNonzero, &[x], to),
        _ => match x {
            Input::Constant(constant) => Ok(Input::Constant(Constant {
                kind: to,
                ..constant
            })),
            Input::Node(node) => {
                importer.kinds[node.index()] = to;
                Ok(x)
            }
        },
    }
}
