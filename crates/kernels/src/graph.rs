//! The network as a list of nodes, checked.

use crate::{ConvWeights, KernelError, Lrn, Node, Op, PadRule, lanes::LANES};

/// Most rows of a pooling's window, of a stride, and neighbours of a normalisation: a pooling's
/// gradient has numbers for the positions of a window in f32, and a convolution's has weights for
/// `stride * stride` phases.
const MOST_STEPS: usize = 1 << 10;

/// Most rows or columns of a tensor, so that sums of a few of them cannot overflow.
const MOST_SIDE: usize = 1 << 28;

/// Shape of one convolution's weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvShape {
    pub(crate) out: usize,
    pub(crate) input: usize,
    pub(crate) kernel: usize,
}

/// How large the needed nodes are; zeros for the others.
#[derive(Debug, Clone)]
pub(crate) struct Sizes {
    /// Height and width.
    pub(crate) of: Vec<[usize; 2]>,
    /// Rows and columns of padding before what windows walk over. Padding rules are asked once and
    /// then no more, so that an inconsistent one is inconsistent with nothing.
    pub(crate) before: Vec<[usize; 2]>,
}

/// Nodes that fit together.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) shapes: Vec<ConvShape>,
    /// Of every node, the used lanes of its blocks.
    pub(crate) lanes: Vec<Vec<usize>>,
    /// The input's channels lie side by side instead of in blocks of sixteen: there are few, and
    /// convolutions alone read them.
    pub(crate) interleaved: bool,
}

impl Graph {
    pub(crate) fn new(
        nodes: Vec<Node>,
        input_channels: usize,
        weights: &[ConvWeights<'_>],
    ) -> Result<Self, KernelError> {
        for (index, weights) in weights.iter().enumerate() {
            check_weights(index, weights)?;
        }
        let shapes: Vec<ConvShape> = weights
            .iter()
            .map(|w| ConvShape {
                out: w.out,
                input: w.input,
                kernel: w.kernel,
            })
            .collect();
        let only_convs = nodes.iter().all(|node| {
            matches!(node.op, Op::Conv { .. } | Op::Input) || !node.inputs.contains(&0)
        });
        let interleaved = input_channels < LANES && only_convs;
        let mut lanes: Vec<Vec<usize>> = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            check_node(index, node)?;
            lanes.push(match &node.op {
                Op::Input if input_channels == 0 => {
                    return Err(KernelError::Node {
                        node: index,
                        reason: "the input needs a channel",
                    });
                }
                Op::Input => blocks(input_channels),
                Op::Conv { weights, .. } => {
                    let shape = shapes.get(*weights).ok_or(KernelError::Node {
                        node: index,
                        reason: "there are no such weights",
                    })?;
                    let channels = lanes[node.inputs[0]].iter().sum();
                    if channels != shape.input {
                        return Err(KernelError::Mismatch {
                            node: index,
                            what: "channels of the input",
                            expected: shape.input,
                            actual: channels,
                        });
                    }
                    blocks(shape.out)
                }
                Op::Concat => node.inputs.iter().flat_map(|&i| lanes[i].clone()).collect(),
                _ => lanes[node.inputs[0]].clone(),
            });
        }
        if nodes.is_empty() {
            return Err(KernelError::Node {
                node: 0,
                reason: "there must be an input",
            });
        }
        Ok(Self {
            nodes,
            shapes,
            lanes,
            interleaved,
        })
    }

    /// Channels of a node.
    pub(crate) fn channels(&self, node: usize) -> usize {
        self.lanes[node].iter().sum()
    }

    /// First channel of each block of a node.
    pub(crate) fn first_channels(&self, node: usize) -> Vec<usize> {
        self.lanes[node]
            .iter()
            .scan(0, |next, &count| {
                *next += count;
                Some(*next - count)
            })
            .collect()
    }

    /// Which nodes a set of nodes needs, itself and the input included.
    pub(crate) fn needed(&self, wanted: &[usize]) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        needed[0] = true;
        for &node in wanted {
            needed[node] = true;
        }
        // Inputs come before their node, so one walk from the end is enough.
        for node in (0..self.nodes.len()).rev() {
            if needed[node] {
                for &input in &self.nodes[node].inputs {
                    needed[input] = true;
                }
            }
        }
        needed
    }

    /// Height and width of the needed nodes for an image of that size.
    pub(crate) fn sizes(&self, needed: &[bool], image: [usize; 2]) -> Result<Sizes, KernelError> {
        let [height, width] = image;
        let mut sizes: Vec<[usize; 2]> = Vec::with_capacity(self.nodes.len());
        let mut paddings = vec![[0; 2]; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            if !needed[index] {
                sizes.push([0; 2]);
                continue;
            }
            let too_small = KernelError::ImageTooSmall {
                node: index,
                height,
                width,
            };
            let before = node.inputs.first().map_or(image, |&i| sizes[i]);
            let size = match &node.op {
                Op::Conv {
                    weights,
                    stride,
                    pad,
                    ..
                } => {
                    let kernel = self.shapes[*weights].kernel;
                    let [y, x] = before.map(|n| windows(index, n, kernel, *stride, *pad));
                    let (y, x) = (y?, x?);
                    paddings[index] = [y.before, x.before];
                    [y.count, x.count]
                }
                Op::MaxPool {
                    kernel,
                    stride,
                    pad,
                } => {
                    let [y, x] = before.map(|n| windows(index, n, *kernel, *stride, *pad));
                    let (y, x) = (y?, x?);
                    for (n, axis) in before.into_iter().zip([y, x]) {
                        let last = axis.count.saturating_sub(1) * stride;
                        if axis.before >= *kernel || last >= n + axis.before {
                            return Err(too_small);
                        }
                    }
                    paddings[index] = [y.before, x.before];
                    [y.count, x.count]
                }
                Op::GlobalAveragePool => [1, 1],
                Op::Concat => {
                    for &input in &node.inputs {
                        for (axis, what) in ["height", "width"].into_iter().enumerate() {
                            if sizes[input][axis] != before[axis] {
                                return Err(KernelError::Mismatch {
                                    node: index,
                                    what,
                                    expected: before[axis],
                                    actual: sizes[input][axis],
                                });
                            }
                        }
                    }
                    before
                }
                Op::Input | Op::Relu | Op::Lrn(_) => before,
            };
            if size.contains(&0) {
                return Err(too_small);
            }
            if size.iter().any(|&n| n > MOST_SIDE) {
                return Err(KernelError::TooLarge {
                    items: 1,
                    height,
                    width,
                });
            }
            sizes.push(size);
        }
        Ok(Sizes {
            of: sizes,
            before: paddings,
        })
    }
}

fn check_weights(index: usize, weights: &ConvWeights<'_>) -> Result<(), KernelError> {
    let shape = [weights.out, weights.input, weights.kernel, weights.kernel];
    if shape.contains(&0) {
        return Err(KernelError::EmptyWeights { weights: index });
    }
    // No slice is as long as the largest number.
    let all = shape.into_iter().fold(1, usize::saturating_mul);
    for (what, expected, actual) in [
        ("weight", all, weights.weight.len()),
        ("bias", weights.out, weights.bias.len()),
    ] {
        if expected != actual {
            return Err(KernelError::Weights {
                weights: index,
                what,
                expected,
                actual,
            });
        }
    }
    Ok(())
}

fn check_node(index: usize, node: &Node) -> Result<(), KernelError> {
    let inputs = node.inputs.len();
    let fits = match node.op {
        Op::Input => inputs == 0,
        Op::Concat => inputs > 0,
        _ => inputs == 1,
    };
    let reason = if matches!(node.op, Op::Input) != (index == 0) {
        "node 0 is the input, and no other"
    } else if !fits {
        "a concatenation has inputs, the input none, everything else one"
    } else if node.inputs.iter().any(|&input| input >= index) {
        "inputs come before their node"
    } else {
        match node.op {
            Op::Conv { stride: 0, .. }
            | Op::MaxPool { stride: 0, .. }
            | Op::MaxPool { kernel: 0, .. } => "kernel and stride are at least 1",
            Op::Lrn(lrn) if !(lrn.bias > 0.0 && lrn.alpha >= 0.0) => {
                "a normalisation's bias is above 0 and its alpha not below"
            }
            Op::Conv { stride: steps, .. } | Op::Lrn(Lrn { radius: steps, .. })
                if steps > MOST_STEPS =>
            {
                "strides and radii are at most 1024"
            }
            Op::MaxPool { kernel, stride, .. } if kernel.max(stride) > MOST_STEPS => {
                "kernels and strides of a pooling are at most 1024"
            }
            _ => return Ok(()),
        }
    };
    Err(KernelError::Node {
        node: index,
        reason,
    })
}

/// Used lanes of blocks that are filled one after the other.
fn blocks(channels: usize) -> Vec<usize> {
    (0..channels)
        .step_by(LANES)
        .map(|first| LANES.min(channels - first))
        .collect()
}

/// Windows along one axis.
#[derive(Debug, Clone, Copy)]
struct Windows {
    count: usize,
    /// Padding before the first.
    before: usize,
}

/// The windows of a node along one axis.
fn windows(
    node: usize,
    size: usize,
    kernel: usize,
    stride: usize,
    pad: PadRule,
) -> Result<Windows, KernelError> {
    let (before, after) = pad(size, kernel, stride);
    let padding = before.max(after);
    // Any rule that has a use is well below.
    let most = 2 * (size + kernel);
    if padding > most {
        return Err(KernelError::Padding {
            node,
            size,
            padding,
            most,
        });
    }
    let room = (size + before + after).checked_sub(kernel);
    let count = room.map_or(0, |room| room / stride + 1);
    Ok(Windows { count, before })
}
