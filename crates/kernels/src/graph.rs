//! The network as a list of nodes, checked.

use crate::{ConvWeights, KernelError, Node, Op, PadRule, lanes::LANES};

/// Shape of one convolution's weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConvShape {
    pub(crate) out: usize,
    pub(crate) input: usize,
    pub(crate) kernel: usize,
}

/// Nodes that fit together.
#[derive(Debug)]
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

    /// Which nodes a set of nodes needs, itself included.
    pub(crate) fn needed(&self, wanted: &[usize]) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
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
    pub(crate) fn sizes(
        &self,
        needed: &[bool],
        image: [usize; 2],
    ) -> Result<Vec<[usize; 2]>, KernelError> {
        let mut sizes: Vec<[usize; 2]> = Vec::with_capacity(self.nodes.len());
        for (index, node) in self.nodes.iter().enumerate() {
            if !needed[index] {
                sizes.push([0; 2]);
                continue;
            }
            let too_small = KernelError::ImageTooSmall {
                node: index,
                height: image[0],
                width: image[1],
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
                    before.map(|n| windows(n, kernel, *stride, *pad))
                }
                Op::MaxPool {
                    kernel,
                    stride,
                    pad,
                } => {
                    for n in before {
                        let last = windows(n, *kernel, *stride, *pad).saturating_sub(1) * stride;
                        let (outside, _) = pad(n, *kernel, *stride);
                        if outside >= *kernel || last >= n + outside {
                            return Err(too_small);
                        }
                    }
                    before.map(|n| windows(n, *kernel, *stride, *pad))
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
            sizes.push(size);
        }
        Ok(sizes)
    }
}

fn check_weights(index: usize, weights: &ConvWeights<'_>) -> Result<(), KernelError> {
    let all = weights.out * weights.input * weights.kernel * weights.kernel;
    // A convolution without weights is none.
    for (what, expected, actual) in [
        ("weight", all.max(1), weights.weight.len()),
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

/// Positions of a window along one axis.
fn windows(size: usize, kernel: usize, stride: usize, pad: PadRule) -> usize {
    let (before, after) = pad(size, kernel, stride);
    (size + before + after)
        .checked_sub(kernel)
        .map_or(0, |room| room / stride + 1)
}
