//! Weights, packed in the order in which the kernels read them.

use std::collections::HashMap;

use oneiric_graph::{Conv, Gemm, WeightId};

use crate::{
    blocked::{Blocked, blocks},
    lanes::LANES,
    memory::Aligned,
    transformed::Transformed,
};

/// The weights of one convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvWeights<'a> {
    /// Output channels.
    pub(crate) out: usize,
    /// Input channels.
    pub(crate) input: usize,
    /// Rows and columns of the kernel.
    pub(crate) kernel: [usize; 2],
    /// Rows and columns of the stride.
    pub(crate) stride: [usize; 2],
    /// `[out][input][row][column]`.
    pub(crate) weight: &'a [f32],
}

impl ConvWeights<'_> {
    /// One weight.
    pub(crate) fn at(&self, out: usize, input: usize, row: usize, column: usize) -> f32 {
        let [rows, columns] = self.kernel;
        self.weight[((out * self.input + input) * rows + row) * columns + column]
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
    /// Rows and columns of the kernel.
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

/// A matrix `[output][feature]` among the packed weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix {
    /// The first number.
    pub(crate) start: usize,
    /// The distance from a row to the next: the features, filled up to whole vectors with zeros.
    pub(crate) row: usize,
    /// The start of the bias, which is filled up likewise.
    pub(crate) bias: Option<usize>,
}

/// All packed weights.
#[derive(Debug, Clone)]
pub(crate) struct PackedWeights {
    pub(crate) values: Aligned,
    pub(crate) convs: Vec<PackedConv>,
    /// The place in `convs` of each node that is a convolution.
    of_node: Vec<Option<usize>>,
    /// The start of the bias of each node that has one.
    biases: Vec<Option<usize>>,
    /// The matrices of the nodes that have one.
    matrices: HashMap<usize, Matrix>,
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

/// Packed weights while they are made.
pub(crate) struct Packing<'a> {
    graph: &'a Blocked,
    weights: &'a [&'a [f32]],
    values: Vec<f32>,
    /// Place of the convolutions of that weight, for an input of these lanes, interleaved or not,
    /// with that stride.
    convs: HashMap<(WeightId, Vec<usize>, bool, [usize; 2]), usize>,
    /// Start of each bias.
    biases: HashMap<WeightId, usize>,
    packed: PackedWeights,
}

impl Packing<'_> {
    /// Packs the weights of a convolution, or finds those of an equal one.
    pub(crate) fn conv(&mut self, op: &Conv, node: usize) {
        self.packed.biases[node] = op.bias.map(|bias| {
            *self.biases.entry(bias).or_insert_with(|| {
                let start = self.values.len();
                self.values.extend_from_slice(self.weights[bias.index()]);
                let len = self.values.len().next_multiple_of(LANES);
                self.values.resize(len, 0.0);
                start
            })
        });
        let graph = self.graph;
        let input = graph.inputs(node)[0];
        let interleaved = graph.interleaved && input == 0;
        let lanes = &graph.lanes[input];
        let stride = op.window.stride;
        let key = (op.weight, lanes.clone(), interleaved, stride);
        let place = self.convs.entry(key).or_insert_with(|| {
            let conv = ConvWeights {
                out: graph.channels(node),
                input: graph.channels(input),
                kernel: op.kernel(graph.graph.weights()),
                stride,
                weight: self.weights[op.weight.index()],
            };
            let conv = pack(&conv, lanes, interleaved, &mut self.values);
            self.packed.convs.push(conv);
            self.packed.convs.len() - 1
        });
        self.packed.of_node[node] = Some(*place);
    }
}

impl Packing<'_> {
    /// Packs the matrix and the bias of a fully connected layer.
    pub(crate) fn matrix(&mut self, op: &Gemm, node: usize) {
        let [outputs, features] = op.dimensions(self.graph.graph.weights());
        let weight = self.weights[op.weight.index()];
        let row = features.next_multiple_of(LANES);
        let start = self.values.len();
        for output in 0..outputs {
            let at = |feature: usize| {
                if op.transposed {
                    feature * outputs + output
                } else {
                    output * features + feature
                }
            };
            let factors = (0..features).map(|feature| op.alpha * weight[at(feature)]);
            self.values.extend(factors);
            self.values.resize(start + (output + 1) * row, 0.0);
        }
        let bias = op.bias.map(|bias| {
            let start = self.values.len();
            let bias = self.weights[bias.index()].iter();
            self.values.extend(bias.map(|value| op.beta * value));
            let len = self.values.len().next_multiple_of(LANES);
            self.values.resize(len, 0.0);
            start
        });
        self.packed
            .matrices
            .insert(node, Matrix { start, row, bias });
    }
}

impl PackedWeights {
    /// The matrix of a fully connected layer.
    ///
    /// # Panics
    ///
    /// Panics if the node is none that the kernels can run.
    pub(crate) fn matrix(&self, node: usize) -> Matrix {
        self.matrices[&node]
    }

    pub(crate) fn new(graph: &Blocked, weights: &[&[f32]]) -> Self {
        let mut packing = Packing {
            graph,
            weights,
            values: Vec::new(),
            convs: HashMap::new(),
            biases: HashMap::new(),
            packed: Self {
                values: Aligned::default(),
                convs: Vec::new(),
                of_node: vec![None; graph.len()],
                biases: vec![None; graph.len()],
                matrices: HashMap::new(),
            },
        };
        for node in (0..graph.len()).filter(|&node| graph.is_supported(node)) {
            graph.operator(node).pack(&mut packing, node);
        }
        packing.packed.values = Aligned::from_slice(&packing.values);
        packing.packed
    }

    /// The weights of a convolution.
    ///
    /// # Panics
    ///
    /// Panics if the node is no convolution that the kernels can run.
    pub(crate) fn conv(&self, node: usize) -> &PackedConv {
        match self.of_node[node] {
            Some(conv) => &self.convs[conv],
            None => unreachable!("node {node} is no convolution"),
        }
    }

    /// The start of a node's bias among the packed weights, if it has one.
    pub(crate) fn bias(&self, node: usize) -> Option<usize> {
        self.biases[node]
    }
}

fn pack(
    conv: &ConvWeights<'_>,
    lanes: &[usize],
    interleaved: bool,
    values: &mut Vec<f32>,
) -> PackedConv {
    let (kernel, stride) = (conv.kernel, conv.stride);
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
        kernel,
        |out, block, lane, row, column| {
            (out < conv.out).then(|| conv.at(out, first[block] + lane, row, column))
        },
    );
    let backward = if interleaved && stride != [1; 2] {
        let [rows, columns] = [0, 1].map(|axis| kernel[axis].div_ceil(stride[axis]));
        let channels = stride[0] * stride[1] * conv.input;
        Backward::Cells(pack_direction(
            values,
            channels.div_ceil(LANES),
            (&out_lanes, LANES),
            [rows, columns],
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
            // Kernel rows and columns that meet the phase, from the last to the first.
            let rows = kernel[0].saturating_sub(y).div_ceil(stride[0]);
            let columns = kernel[1].saturating_sub(x).div_ceil(stride[1]);
            pack_direction(
                values,
                lanes.len(),
                (&out_lanes, LANES),
                [rows, columns],
                |input, block, lane, row, column| {
                    let row = y + stride[0] * (rows - 1 - row);
                    let column = x + stride[1] * (columns - 1 - column);
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
        transformed: if interleaved {
            Transformed::of_cells(conv, &out_lanes)
        } else {
            Transformed::new(conv, lanes, &out_lanes)
        },
    }
}

/// Packs one direction. `weight` gives the weight of (output lane, input block, input lane, row,
/// column), or none if that output lane is padding.
fn pack_direction(
    values: &mut Vec<f32>,
    blocks: usize,
    (lanes, pixel): (&[usize], usize),
    [rows, columns]: [usize; 2],
    weight: impl Fn(usize, usize, usize, usize, usize) -> Option<f32>,
) -> Packed {
    let mut taps = Vec::new();
    // Block, lane, row and column of every inner number.
    let mut order = Vec::new();
    for row in 0..rows {
        for (block, &used) in lanes.iter().enumerate() {
            // The columns of a full block are contiguous. Those of another block have its padding
            // lanes between them.
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
