//! InceptionV1 as a list of nodes in the order of the forward pass.
//!
//! Every tensor of the network is a node with a name, so that each can be asked for; what a set
//! of nodes needs follows by walking the inputs, so that a forward pass computes that and no
//! more. The variants differ in numbers alone (see [`InceptionV1Config`]).

use crate::{
    config::{BLOCKS, BlockWidths, InceptionV1Config, Padding},
    network::Layer,
};

/// Where the classifier's outputs are.
pub(crate) const LOGITS: &str = "softmax2_pre_activation";

/// Name of the classifier's weights, without the ending.
pub(crate) const CLASSIFIER: &str = "softmax2";

/// What a node computes from its inputs.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// The image after preprocessing.
    Input,
    /// Convolution with the weights of that number, with or without the bias.
    Conv {
        weights: usize,
        stride: usize,
        bias: bool,
    },
    Relu,
    MaxPool {
        kernel: usize,
        stride: usize,
    },
    Lrn,
    /// Along the channels.
    Concat,
    /// Mean over all positions.
    GlobalAveragePool,
    /// Over the channels.
    Softmax,
}

/// One tensor of the network.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) op: Op,
    /// Indices of earlier nodes.
    pub(crate) inputs: Vec<usize>,
}

/// Weights of one convolution: `out` x `input` x `kernel` x `kernel`. The classifier is one with
/// kernel 1.
#[derive(Debug, Clone)]
pub(crate) struct ConvShape {
    /// TensorFlow's name, such as `mixed4a_3x3_bottleneck`.
    pub(crate) name: String,
    pub(crate) out: usize,
    pub(crate) input: usize,
    pub(crate) kernel: usize,
}

/// Nodes, their public description (same indices), and the convolutions they use.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) convs: Vec<ConvShape>,
    padding: Padding,
}

impl Graph {
    pub(crate) fn new(config: &InceptionV1Config) -> Self {
        let mut graph = Self {
            nodes: Vec::new(),
            layers: Vec::new(),
            convs: Vec::new(),
            padding: config.padding,
        };
        let [stem0, stem1, stem2] = config.stem;
        let input = graph.add("input", Op::Input, vec![], 3);
        let x = graph.conv_relu("conv2d0", input, stem0, 7, 2);
        let x = graph.max_pool("maxpool0", x, 3, 2);
        let x = graph.lrn("localresponsenorm0", x, config);
        let x = graph.conv_relu("conv2d1", x, stem1, 1, 1);
        let x = graph.conv_relu("conv2d2", x, stem2, 3, 1);
        let x = graph.lrn("localresponsenorm1", x, config);
        let mut x = graph.max_pool("maxpool1", x, 3, 2);
        for (name, widths) in BLOCKS.into_iter().zip(config.blocks) {
            x = graph.block(&format!("mixed{name}"), x, widths, config.five_kernel);
            match name {
                "3b" => x = graph.max_pool("maxpool4", x, 3, 2),
                "4e" => x = graph.max_pool("maxpool10", x, config.last_pool, 2),
                _ => {}
            }
        }
        let features = graph.layers[x].channels();
        let x = graph.add("avgpool0", Op::GlobalAveragePool, vec![x], features);
        let op = graph.conv_op(CLASSIFIER, x, config.classes, 1, 1, true);
        let x = graph.add(LOGITS, op, vec![x], config.classes);
        graph.add("softmax2", Op::Softmax, vec![x], config.classes);
        graph
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

    /// Height and width of every node for an input of that size; `None` where a node would have
    /// no position.
    pub(crate) fn sizes(&self, input: [usize; 2]) -> Vec<Option<[usize; 2]>> {
        let mut sizes: Vec<Option<[usize; 2]>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let before = node.inputs.first().and_then(|&i| sizes[i]);
            sizes.push(match &node.op {
                Op::Input => input.iter().all(|&n| n > 0).then_some(input),
                Op::Conv {
                    weights, stride, ..
                } => {
                    let kernel = self.convs[*weights].kernel;
                    before.and_then(|size| {
                        windows(size, kernel, *stride, |n| {
                            self.padding.conv(n, kernel, *stride)
                        })
                    })
                }
                Op::MaxPool { kernel, stride } => before.and_then(|size| {
                    windows(size, *kernel, *stride, |n| {
                        self.padding.pool(n, *kernel, *stride)
                    })
                }),
                Op::GlobalAveragePool => before.map(|_| [1, 1]),
                Op::Relu | Op::Lrn | Op::Concat | Op::Softmax => before,
            });
        }
        sizes
    }

    fn add(&mut self, name: &str, op: Op, inputs: Vec<usize>, channels: usize) -> usize {
        self.nodes.push(Node { op, inputs });
        self.layers.push(Layer::of_inception(name, channels));
        self.nodes.len() - 1
    }

    fn conv_op(
        &mut self,
        name: &str,
        input: usize,
        out: usize,
        kernel: usize,
        stride: usize,
        bias: bool,
    ) -> Op {
        self.convs.push(ConvShape {
            name: name.to_owned(),
            out,
            input: self.layers[input].channels(),
            kernel,
        });
        Op::Conv {
            weights: self.convs.len() - 1,
            stride,
            bias,
        }
    }

    /// Convolution and ReLU, with the two tensors in between that TensorFlow's graph names. The
    /// one without the bias is computed only for whom asks for it.
    fn conv_relu(
        &mut self,
        name: &str,
        input: usize,
        out: usize,
        kernel: usize,
        stride: usize,
    ) -> usize {
        let with_bias = self.conv_op(name, input, out, kernel, stride, true);
        let Op::Conv { weights, .. } = with_bias else {
            unreachable!("conv_op makes convolutions");
        };
        let without_bias = Op::Conv {
            weights,
            stride,
            bias: false,
        };
        self.add(
            &format!("{name}_pre_relu/conv"),
            without_bias,
            vec![input],
            out,
        );
        let pre_relu = self.add(&format!("{name}_pre_relu"), with_bias, vec![input], out);
        self.add(name, Op::Relu, vec![pre_relu], out)
    }

    fn max_pool(&mut self, name: &str, input: usize, kernel: usize, stride: usize) -> usize {
        let channels = self.layers[input].channels();
        self.add(name, Op::MaxPool { kernel, stride }, vec![input], channels)
    }

    /// A normalisation, if the network has them.
    fn lrn(&mut self, name: &str, input: usize, config: &InceptionV1Config) -> usize {
        if config.lrn.is_none() {
            return input;
        }
        let channels = self.layers[input].channels();
        self.add(name, Op::Lrn, vec![input], channels)
    }

    /// An inception block: four branches, concatenated.
    fn block(
        &mut self,
        name: &str,
        input: usize,
        widths: BlockWidths,
        five_kernel: usize,
    ) -> usize {
        let branch = |part: &str| format!("{name}_{part}");
        let one = self.conv_relu(&branch("1x1"), input, widths.one, 1, 1);
        let x = self.conv_relu(
            &branch("3x3_bottleneck"),
            input,
            widths.three_bottleneck,
            1,
            1,
        );
        let three = self.conv_relu(&branch("3x3"), x, widths.three, 3, 1);
        let x = self.conv_relu(
            &branch("5x5_bottleneck"),
            input,
            widths.five_bottleneck,
            1,
            1,
        );
        let five = self.conv_relu(&branch("5x5"), x, widths.five, five_kernel, 1);
        let x = self.max_pool(&branch("pool"), input, 3, 1);
        let pool = self.conv_relu(&branch("pool_reduce"), x, widths.pool, 1, 1);
        let branches = [one, three, five, pool];
        // `conv_relu` puts the tensor before the ReLU right before the one after it.
        let before = branches.map(|node| node - 1).to_vec();
        self.add(
            &format!("{name}_pre_relu"),
            Op::Concat,
            before,
            widths.out(),
        );
        self.add(name, Op::Concat, branches.to_vec(), widths.out())
    }
}

fn windows(
    size: [usize; 2],
    kernel: usize,
    stride: usize,
    pads: impl Fn(usize) -> (usize, usize),
) -> Option<[usize; 2]> {
    let out = size.map(|n| {
        let (before, after) = pads(n);
        (n + before + after)
            .checked_sub(kernel)
            .map_or(0, |room| room / stride + 1)
    });
    out.iter().all(|&n| n > 0).then_some(out)
}
