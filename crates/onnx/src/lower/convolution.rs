//! Convolutions and poolings.

use oneiric_graph::{AveragePool, Conv, Lrn, MaxPool, Padding, Reshape, Rounding, Window};

use crate::{
    arguments::{Arguments, Reason},
    importer::{Importer, Input},
};

pub(super) fn lower(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
) -> Result<Option<Input>, Reason> {
    let name = arguments.node.op_type.as_str();
    if !["Conv", "MaxPool", "AveragePool", "LRN"].contains(&name) {
        return Ok(None);
    }
    let x = arguments.input(0)?;
    if name == "LRN" {
        let lrn = Lrn::caffe(
            usize::try_from(arguments.int("size", 1)).map_err(|_| "its size is negative")?,
            arguments.float("alpha", 0.0001) as f32,
            arguments.float("beta", 0.75) as f32,
            arguments.float("bias", 1.0) as f32,
        );
        if arguments.int("size", 1) % 2 == 0 {
            return Err(
                "a normalization over an even number of channels is not computed".to_owned(),
            );
        }
        return importer.add(lrn, &[x]).map(Some);
    }
    // One axis of positions is two, the first of which is 1.
    let is_line = match importer.axes(&x) {
        3 => true,
        4 => false,
        axes => {
            return Err(format!(
                "windows over {} axes are not computed",
                axes.saturating_sub(2)
            ));
        }
    };
    let x = if is_line {
        importer.add(Reshape::Unsqueeze { axes: vec![2] }, &[x])?
    } else {
        x
    };
    let y = match name {
        "Conv" => convolution(importer, arguments, x, is_line)?,
        _ => pooling(importer, arguments, x, is_line)?,
    };
    if !is_line {
        return Ok(Some(y));
    }
    let axes = Some(vec![2]);
    importer.add(Reshape::Squeeze { axes }, &[y]).map(Some)
}

fn convolution(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
    x: Input,
    is_line: bool,
) -> Result<Input, Reason> {
    let mut weight = arguments.needed(1)?.clone();
    let bias = arguments.constant(2)?.cloned();
    if is_line {
        let &[out, input, length] = weight.shape.lengths() else {
            return Err("its kernel has not three axes".to_owned());
        };
        let lengths = [out, input, 1, length];
        weight = weight
            .reshaped(&lengths)
            .map_err(|error| error.to_string())?;
    }
    if weight.shape.axes() != 4 {
        return Err("its kernel has not four axes".to_owned());
    }
    let window = window(arguments, is_line)?;
    let hint = arguments.node.outputs[0].clone();
    let conv = Conv {
        weight: importer.weight(&weight, &format!("{hint}.weight")),
        bias: bias.map(|bias| importer.weight(&bias, &format!("{hint}.bias"))),
        window,
        groups: usize::try_from(arguments.int("group", 1)).map_err(|_| "its group is negative")?,
    };
    importer.add(conv, &[x])
}

fn pooling(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
    x: Input,
    is_line: bool,
) -> Result<Input, Reason> {
    let kernel = arguments
        .ints("kernel_shape")
        .ok_or("it has no kernel_shape")?;
    let kernel = pair(kernel, is_line, 1)?;
    let mut window = window(arguments, is_line)?;
    if arguments.flag("ceil_mode") {
        window.rounding = Rounding::Ceil;
    }
    if arguments.node.op_type == "AveragePool" {
        let pool = AveragePool {
            kernel,
            window,
            count_include_pad: arguments.flag("count_include_pad"),
        };
        return importer.add(pool, &[x]);
    }
    if arguments
        .node
        .outputs
        .get(1)
        .is_some_and(|name| !name.is_empty())
    {
        return Err("the indices of a maximum pooling are not computed".to_owned());
    }
    importer.add(MaxPool { kernel, window }, &[x])
}

/// Two lengths from one or two integers.
fn pair(values: &[i64], is_line: bool, first: usize) -> Result<[usize; 2], Reason> {
    let length = |value: i64| usize::try_from(value).map_err(|_| "a length is negative".to_owned());
    match (values, is_line) {
        (&[a, b], false) => Ok([length(a)?, length(b)?]),
        (&[a], true) => Ok([first, length(a)?]),
        _ => Err("a list of lengths has another number of axes than the image".to_owned()),
    }
}

fn window(arguments: &Arguments<'_>, is_line: bool) -> Result<Window, Reason> {
    let steps = |name: &str| match arguments.ints(name) {
        Some(values) => pair(values, is_line, 1),
        None => Ok([1, 1]),
    };
    let padding = match arguments.text("auto_pad", "NOTSET") {
        "SAME_UPPER" => Padding::SameUpper,
        "SAME_LOWER" => Padding::SameLower,
        "VALID" => Padding::VALID,
        _ => match arguments.ints("pads") {
            None => Padding::VALID,
            Some(pads) => {
                let half = pads.len() / 2;
                let (before, after) = pads.split_at(half);
                let before = pair(before, is_line, 0)?;
                let after = pair(after, is_line, 0)?;
                Padding::Explicit([[before[0], after[0]], [before[1], after[1]]])
            }
        },
    };
    Ok(Window {
        stride: steps("strides")?,
        dilation: steps("dilations")?,
        padding,
        rounding: Rounding::Floor,
    })
}
