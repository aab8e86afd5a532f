//! The weights between two layers that are not neighbors.

use burn::tensor::{
    Device, Tensor, TensorData, module,
    ops::{ConvTransposeOptions, PadMode},
};
use oneiric_core::read;
use oneiric_graph::{Concat, Graph, NodeId, Op, Padding, Window};

use crate::{GraphNetwork, LayerId, ModelError, NetworkExt};

/// The linear map from a layer to one unit of a later layer: the weight of each channel at each
/// position around the unit, as if there were only convolutions between the two. It holds for a
/// unit far from the border; near the border, padding cuts the kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpandedWeights {
    source: LayerId,
    target: LayerId,
    channel: usize,
    /// [channels of the earlier layer, rows, columns].
    shape: [usize; 3],
    values: Vec<f32>,
}

impl ExpandedWeights {
    /// The earlier layer.
    #[must_use]
    pub const fn source_layer(&self) -> LayerId {
        self.source
    }

    /// The later layer.
    #[must_use]
    pub const fn target_layer(&self) -> LayerId {
        self.target
    }

    /// The channel of the later layer.
    #[must_use]
    pub const fn channel(&self) -> usize {
        self.channel
    }

    /// The number of channels of the earlier layer.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.shape[0]
    }

    /// The rows of the kernel, in positions of the earlier layer.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.shape[1]
    }

    /// The columns of the kernel, in positions of the earlier layer.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.shape[2]
    }

    /// All weights, [channels, height, width], row-major, laid out as the activations that they
    /// multiply (a cross-correlation, as in every framework).
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Returns the kernel over one channel of the earlier layer, [height, width].
    #[must_use]
    pub fn kernel(&self, channel: usize) -> Option<&[f32]> {
        self.values
            .chunks(self.height() * self.width())
            .nth(channel)
    }

    /// Returns the channels of the earlier layer by the norm of their kernels, the largest first.
    #[must_use]
    pub fn strongest(&self) -> Vec<usize> {
        let kernels = self.values.chunks(self.height() * self.width());
        let norms: Vec<f64> = kernels
            .map(|kernel| kernel.iter().map(|v| f64::from(*v).powi(2)).sum())
            .collect();
        let mut order: Vec<usize> = (0..self.channels()).collect();
        order.sort_by(|&a, &b| norms[b].total_cmp(&norms[a]));
        order
    }
}

/// A kernel [1, channels, height, width] on a node, and the position of its first row and column,
/// relative to the unit that the walk back through the graph began with.
struct Kernel {
    values: Tensor<4>,
    row: isize,
    column: isize,
}

impl GraphNetwork {
    /// Returns the weights between a layer and a channel of a later one. Everything between them
    /// that is not linear is left out or replaced by a linear form: no ReLU, no bias, no
    /// normalization (LRN), and the mean over a window in place of its maximum (each of the `k * k`
    /// positions has the weight `1 / (k * k)`, as far from a border).
    ///
    /// Between adjacent layers these are the weights of the convolution, unchanged; through a
    /// bottleneck, the product of two convolutions; through a block, the sum over its branches.
    /// Over many layers, what is left out matters more than what remains. Weights from the input
    /// apply to the preprocessed image, in the network's order of colors.
    ///
    /// Source: Voss et al., "Visualizing Weights" (Distill 2021, Circuits thread), "Expanded
    /// Weights", with its suggestions for pooling and bottlenecks.
    ///
    /// For a network that is not a graph, use the gradient of a unit with respect to a layer
    /// instead (`attribution` in oneiric's `inspect`): the weights in effect for one photograph.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::NoSuchWeights`] if there is no such layer or channel, if `source` does
    /// not lie before that channel of `target`, or if an operator without a kernel lies between
    /// them, such as the mean over all positions or a softmax. Returns [`ModelError::Device`] if
    /// the device cannot read the weights back.
    pub fn expanded_weights(
        &self,
        source: LayerId,
        target: LayerId,
        channel: usize,
    ) -> Result<ExpandedWeights, ModelError> {
        let graph = self.graph();
        let refuse = |reason| {
            let [from, to] = [source, target].map(|layer| self.name_of(layer));
            ModelError::NoSuchWeights { from, to, reason }
        };
        let layers = self.layers().len();
        if source.index() >= layers || target.index() >= layers {
            return Err(refuse("the network has no such layer"));
        }
        if channel >= self.describe(target).channels() {
            return Err(refuse("the later layer has no such channel"));
        }
        let nodes = graph.nodes().len();
        let [from, to] = [source, target].map(|layer| self.node(layer).index());
        let (unit, unit_channel) = origin(graph, from, to, channel);
        let on_the_way = on_the_way(graph, from, unit);
        let nodes_on_the_way = (0..nodes).filter(|&node| on_the_way[node]);
        let unknown = nodes_on_the_way
            .map(NodeId::new)
            .any(|node| graph.channels(node).is_none());
        if unknown {
            return Err(refuse("an operator between the layers has no kernel"));
        }
        let channels = |node: usize| graph.channels(NodeId::new(node)).unwrap_or(0);
        if !on_the_way[unit] {
            return Err(refuse(
                "the earlier layer does not lie before that channel of the later one",
            ));
        }

        let device = self.device();
        let mut kernels: Vec<Option<Kernel>> = (0..nodes).map(|_| None).collect();
        kernels[unit] = Some(Kernel {
            values: one_hot(unit_channel, channels(unit), device),
            row: 0,
            column: 0,
        });
        for index in (from + 1..=unit).rev() {
            let Some(kernel) = kernels[index].take() else {
                continue;
            };
            let node = &graph.nodes()[index];
            let mut first_channel = 0;
            for input in node.inputs.iter().map(|input| input.index()) {
                let count = channels(input);
                if on_the_way[input] {
                    let before = match &node.op {
                        Op::Conv(conv) => {
                            let weight = self.weights().at(conv.weight);
                            kernel.through(weight, &conv.window, conv.groups)
                        }
                        Op::MaxPool(pool) => {
                            let [rows, columns] = pool.kernel;
                            let share = 1.0 / (rows * columns) as f32;
                            let weight = Tensor::full([count, 1, rows, columns], share, device);
                            kernel.through(weight, &pool.window, count)
                        }
                        Op::AveragePool(pool) => {
                            let [rows, columns] = pool.kernel;
                            let share = 1.0 / (rows * columns) as f32;
                            let weight = Tensor::full([count, 1, rows, columns], share, device);
                            kernel.through(weight, &pool.window, count)
                        }
                        Op::Concat(Concat { axis: 1 }) => {
                            kernel.with(|v| v.narrow(1, first_channel, count))
                        }
                        Op::Relu(_) | Op::Lrn(_) | Op::Add(_) => kernel.with(|v| v),
                        Op::GlobalAveragePool(_) => {
                            return Err(refuse("the mean over all positions has no kernel"));
                        }
                        Op::Softmax(_) => return Err(refuse("the softmax is not linear")),
                        _ => return Err(refuse("an operator between the layers has no kernel")),
                    };
                    kernels[input] = Some(match kernels[input].take() {
                        Some(other) => other.plus(before),
                        None => before,
                    });
                }
                first_channel += count;
            }
        }
        let kernel = kernels[from]
            .take()
            .expect("a path leads from the source to the unit");
        let [_, channels, height, width] = kernel.values.dims();
        Ok(ExpandedWeights {
            source,
            target,
            channel,
            shape: [channels, height, width],
            values: read(kernel.values)?,
        })
    }
}

impl GraphNetwork {
    fn name_of(&self, layer: LayerId) -> String {
        let named = self.layers().get(layer.index());
        let unnamed = || format!("layer {}", layer.index());
        named.map_or_else(unnamed, |layer| layer.name().to_owned())
    }
}

impl Kernel {
    /// Returns the kernel on the input of a convolution: position p of its output reads
    /// `p * stride - before + i * dilation`.
    fn through(&self, weight: Tensor<4>, window: &Window, groups: usize) -> Self {
        let [_, _, rows, columns] = weight.dims();
        let kernel = [rows, columns];
        let before = [0, 1].map(|at| {
            let extent = (kernel[at] - 1) * window.dilation[at] + 1;
            // The padding of an input whose side is a multiple of the stride.
            let same = extent.saturating_sub(window.stride[at]);
            match window.padding {
                Padding::Explicit(pads) => pads[at][0],
                Padding::SameUpper => same / 2,
                Padding::SameLower => same.div_ceil(2),
            }
        });
        let options =
            ConvTransposeOptions::new(window.stride, [0; 2], [0; 2], window.dilation, groups);
        let begin =
            |at: isize, axis: usize| at * window.stride[axis] as isize - before[axis] as isize;
        Self {
            values: module::conv_transpose2d(self.values.clone(), weight, None, options),
            row: begin(self.row, 0),
            column: begin(self.column, 1),
        }
    }

    fn with(&self, change: impl FnOnce(Tensor<4>) -> Tensor<4>) -> Self {
        Self {
            values: change(self.values.clone()),
            row: self.row,
            column: self.column,
        }
    }

    /// Returns the sum of two kernels, over the smallest rectangle that holds both.
    fn plus(self, other: Self) -> Self {
        let end = |kernel: &Self| {
            let [_, _, height, width] = kernel.values.dims();
            [kernel.row + height as isize, kernel.column + width as isize]
        };
        let (one, two) = (end(&self), end(&other));
        let begin = [self.row.min(other.row), self.column.min(other.column)];
        let end = [one[0].max(two[0]), one[1].max(two[1])];
        let padded = |kernel: Self, own_end: [isize; 2]| {
            let pad = [
                (kernel.row - begin[0], end[0] - own_end[0]),
                (kernel.column - begin[1], end[1] - own_end[1]),
            ];
            let pad = pad.map(|(before, after)| (before as usize, after as usize));
            kernel.values.pad(pad, PadMode::Constant(0.0))
        };
        Self {
            values: padded(self, one) + padded(other, two),
            row: begin[0],
            column: begin[1],
        }
    }
}

/// Returns the convolution or pooling that computes a channel, and its channel there. For a block
/// it is in one of the branches, so that the kernel is not as large as that of the largest branch.
fn origin(graph: &Graph, from: usize, to: usize, channel: usize) -> (usize, usize) {
    let (mut node, mut channel) = (to, channel);
    while node != from
        && matches!(
            graph.nodes()[node].op,
            Op::Concat(Concat { axis: 1 }) | Op::Relu(_) | Op::Lrn(_)
        )
    {
        for &input in &graph.nodes()[node].inputs {
            let channels = graph.channels(input).unwrap_or(0);
            if channel < channels {
                node = input.index();
                break;
            }
            channel -= channels;
        }
    }
    (node, channel)
}

/// Returns, for each node, true if it lies on a path from one node to another, both included.
fn on_the_way(graph: &Graph, from: usize, to: usize) -> Vec<bool> {
    let needed = graph.needed(&[NodeId::new(to)]).expect("a node");
    let mut reached = vec![false; needed.len()];
    reached[from] = true;
    for (index, node) in graph.nodes().iter().enumerate().skip(from + 1) {
        reached[index] = node.inputs.iter().any(|input| reached[input.index()]);
    }
    reached.iter().zip(needed).map(|(a, b)| *a && b).collect()
}

/// Returns a one-hot tensor [1, channels, 1, 1].
fn one_hot(channel: usize, channels: usize, device: &Device) -> Tensor<4> {
    let values: Vec<f32> = (0..channels)
        .map(|c| f32::from(u8::from(c == channel)))
        .collect();
    Tensor::from_data(TensorData::new(values, [1, channels, 1, 1]), device)
}
