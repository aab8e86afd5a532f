//! SqueezeNet 1.1 (Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters",
//! 2016; version 1.1 as in its authors' repository), with torchvision's names: an example of a
//! network of one's own as a graph.

use oneiric::{
    GraphNetwork,
    burn::tensor::Device,
    graph::{ConvConfig, Graph, GraphBuilder, GraphError, MaxPool, NodeId, Padding, Rounding},
    model::{ModelError, Preprocessing},
    weights::NamedTensors,
};

/// Mean and standard deviation of ImageNet's colors, for which torchvision's networks are trained.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// The places of the fire modules in torchvision's `features`, and the channels of each after its
/// squeeze and after each half of its expansion. A pooling comes before 3, 6 and 9.
const FIRES: [(usize, usize, usize); 8] = [
    (3, 16, 64),
    (4, 16, 64),
    (6, 32, 128),
    (7, 32, 128),
    (9, 48, 192),
    (10, 48, 192),
    (11, 64, 256),
    (12, 64, 256),
];
/// Channels of the first convolution.
const STEM: usize = 64;

/// The scores of the classes at each position, before the ReLU that the network ends in.
pub(crate) const SCORES: &str = "classifier.1";

/// Builds the graph, with `1 / narrowing` of the channels. Convolutions declare their weights by
/// the names of torchvision's state dict, such as `features.3.squeeze.weight`.
fn graph(narrowing: usize, classes: usize) -> Result<Graph, GraphError> {
    let mut net = GraphBuilder::new(3);
    // The last window may reach over the edge.
    let pool = MaxPool::new([3, 3]).stride([2, 2]).rounding(Rounding::Ceil);
    let stem = ConvConfig::new(STEM / narrowing, [3, 3]).stride([2, 2]);
    let x = net.conv("features.0", net.input(), stem);
    let mut x = net.relu("features.1", x);
    for (place, squeezed, expanded) in FIRES {
        if let 3 | 6 | 9 = place {
            x = net.max_pool(&format!("features.{}", place - 1), x, pool);
        }
        let name = |part: &str| format!("features.{place}.{part}");
        let (squeezed, expanded) = (squeezed / narrowing, expanded / narrowing);
        let squeezed = ConvConfig::new(squeezed, [1, 1]);
        let ones = ConvConfig::new(expanded, [1, 1]);
        let threes = ConvConfig::new(expanded, [3, 3]).padding(Padding::symmetric([1, 1]));
        x = conv_relu(&mut net, &name("squeeze"), x, squeezed);
        let ones = conv_relu(&mut net, &name("expand1x1"), x, ones);
        let threes = conv_relu(&mut net, &name("expand3x3"), x, threes);
        x = net.concat(&format!("features.{place}"), &[ones, threes]);
    }
    let x = net.conv(SCORES, x, ConvConfig::new(classes, [1, 1]));
    let x = net.relu("classifier.2", x);
    net.global_average_pool("classifier.3", x);
    net.build()
}

fn conv_relu(net: &mut GraphBuilder, name: &str, input: NodeId, config: ConvConfig) -> NodeId {
    let x = net.conv(name, input, config);
    net.relu(&format!("{name}_activation"), x)
}

/// Creates a network with random weights, of `1 / narrowing` of the channels.
pub(crate) fn random(
    narrowing: usize,
    labels: Vec<String>,
    device: &Device,
) -> Result<GraphNetwork, ModelError> {
    let graph = graph(narrowing, labels.len())?;
    finish(GraphNetwork::random(graph, 0, device)?, labels)
}

/// Creates torchvision's network from its state dict, `squeezenet1_1-b8a52dc0.pth`.
pub(crate) fn torchvision(
    tensors: NamedTensors,
    labels: Vec<String>,
    device: &Device,
) -> Result<GraphNetwork, ModelError> {
    let graph = graph(1, labels.len())?;
    finish(GraphNetwork::new(graph, tensors, device)?, labels)
}

fn finish(net: GraphNetwork, labels: Vec<String>) -> Result<GraphNetwork, ModelError> {
    net.with_preprocessing(Preprocessing::normalized(MEAN, DEVIATION))?
        .with_logits("classifier.3")?
        .with_labels(labels)
}
