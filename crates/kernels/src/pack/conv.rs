//! Convolutions: dense ones, those in groups and depthwise ones.

use oneiric_graph::Conv;

use super::{
    Packing,
    direction::{Taps, pack_direction},
};
use crate::{
    blocked::{Blocked, blocks},
    lanes::LANES,
    memory::Growing,
    transformed::Transformed,
};

/// The weights of one convolution, or of some of its groups, seen as a dense one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvWeights<'a> {
    /// Output channels.
    pub(crate) out: usize,
    /// Input channels.
    pub(crate) input: usize,
    /// Output and input channels of a group that sees no other one.
    pub(crate) group: [usize; 2],
    /// Rows and columns of the kernel.
    pub(crate) kernel: [usize; 2],
    /// Rows and columns of the stride.
    pub(crate) stride: [usize; 2],
    /// Rows and columns from one tap to the next.
    pub(crate) dilation: [usize; 2],
    /// `[out][input of a group][row][column]`.
    pub(crate) weight: &'a [f32],
}

impl ConvWeights<'_> {
    /// One weight; 0 between channels of different groups.
    pub(crate) fn at(&self, out: usize, input: usize, row: usize, column: usize) -> f32 {
        let [rows, columns] = self.kernel;
        let [outs, inputs] = self.group;
        if out / outs != input / inputs {
            return 0.0;
        }
        let kernel = out * inputs + input % inputs;
        self.weight[(kernel * rows + row) * columns + column]
    }

    /// All weights of a dense convolution, `[out][input][row][column]`.
    pub(crate) fn dense(&self) -> Vec<f32> {
        let [rows, columns] = self.kernel;
        let mut all = Vec::with_capacity(self.out * self.input * rows * columns);
        for out in 0..self.out {
            for input in 0..self.input {
                let taps = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
                all.extend(taps.map(|(row, column)| self.at(out, input, row, column)));
            }
        }
        all
    }
}

/// A row of the kernel in one input block, or one position of that row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PackedTap {
    pub(crate) block: usize,
    /// Row and column in the window.
    pub(crate) row: usize,
    pub(crate) column: usize,
    /// Count of contiguous numbers.
    pub(crate) len: usize,
    /// Count of the convolution's numbers before these.
    pub(crate) inner: usize,
}

/// Weights of a convolution in one direction, for groups of output blocks (see [`groups`]):
/// `[group][inner][block of the group][16]`.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    /// Offset of the first among all packed weights.
    pub(crate) start: usize,
    /// Count of numbers that enter an output position.
    pub(crate) inner: usize,
    /// Count of output blocks.
    pub(crate) blocks: usize,
    pub(crate) taps: Vec<PackedTap>,
    /// Rows and columns of the window, with those between the taps.
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

/// Weights of a convolution in both directions.
#[derive(Debug, Clone)]
pub(crate) struct PackedConv {
    pub(crate) forward: Packed,
    pub(crate) backward: Backward,
    /// Weights for Winograd's filtering, if it is used.
    pub(crate) transformed: Option<Transformed>,
}

impl PackedConv {
    /// Returns true if the input is in cells, at least in the backward direction.
    pub(crate) fn in_cells(&self) -> bool {
        matches!(self.backward, Backward::Cells(_))
    }
}

/// Weights for the gradient with respect to the input.
#[derive(Debug, Clone)]
pub(crate) enum Backward {
    /// The kernels of each phase of the input's pixels, row-major: those rows and columns of the
    /// convolution's kernel that meet the phase. There are as many phases as the product of both
    /// strides. With stride 1 the only one has the mirrored kernel.
    Phases(Vec<Packed>),
    /// One kernel with all phases as lanes of the same position, for an interleaved input and a
    /// stride above 1.
    Cells(Packed),
}

/// First block and count of the groups of output blocks that are computed together: pairs, and
/// three at the end of an odd number.
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

impl Packing<'_> {
    /// Packs the weights of a convolution, or finds those of an equal one.
    pub(crate) fn conv(&mut self, op: &Conv, node: usize) {
        self.bias(op, node);
        if is_depthwise(op, self.graph, node) {
            self.depthwise(op, node);
        } else {
            self.products(op, node);
        }
    }

    fn bias(&mut self, op: &Conv, node: usize) {
        let graph = self.graph;
        let outputs = &graph.lanes[node];
        self.packed.biases[node] = op.bias.map(|bias| {
            let key = (bias, outputs.clone());
            *self.biases.entry(key).or_insert_with(|| {
                let start = self.values.len();
                let mut rest = self.weights[bias.index()];
                for (block, &used) in outputs.iter().enumerate() {
                    let (lanes, others) = rest.split_at(used);
                    self.values.extend(lanes.iter().copied());
                    self.values.fill_up(start + (block + 1) * LANES);
                    rest = others;
                }
                start
            })
        });
    }

    /// Packs the weights of a convolution that sums over channels.
    fn products(&mut self, op: &Conv, node: usize) {
        let graph = self.graph;
        let input = graph.inputs(node)[0];
        let interleaved = graph.interleaved && input == 0;
        let lanes = &graph.lanes[input];
        let (stride, dilation) = (op.window.stride, op.window.dilation);
        let steps = [stride, dilation];
        let key = (op.weight, lanes.clone(), interleaved, steps, op.groups);
        let parts = parts(op, graph, node);
        let places = self.convs.entry(key).or_insert_with(|| {
            let weight = self.weights[op.weight.index()];
            let packed = (0..parts).map(|part| {
                let [out, input] = [node, input].map(|node| graph.channels(node) / parts);
                let conv = ConvWeights {
                    out,
                    input,
                    group: [out, input].map(|channels| channels * parts / op.groups),
                    kernel: op.kernel(graph.graph.weights()),
                    stride,
                    dilation,
                    weight: &weight[part * (weight.len() / parts)..][..weight.len() / parts],
                };
                let blocks = lanes.len() / parts;
                let lanes = &lanes[part * blocks..][..blocks];
                let conv = pack(&conv, lanes, interleaved, &mut self.values);
                self.packed.convs.push(conv);
                self.packed.convs.len() - 1
            });
            packed.collect()
        });
        self.packed.of_node[node].clone_from(places);
    }

    /// Packs the weights of a depthwise convolution.
    fn depthwise(&mut self, op: &Conv, node: usize) {
        let weight = self.weights[op.weight.index()];
        let [rows, columns] = op.kernel(self.graph.graph.weights());
        let taps = rows * columns;
        self.packed.depthwise.insert(node, self.values.len());
        let mut first = 0;
        for &used in &self.graph.lanes[node] {
            for tap in 0..taps {
                let lanes = (first..first + used).map(|channel| weight[channel * taps + tap]);
                self.values.extend(lanes);
                let len = self.values.len().next_multiple_of(LANES);
                self.values.fill_up(len);
            }
            first += used;
        }
    }
}

/// Returns true if each channel of a convolution is that of its input alone.
pub(crate) fn is_depthwise(op: &Conv, graph: &Blocked, node: usize) -> bool {
    let channels = [node, graph.inputs(node)[0]].map(|node| graph.channels(node));
    op.groups > 1 && channels == [op.groups; 2]
}

/// Parts of a convolution that are computed apart as dense ones: whole groups, as few together as
/// fill blocks of channels; 1 if that cannot be.
pub(crate) fn parts(op: &Conv, graph: &Blocked, node: usize) -> usize {
    let input = graph.inputs(node)[0];
    let [out, inputs] = [node, input].map(|node| graph.channels(node));
    let is_full = graph.lanes[input].iter().all(|&used| used == LANES);
    let fits = |parts: &usize| {
        op.groups.is_multiple_of(*parts)
            && out.is_multiple_of(parts * LANES)
            && inputs.is_multiple_of(parts * LANES)
    };
    let most = (1..=op.groups).rev().find(fits);
    most.filter(|_| is_full).unwrap_or(1)
}

fn pack(
    conv: &ConvWeights<'_>,
    lanes: &[usize],
    interleaved: bool,
    values: &mut Growing,
) -> PackedConv {
    let (kernel, stride, dilation) = (conv.kernel, conv.stride, conv.dilation);
    let is_dense = dilation == [1; 2];
    // The first channel of each block.
    let first: Vec<usize> = lanes
        .iter()
        .scan(0, |next, &count| {
            *next += count;
            Some(*next - count)
        })
        .collect();
    let pixel = if interleaved { conv.input } else { LANES };
    let out_lanes = blocks(conv.out);

    let forward = pack_direction(
        values,
        out_lanes.len(),
        (lanes, pixel),
        [0, 1].map(|axis| Taps::forward(kernel[axis], dilation[axis])),
        |out, block, lane, row, column| {
            (out < conv.out).then(|| conv.at(out, first[block] + lane, row, column))
        },
    );
    let backward = if interleaved && stride != [1; 2] && is_dense {
        let [rows, columns] = [0, 1].map(|axis| kernel[axis].div_ceil(stride[axis]));
        let channels = stride[0] * stride[1] * conv.input;
        Backward::Cells(pack_direction(
            values,
            channels.div_ceil(LANES),
            (&out_lanes, LANES),
            [Taps::forward(rows, 1), Taps::forward(columns, 1)],
            |cell, block, lane, row, column| {
                let (phase, channel) = (cell / conv.input, cell % conv.input);
                let row = phase / stride[1] + stride[0] * (rows - 1 - row);
                let column = phase % stride[1] + stride[1] * (columns - 1 - column);
                (cell < channels && row < kernel[0] && column < kernel[1])
                    .then(|| conv.at(block * LANES + lane, channel, row, column))
            },
        ))
    } else {
        let phases = (0..stride[0] * stride[1]).map(|phase| {
            let (y, x) = (phase / stride[1], phase % stride[1]);
            let phase = [(0, y), (1, x)];
            let taps = phase.map(|(axis, phase)| {
                Taps::backward(kernel[axis], dilation[axis], stride[axis], phase)
            });
            pack_direction(
                values,
                lanes.len(),
                (&out_lanes, LANES),
                taps,
                |input, block, lane, row, column| {
                    let (to, at) = (input / LANES, input % LANES);
                    (at < lanes[to])
                        .then(|| conv.at(block * LANES + lane, first[to] + at, row, column))
                },
            )
        });
        Backward::Phases(phases.collect())
    };
    PackedConv {
        forward,
        backward,
        transformed: if !is_dense {
            None
        } else if interleaved {
            Transformed::of_cells(conv, &out_lanes)
        } else {
            Transformed::new(conv, lanes, &out_lanes)
        },
    }
}
