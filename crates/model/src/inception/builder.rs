//! The graph of an InceptionV1.
//!
//! Every tensor of the network is a node with TensorFlow's name, so that each can be read. The
//! variants differ in numbers alone (see [`InceptionV1Config`]).

use oneiric_graph::{
    Conv, Graph, GraphBuilder, GraphError, MaxPool, NodeId, Padding, Rounding, WeightId, Window,
};

use super::config::{BLOCKS, BlockWidths, InceptionV1Config, PaddingRule};
use crate::ModelError;

/// The name of the classifier's outputs.
pub(crate) const LOGITS: &str = "softmax2_pre_activation";

/// The name of the softmax of the classifier's outputs.
pub(crate) const SOFTMAX: &str = "softmax2";

/// The name of the classifier's weights, without the ending.
pub(crate) const CLASSIFIER: &str = "softmax2";

/// The ending of the name of a convolution's kernels in the graph.
pub(crate) const WEIGHT: &str = ".weight";

/// The ending of the name of a convolution's bias in the graph.
pub(crate) const BIAS: &str = ".bias";

impl InceptionV1Config {
    /// Builds the graph of the network. Its weights are declared in the order of the forward pass,
    /// as `NAME.weight` `[out, in, kernel, kernel]` and `NAME.bias` `[out]` with TensorFlow's names,
    /// such as `mixed4a_3x3_bottleneck`. The classifier, `softmax2`, is a 1x1 convolution.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::NoChannels`] if a layer has no channels, and [`ModelError::Graph`] if
    /// another setting is not allowed.
    pub fn graph(&self) -> Result<Graph, ModelError> {
        Builder::new(self).build().map_err(|error| match error {
            GraphError::EmptyWeight { weight, .. } => ModelError::NoChannels {
                layer: weight.trim_end_matches(WEIGHT).to_owned(),
            },
            error => error.into(),
        })
    }
}

struct Builder<'a> {
    config: &'a InceptionV1Config,
    net: GraphBuilder,
}

/// The nodes of a convolution and its ReLU.
#[derive(Clone, Copy)]
struct ConvRelu {
    before: NodeId,
    after: NodeId,
}

impl<'a> Builder<'a> {
    fn new(config: &'a InceptionV1Config) -> Self {
        let net = GraphBuilder::new(3);
        Self { config, net }
    }

    fn build(mut self) -> Result<Graph, GraphError> {
        let config = self.config;
        let [stem0, stem1, stem2] = config.stem;
        let x = self
            .conv_relu("conv2d0", self.net.input(), stem0, 7, 2)
            .after;
        let x = self.max_pool("maxpool0", x, 3, 2);
        let x = self.lrn("localresponsenorm0", x);
        let x = self.conv_relu("conv2d1", x, stem1, 1, 1).after;
        let x = self.conv_relu("conv2d2", x, stem2, 3, 1).after;
        let x = self.lrn("localresponsenorm1", x);
        let mut x = self.max_pool("maxpool1", x, 3, 2);
        for (name, widths) in BLOCKS.into_iter().zip(config.blocks) {
            x = self.block(&format!("mixed{name}"), x, widths);
            match name {
                "3b" => x = self.max_pool("maxpool4", x, 3, 2),
                "4e" => x = self.max_pool("maxpool10", x, config.last_pool, 2),
                _ => {}
            }
        }
        let x = self.net.global_average_pool("avgpool0", x);
        let weights = self.weights(CLASSIFIER, x, config.classes, 1);
        let x = self.conv(LOGITS, x, weights, 1, true);
        self.net.softmax(SOFTMAX, x);
        self.net.build()
    }

    /// Declares the kernels and the bias of a convolution.
    fn weights(
        &mut self,
        name: &str,
        input: NodeId,
        out: usize,
        kernel: usize,
    ) -> (usize, [WeightId; 2]) {
        let shape = [out, self.net.channels(input), kernel, kernel];
        let weight = self.net.weight(&format!("{name}{WEIGHT}"), shape);
        let bias = self.net.weight(&format!("{name}{BIAS}"), [out]);
        (kernel, [weight, bias])
    }

    fn conv(
        &mut self,
        name: &str,
        input: NodeId,
        (kernel, [weight, bias]): (usize, [WeightId; 2]),
        stride: usize,
        has_bias: bool,
    ) -> NodeId {
        let padding = match self.config.padding {
            PaddingRule::Same => Padding::SameUpper,
            PaddingRule::Caffe => Padding::symmetric([kernel / 2; 2]),
        };
        let conv = Conv {
            weight,
            bias: has_bias.then_some(bias),
            window: Window {
                stride: [stride; 2],
                padding,
                ..Window::default()
            },
            groups: 1,
        };
        self.net.node(name, conv, &[input])
    }

    /// Adds a convolution and a ReLU, with the two tensors between them that have names in
    /// TensorFlow's graph. The one without the bias is computed only if it is read.
    fn conv_relu(
        &mut self,
        name: &str,
        input: NodeId,
        out: usize,
        kernel: usize,
        stride: usize,
    ) -> ConvRelu {
        let weights = self.weights(name, input, out, kernel);
        let without_bias = format!("{name}_pre_relu/conv");
        self.conv(&without_bias, input, weights, stride, false);
        let before = self.conv(&format!("{name}_pre_relu"), input, weights, stride, true);
        let after = self.net.relu(name, before);
        ConvRelu { before, after }
    }

    fn max_pool(&mut self, name: &str, input: NodeId, kernel: usize, stride: usize) -> NodeId {
        let pool = MaxPool::new([kernel; 2]).stride([stride; 2]);
        let pool = match self.config.padding {
            PaddingRule::Same => pool.padding(Padding::SameUpper),
            PaddingRule::Caffe if stride == 1 => pool.padding(Padding::symmetric([kernel / 2; 2])),
            PaddingRule::Caffe => pool.rounding(Rounding::Ceil),
        };
        self.net.max_pool(name, input, pool)
    }

    /// Adds a local response normalization, if the network has them.
    fn lrn(&mut self, name: &str, input: NodeId) -> NodeId {
        match self.config.lrn {
            Some(lrn) => self.net.lrn(name, input, lrn),
            None => input,
        }
    }

    /// Adds an inception block: four branches, concatenated.
    fn block(&mut self, name: &str, input: NodeId, widths: BlockWidths) -> NodeId {
        let branch = |part: &str| format!("{name}_{part}");
        let five_kernel = self.config.five_kernel;
        let one = self.conv_relu(&branch("1x1"), input, widths.one, 1, 1);
        let x = self.conv_relu(
            &branch("3x3_bottleneck"),
            input,
            widths.three_bottleneck,
            1,
            1,
        );
        let three = self.conv_relu(&branch("3x3"), x.after, widths.three, 3, 1);
        let x = self.conv_relu(
            &branch("5x5_bottleneck"),
            input,
            widths.five_bottleneck,
            1,
            1,
        );
        let five = self.conv_relu(&branch("5x5"), x.after, widths.five, five_kernel, 1);
        let x = self.max_pool(&branch("pool"), input, 3, 1);
        let pool = self.conv_relu(&branch("pool_reduce"), x, widths.pool, 1, 1);
        let branches = [one, three, five, pool];
        let before = branches.map(|branch| branch.before);
        self.net.concat(&format!("{name}_pre_relu"), &before);
        self.net.concat(name, &branches.map(|branch| branch.after))
    }
}

#[cfg(test)]
mod tests {
    use super::{InceptionV1Config, PaddingRule};

    #[test]
    fn sizes_are_those_of_caffe_and_tensorflow() {
        let mut caffe = InceptionV1Config::tiny();
        caffe.padding = PaddingRule::Caffe;
        let sides = |config: &InceptionV1Config, image: usize| {
            let graph = config.graph().expect("a configuration of ours");
            ["conv2d0", "maxpool0", "maxpool1", "maxpool4", "mixed5b"].map(|name| {
                let node = graph.find(name).expect("a node");
                graph
                    .shape(node, [image; 2])
                    .expect("large enough")
                    .lengths()[2]
            })
        };
        // Caffe pads convolutions by half their kernel and rounds poolings up; TensorFlow divides
        // by the stride and rounds up.
        for n in 33..240_usize {
            let conv = (n + 6 - 7) / 2 + 1;
            let pool = |n: usize| ((n as f64 - 3.0) / 2.0).ceil() as usize + 1;
            let expected = [conv, pool(conv), pool(pool(conv)), pool(pool(pool(conv)))];
            assert_eq!(sides(&caffe, n)[..4], expected, "{n}");
            assert_eq!(sides(&caffe, n)[4], pool(expected[3]), "{n}");
            let same = [2, 4, 8, 16, 32].map(|stride| n.div_ceil(stride));
            assert_eq!(sides(&InceptionV1Config::tiny(), n), same, "{n}");
        }
    }
}
