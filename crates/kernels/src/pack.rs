//! Weights in the order in which the kernels read them.

use std::collections::HashMap;

use crate::{
    ConvWeights, Op, graph::Graph, lanes::LANES, memory::Aligned, transformed::Transformed,
};

/// A row of the kernel in one input block, or a part of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PackedTap {
    pub(crate) block: usize,
    /// Rows and columns from the window's first.
    pub(crate) row: usize,
    pub(crate) column: usize,
    /// Contiguous numbers.
    pub(crate) len: usize,
    /// Numbers before these.
    pub(crate) inner: usize,
}

/// Weights of a convolution in one direction, for groups of output blocks (see [`groups`]):
/// `[group][inner][block of the group][16]`.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    /// Where they start among all packed weights.
    pub(crate) start: usize,
    /// Numbers that enter an output position.
    pub(crate) inner: usize,
    /// Output blocks.
    pub(crate) blocks: usize,
    pub(crate) taps: Vec<PackedTap>,
    /// Rows and columns of the kernel.
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

/// Weights of a convolution in both directions.
#[derive(Debug, Clone)]
pub(crate) struct PackedConv {
    pub(crate) forward: Packed,
    /// Where the biases start.
    pub(crate) bias: usize,
    pub(crate) backward: Backward,
    /// For Winograd's filtering, where it pays.
    pub(crate) transformed: Option<Transformed>,
}

impl PackedConv {
    /// Whether the input is in cells, in the backward direction at least.
    pub(crate) fn in_cells(&self) -> bool {
        matches!(self.backward, Backward::Cells(_))
    }
}

/// Weights for the gradient with respect to the input.
#[derive(Debug, Clone)]
pub(crate) enum Backward {
    /// For each of the `stride * stride` phases of the input's pixels, row-major: kernels of the
    /// rows and columns that meet the phase. With stride 1 that is the mirrored kernel.
    Phases(Vec<Packed>),
    /// All phases as lanes of the same position: for an interleaved input and a stride above 1.
    Cells(Packed),
}

/// All packed weights.
#[derive(Debug, Clone)]
pub(crate) struct PackedWeights {
    pub(crate) values: Aligned,
    pub(crate) convs: Vec<PackedConv>,
    /// Of every node that is a convolution, its place in `convs`.
    pub(crate) of_node: Vec<usize>,
}

/// Output blocks that are computed together: pairs, and three where one would be left.
pub(crate) fn groups(blocks: usize) -> Vec<(usize, usize)> {
    let mut groups = Vec::with_capacity(blocks / 2 + 1);
    let mut first = 0;
    while first < blocks {
        let count = match blocks - first {
            3 => 3,
            left => left.min(2),
        };
        groups.push((first, count));
        first += count;
    }
    groups
}

impl PackedWeights {
    pub(crate) fn new(graph: &Graph, weights: &[ConvWeights<'_>]) -> Self {
        let mut values = Vec::new();
        let mut convs = Vec::new();
        let mut known: HashMap<(usize, Vec<usize>, bool, usize), usize> = HashMap::new();
        let of_node = graph
            .nodes
            .iter()
            .map(|node| {
                let Op::Conv {
                    weights: index,
                    stride,
                    ..
                } = node.op
                else {
                    return usize::MAX;
                };
                let input = node.inputs[0];
                let interleaved = graph.interleaved && input == 0;
                let lanes = graph.lanes[input].clone();
                let key = (index, lanes.clone(), interleaved, stride);
                *known.entry(key).or_insert_with(|| {
                    let conv = pack(&weights[index], &lanes, interleaved, stride, &mut values);
                    convs.push(conv);
                    convs.len() - 1
                })
            })
            .collect();
        Self {
            values: Aligned::from_slice(&values),
            convs,
            of_node,
        }
    }
}

fn pack(
    conv: &ConvWeights<'_>,
    lanes: &[usize],
    interleaved: bool,
    stride: usize,
    values: &mut Vec<f32>,
) -> PackedConv {
    let kernel = conv.kernel;
    let weight = |out: usize, input: usize, row: usize, column: usize| {
        conv.weight[((out * conv.input + input) * kernel + row) * kernel + column]
    };
    // The channel of a block's lane.
    let first: Vec<usize> = lanes
        .iter()
        .scan(0, |next, &count| {
            *next += count;
            Some(*next - count)
        })
        .collect();
    let pixel = if interleaved { conv.input } else { LANES };
    let out_lanes: Vec<usize> = (0..conv.out)
        .step_by(LANES)
        .map(|channel| LANES.min(conv.out - channel))
        .collect();

    let bias = values.len();
    values.extend_from_slice(conv.bias);
    values.resize(bias + out_lanes.len() * LANES, 0.0);

    let forward = pack_direction(
        values,
        out_lanes.len(),
        (lanes, pixel),
        (kernel, kernel),
        |out, block, lane, row, column| {
            (out < conv.out).then(|| weight(out, first[block] + lane, row, column))
        },
    );
    // Kernel rows that meet a phase, from the last to the first.
    let count = |phase: usize| kernel.saturating_sub(phase).div_ceil(stride);
    let backward = if interleaved && stride > 1 {
        let rows = kernel.div_ceil(stride);
        let channels = stride * stride * conv.input;
        Backward::Cells(pack_direction(
            values,
            channels.div_ceil(LANES),
            (&out_lanes, LANES),
            (rows, rows),
            |cell, block, lane, row, column| {
                let (phase, channel) = (cell / conv.input, cell % conv.input);
                let row = phase / stride + stride * (rows - 1 - row);
                let column = phase % stride + stride * (rows - 1 - column);
                (cell < channels && row < kernel && column < kernel)
                    .then(|| weight(block * LANES + lane, channel, row, column))
            },
        ))
    } else {
        let phases = (0..stride * stride).map(|phase| {
            let (y, x) = (phase / stride, phase % stride);
            let (rows, columns) = (count(y), count(x));
            pack_direction(
                values,
                lanes.len(),
                (&out_lanes, LANES),
                (rows, columns),
                |input, block, lane, row, column| {
                    let row = y + stride * (rows - 1 - row);
                    let column = x + stride * (columns - 1 - column);
                    let (to, at) = (input / LANES, input % LANES);
                    (at < lanes[to])
                        .then(|| weight(block * LANES + lane, first[to] + at, row, column))
                },
            )
        });
        Backward::Phases(phases.collect())
    };
    PackedConv {
        forward,
        bias,
        backward,
        transformed: if interleaved {
            Transformed::of_cells(conv, stride, &out_lanes)
        } else {
            Transformed::new(conv, stride, lanes, &out_lanes)
        },
    }
}

/// Packs one direction; `weight` is of (output lane, input block, input lane, row, column), and
/// none where that output lane is padding.
fn pack_direction(
    values: &mut Vec<f32>,
    blocks: usize,
    (lanes, pixel): (&[usize], usize),
    (rows, columns): (usize, usize),
    weight: impl Fn(usize, usize, usize, usize, usize) -> Option<f32>,
) -> Packed {
    let mut taps = Vec::new();
    // Block, lane, row and column of every inner number.
    let mut order = Vec::new();
    for row in 0..rows {
        for (block, &used) in lanes.iter().enumerate() {
            // Columns of a full block are contiguous; those of another would drag its padding
            // along.
            let together = if used == pixel { columns } else { 1 };
            for column in (0..columns).step_by(together.max(1)) {
                taps.push(PackedTap {
                    block,
                    row,
                    column,
                    len: together * used,
                    inner: order.len(),
                });
                for column in column..column + together {
                    order.extend((0..used).map(|lane| (block, lane, row, column)));
                }
            }
        }
    }
    let start = values.len();
    for (first, count) in groups(blocks) {
        for &(block, lane, row, column) in &order {
            let outs = first * LANES..(first + count) * LANES;
            values.extend(outs.map(|out| weight(out, block, lane, row, column).unwrap_or(0.0)));
        }
    }
    Packed {
        start,
        inner: order.len(),
        blocks,
        taps,
        rows,
        columns,
    }
}
