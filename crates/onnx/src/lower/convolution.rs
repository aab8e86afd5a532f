//! Convolutions and poolings.

use oneiric_graph::{
    AveragePool, Conv, ConvTranspose, Lrn, MaxPool, Padding, Reshape, Rounding, WeightId, Window,
};

use crate::{
    arguments::{Arguments, Reason},
    importer::{Importer, Input},
};

pub(super) fn lower(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
) -> Result<Option<Input>, Reason> {
    let name = arguments.node.op_type.as_str();
    if !["Conv", "ConvTranspose", "MaxPool", "AveragePool", "LRN"].contains(&name) {
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
        "ConvTranspose" => transposed(importer, arguments, x, is_line)?,
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
    let (weight, bias) = kernel(importer, arguments, is_line)?;
    let conv = Conv {
        weight,
        bias,
        window: window(arguments, is_line)?,
        groups: groups(arguments)?,
    };
    importer.add(conv, &[x])
}

fn transposed(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
    x: Input,
    is_line: bool,
) -> Result<Input, Reason> {
    let (weight, bias) = kernel(importer, arguments, is_line)?;
    let mut window = window(arguments, is_line)?;
    let mut extra = match arguments.ints("output_padding") {
        Some(values) => pair(values, is_line, 0)?,
        None => [0, 0],
    };
    if let Some(lengths) = arguments.ints("output_shape") {
        // Some exporters write all axes, others those of the positions.
        let lengths = &lengths[lengths.len().saturating_sub(if is_line { 1 } else { 2 })..];
        let wanted = pair(lengths, is_line, 1)?;
        let (input, (weight, _)) = (importer.lengths(&x), importer.weight_values(weight));
        let is_upper = matches!(window.padding, Padding::SameUpper);
        let mut pads = [[0; 2]; 2];
        for at in 0..2 {
            let extent = weight[2 + at].saturating_sub(1) * window.dilation[at] + 1;
            let full = input[2 + at].saturating_sub(1) * window.stride[at] + extent + extra[at];
            match full.checked_sub(wanted[at]) {
                Some(cut) if is_upper => pads[at] = [cut / 2, cut.div_ceil(2)],
                Some(cut) => pads[at] = [cut.div_ceil(2), cut / 2],
                None => extra[at] += wanted[at] - full,
            }
        }
        window.padding = Padding::Explicit(pads);
    }
    let op = ConvTranspose {
        weight,
        bias,
        window,
        extra,
        groups: groups(arguments)?,
    };
    importer.add(op, &[x])
}

/// The kernels and the bias of a convolution.
fn kernel(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
    is_line: bool,
) -> Result<(WeightId, Option<WeightId>), Reason> {
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
    let hint = arguments.node.outputs[0].clone();
    Ok((
        importer.weight(&weight, &format!("{hint}.weight")),
        bias.map(|bias| importer.weight(&bias, &format!("{hint}.bias"))),
    ))
}

fn groups(arguments: &Arguments<'_>) -> Result<usize, Reason> {
    usize::try_from(arguments.int("group", 1)).map_err(|_| "its group is negative".to_owned())
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
