//! Reductions and what follows from them.

use oneiric_graph::{Binary, GlobalAveragePool, Reduce, Reduction, Reshape, Softmax};

use crate::{
    arguments::{Arguments, Reason},
    importer::{Importer, Input},
};

pub(super) fn lower(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
) -> Result<Option<Input>, Reason> {
    let reduction = match arguments.node.op_type.as_str() {
        "ReduceSum" => Reduction::Sum,
        "ReduceMean" => Reduction::Mean,
        "ReduceMax" => Reduction::Max,
        "ReduceMin" => Reduction::Min,
        "ReduceProd" => Reduction::Product,
        "ReduceSumSquare" => Reduction::SumSquare,
        "ReduceL1" => Reduction::L1,
        "ReduceL2" => Reduction::L2,
        "ReduceLogSum" => Reduction::LogSum,
        "ReduceLogSumExp" => Reduction::LogSumExp,
        "GlobalAveragePool" | "GlobalMaxPool" => return global(importer, arguments).map(Some),
        "Softmax" | "LogSoftmax" => return softmax(importer, arguments).map(Some),
        _ => return Ok(None),
    };
    let x = arguments.input(0)?;
    let mut axes = arguments.ints_or_input("axes", 1)?;
    if axes.as_ref().is_some_and(Vec::is_empty) {
        if arguments.flag("noop_with_empty_axes") {
            axes = Some(Vec::new());
        } else {
            axes = None;
        }
    } else if axes.is_none() && arguments.flag("noop_with_empty_axes") {
        axes = Some(Vec::new());
    }
    let axes = axes.map(|axes| positive(&axes, importer.axes(&x)));
    let keep = arguments.int("keepdims", 1) != 0;
    // The mean over all positions of a map, as exporters without a pooling write it.
    let is_global = reduction == Reduction::Mean
        && keep
        && importer.axes(&x) == 4
        && matches!(x, Input::Node(_))
        && axes
            .as_deref()
            .is_some_and(|axes| matches!(axes, [2, 3] | [3, 2]));
    if is_global {
        return importer.add(GlobalAveragePool, &[x]).map(Some);
    }
    let reduce = Reduce {
        reduction,
        axes,
        keep,
    };
    importer.add(reduce, &[x]).map(Some)
}

/// Axes counted from the start.
pub(super) fn positive(axes: &[i64], count: usize) -> Vec<isize> {
    let axes = axes.iter();
    axes.map(|&axis| {
        let axis = axis as isize;
        if axis < 0 {
            axis + count as isize
        } else {
            axis
        }
    })
    .collect()
}

fn global(importer: &mut Importer, arguments: &Arguments<'_>) -> Result<Input, Reason> {
    let x = arguments.input(0)?;
    let axes = importer.axes(&x);
    if arguments.node.op_type == "GlobalAveragePool" && axes == 4 {
        return importer.add(GlobalAveragePool, &[x]);
    }
    let reduction = if arguments.node.op_type == "GlobalMaxPool" {
        Reduction::Max
    } else {
        Reduction::Mean
    };
    let reduce = Reduce {
        reduction,
        axes: Some((2..axes as isize).collect()),
        keep: true,
    };
    importer.add(reduce, &[x])
}

fn softmax(importer: &mut Importer, arguments: &Arguments<'_>) -> Result<Input, Reason> {
    let x = arguments.input(0)?;
    let count = importer.axes(&x);
    let is_log = arguments.node.op_type == "LogSoftmax";
    if arguments.opset >= 13 {
        let axis = positive(&[arguments.int("axis", -1)], count)[0];
        return along(importer, x, axis, is_log);
    }
    // Before, all axes from one on were a single one.
    let axis = positive(&[arguments.int("axis", 1)], count)[0];
    let lengths = importer.lengths(&x);
    let first = usize::try_from(axis).unwrap_or(0).min(lengths.len());
    let is_single = lengths[first..]
        .iter()
        .filter(|length| **length > 1)
        .count()
        <= 1;
    if is_single && first < count {
        let own = (first..count).find(|at| lengths[*at] > 1).unwrap_or(first);
        return along(importer, x, own as isize, is_log);
    }
    let flat = importer.add(Reshape::Flatten { axis }, std::slice::from_ref(&x))?;
    let y = along(importer, flat, 1, is_log)?;
    let shape = importer.add_of(
        oneiric_graph::ShapeOf::ALL,
        &[x],
        crate::constant::Kind::Int,
    )?;
    importer.add(Reshape::To { zero_copies: false }, &[y, shape])
}

fn along(importer: &mut Importer, x: Input, axis: isize, is_log: bool) -> Result<Input, Reason> {
    if !is_log {
        return importer.add(Softmax { axis }, &[x]);
    }
    let sum = Reduce {
        reduction: Reduction::LogSumExp,
        axes: Some(vec![axis]),
        keep: true,
    };
    let sum = importer.add(sum, std::slice::from_ref(&x))?;
    importer.add(Binary::Sub, &[x, sum])
}
