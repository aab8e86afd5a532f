//! The weights between two layers that are not neighbours.

use burn::tensor::{
    Device, Tensor, TensorData, module,
    ops::{ConvTransposeOptions, PadMode},
};
use oneiric_core::read;

use crate::{
    InceptionV1, LayerId, ModelError, Network,
    config::Padding,
    graph::{Graph, Op},
};

/// The linear map from a layer to one unit of a later layer: what the unit would weigh each channel
/// at each place around it with, were nothing on the way but convolutions. Of a unit far from the
/// border; near it, padding cuts the kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpandedWeights {
    from: LayerId,
    to: LayerId,
    channel: usize,
    /// Channels of the earlier layer, rows, columns.
    shape: [usize; 3],
    values: Vec<f32>,
}

impl ExpandedWeights {
    /// The earlier layer.
    #[must_use]
    pub const fn from(&self) -> LayerId {
        self.from
    }

    /// The later layer.
    #[must_use]
    pub const fn to(&self) -> LayerId {
        self.to
    }

    /// The channel of the later layer.
    #[must_use]
    pub const fn channel(&self) -> usize {
        self.channel
    }

    /// Channels of the earlier layer.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.shape[0]
    }

    /// Rows of the kernel, in positions of the earlier layer.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.shape[1]
    }

    /// Columns of the kernel.
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

    /// The kernel over one channel of the earlier layer, [height, width].
    #[must_use]
    pub fn kernel(&self, channel: usize) -> Option<&[f32]> {
        self.values
            .chunks(self.height() * self.width())
            .nth(channel)
    }

    /// The channels of the earlier layer by the norm of their kernels, the largest first.
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

/// A kernel [1, channels, height, width] on a node, and where its first row and column lie, counted
/// from the position that the walk began with.
struct Kernel {
    values: Tensor<4>,
    row: isize,
    column: isize,
}

impl InceptionV1 {
    /// The weights between a layer and a channel of a later one, with everything on the way that is
    /// not linear left out or put in a linear form: no ReLU, no bias, no normalisation (LRN), and a
    /// maximum over a window as its mean (so that `k * k` places count with `1 / (k * k)` each, as
    /// they do far from a border).
    ///
    /// Between neighbours these are the weights of the convolution as they are; through a
    /// bottleneck, the product of two; through a block, the sum over its branches. Over many layers
    /// what was left out matters more than what is there. Weights from `input` are of the
    /// preprocessed image, in the network's order of colours.
    ///
    /// Source: Voss et al., "Visualizing Weights" (Distill 2021, Circuits thread), "Expanded
    /// Weights", with its suggestions for pooling and bottlenecks.
    ///
    /// For a network of one's own, ask for the gradient of a unit with respect to a layer instead
    /// (`attribution` in oneiric's `inspect`): the weights in effect for one photograph.
    ///
    /// # Errors
    ///
    /// [`ModelError::NoSuchWeights`] when there is no such layer or channel, the first layer does
    /// not lie before the second, or the mean over all positions or the softmax lies between them,
    /// of which no kernel can be given.
    pub fn expanded_weights(
        &self,
        from: LayerId,
        to: LayerId,
        channel: usize,
    ) -> Result<ExpandedWeights, ModelError> {
        let graph = Graph::new(self.config());
        let names = || [from, to].map(|layer| name(&graph, layer));
        let refuse = |reason| {
            let [from, to] = names();
            ModelError::NoSuchWeights { from, to, reason }
        };
        let nodes = graph.nodes.len();
        if from.index() >= nodes || to.index() >= nodes {
            return Err(refuse("the network has no such layer"));
        }
        if channel >= graph.layers[to.index()].channels() {
            return Err(refuse("the later layer has no such channel"));
        }
        let (unit, unit_channel) = origin(&graph, from.index(), to.index(), channel);
        let on_the_way = on_the_way(&graph, from.index(), unit);
        if !on_the_way[unit] {
            return Err(refuse(
                "the first does not lie before that channel of the second",
            ));
        }

        let device = self.device();
        let mut kernels: Vec<Option<Kernel>> = (0..nodes).map(|_| None).collect();
        kernels[unit] = Some(Kernel {
            values: one_hot(unit_channel, graph.layers[unit].channels(), device),
            row: 0,
            column: 0,
        });
        for index in (from.index() + 1..=unit).rev() {
            let Some(kernel) = kernels[index].take() else {
                continue;
            };
            let node = &graph.nodes[index];
            let mut first_channel = 0;
            for &input in &node.inputs {
                let channels = graph.layers[input].channels();
                if on_the_way[input] {
                    let before = match &node.op {
                        Op::Conv {
                            weights, stride, ..
                        } => {
                            let weight = self.weights()[*weights].weight.clone();
                            kernel.through(weight, *stride, 1, Padding::conv, self)
                        }
                        Op::MaxPool { kernel: k, stride } => {
                            let share = 1.0 / (k * k) as f32;
                            let weight = Tensor::full([channels, 1, *k, *k], share, device);
                            kernel.through(weight, *stride, channels, Padding::pool, self)
                        }
                        Op::Concat => kernel.with(|v| v.narrow(1, first_channel, channels)),
                        Op::Relu | Op::Lrn => kernel.with(|v| v),
                        Op::GlobalAveragePool => {
                            return Err(refuse("the mean over all positions has no kernel"));
                        }
                        Op::Softmax => return Err(refuse("the softmax is not linear")),
                        Op::Input => unreachable!("the input has no inputs"),
                    };
                    kernels[input] = Some(match kernels[input].take() {
                        Some(other) => other.plus(before),
                        None => before,
                    });
                }
                first_channel += channels;
            }
        }
        let kernel = kernels[from.index()]
            .take()
            .expect("a way was found from the one to the other");
        let [_, channels, height, width] = kernel.values.dims();
        Ok(ExpandedWeights {
            from,
            to,
            channel,
            shape: [channels, height, width],
            values: read(kernel.values)?,
        })
    }
}

impl Kernel {
    /// Through a convolution, backwards: position p of its output reads `p * stride - before + i`.
    fn through(
        &self,
        weight: Tensor<4>,
        stride: usize,
        groups: usize,
        padding: fn(Padding, usize, usize, usize) -> (usize, usize),
        net: &InceptionV1,
    ) -> Self {
        let [_, _, side, _] = weight.dims();
        // With a stride the padding depends on the image's size under `Same`; it shifts the kernel
        // as a whole, for branches that meet again have stride 1.
        let before = if stride == 1 {
            padding(net.config().padding, side, side, stride).0
        } else {
            0
        };
        let options = ConvTransposeOptions::new([stride; 2], [0; 2], [0; 2], [1; 2], groups);
        let begin = |at: isize| at * stride as isize - before as isize;
        Self {
            values: module::conv_transpose2d(self.values.clone(), weight, None, options),
            row: begin(self.row),
            column: begin(self.column),
        }
    }

    fn with(&self, change: impl FnOnce(Tensor<4>) -> Tensor<4>) -> Self {
        Self {
            values: change(self.values.clone()),
            row: self.row,
            column: self.column,
        }
    }

    /// The sum of two, as large as both together.
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

/// The convolution or pooling that a channel comes from, and its channel there: of a block, one of
/// its branches, so that the kernel is not as large as that of the largest branch.
fn origin(graph: &Graph, from: usize, to: usize, channel: usize) -> (usize, usize) {
    let (mut node, mut channel) = (to, channel);
    while node != from && matches!(graph.nodes[node].op, Op::Concat | Op::Relu | Op::Lrn) {
        for &input in &graph.nodes[node].inputs {
            let channels = graph.layers[input].channels();
            if channel < channels {
                node = input;
                break;
            }
            channel -= channels;
        }
    }
    (node, channel)
}

/// Which nodes lie on a way from one node to another, both included.
fn on_the_way(graph: &Graph, from: usize, to: usize) -> Vec<bool> {
    let needed = graph.needed(&[to]);
    let mut reached = vec![false; graph.nodes.len()];
    reached[from] = true;
    for (index, node) in graph.nodes.iter().enumerate().skip(from + 1) {
        reached[index] = node.inputs.iter().any(|&input| reached[input]);
    }
    reached.iter().zip(needed).map(|(a, b)| *a && b).collect()
}

/// [1, channels, 1, 1].
fn one_hot(channel: usize, channels: usize, device: &Device) -> Tensor<4> {
    let values: Vec<f32> = (0..channels)
        .map(|c| f32::from(u8::from(c == channel)))
        .collect();
    Tensor::from_data(TensorData::new(values, [1, channels, 1, 1]), device)
}

fn name(graph: &Graph, layer: LayerId) -> String {
    let known = graph.layers.get(layer.index());
    known.map_or_else(
        || format!("layer {}", layer.index()),
        |layer| layer.name().to_owned(),
    )
}
