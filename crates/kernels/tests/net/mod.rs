//! Networks with random weights, and their comparison with the definition in f64.
#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    reason = "every test file uses a part"
)]

use oneiric_graph::{
    Constant, Conv, ConvConfig, Graph, GraphBuilder, MaxPool, NodeId, Op, Padding, Parameter,
    Rearrange, ReluGradient, Reshape, Rounding, Shape, WeightId, Window,
    oracle::{self, Tensor},
};
use oneiric_kernels::{Frozen, Isa};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Returns true if tests leave out the larger sizes: under Miri, and for the memory tools.
pub fn small() -> bool {
    cfg!(miri) || std::env::var_os("ONEIRIC_SMALL_TESTS").is_some()
}

/// All cases, or `few` of them, evenly spaced, for small tests.
pub fn cases<T>(all: impl IntoIterator<Item = T>, few: usize) -> Vec<T> {
    let all: Vec<T> = all.into_iter().collect();
    if !small() {
        return all;
    }
    let (count, few) = (all.len(), if cfg!(miri) { 1 } else { few });
    let chosen = |at: usize| (at + 1) * few / count > at * few / count;
    let numbered = all.into_iter().enumerate();
    numbered
        .filter(|(at, _)| chosen(*at))
        .map(|(_, case)| case)
        .collect()
}

/// The node of the image.
pub const INPUT: NodeId = NodeId::new(0);

/// The padding for a square kernel and a stride, and the treatment of a partial last window.
pub type Pad = fn(usize, usize) -> (Padding, Rounding);

pub fn same(_: usize, _: usize) -> (Padding, Rounding) {
    (Padding::SameUpper, Rounding::Floor)
}
pub fn half(kernel: usize, _: usize) -> (Padding, Rounding) {
    (Padding::symmetric([kernel / 2; 2]), Rounding::Floor)
}
pub fn none(_: usize, _: usize) -> (Padding, Rounding) {
    (Padding::VALID, Rounding::Floor)
}
/// As many rows or columns before and after, along both axes.
pub fn pads(before: usize, after: usize) -> (Padding, Rounding) {
    (Padding::Explicit([[before, after]; 2]), Rounding::Floor)
}
pub fn caffe_pool(kernel: usize, stride: usize) -> (Padding, Rounding) {
    match stride {
        1 => half(kernel, stride),
        _ => (Padding::VALID, Rounding::Ceil),
    }
}

/// A network under construction.
#[derive(Clone)]
pub struct Net {
    pub builder: GraphBuilder,
    /// Of every convolution the weights, then the biases.
    pub weights: Vec<Vec<f32>>,
    pub rng: ChaCha8Rng,
    nodes: usize,
}

impl Net {
    pub fn new(channels: usize, seed: u64) -> Self {
        Self {
            builder: GraphBuilder::new(channels),
            weights: vec![],
            rng: ChaCha8Rng::seed_from_u64(seed),
            nodes: 0,
        }
    }
    pub fn noise(&mut self, len: usize) -> Vec<f32> {
        (0..len)
            .map(|_| self.rng.random_range(-1.0_f32..1.0))
            .collect()
    }
    pub fn name(&mut self) -> String {
        self.nodes += 1;
        format!("node{}", self.nodes)
    }
    pub fn channels(&self, node: NodeId) -> usize {
        self.builder.channels(node)
    }
    pub fn add(&mut self, op: impl Into<Op>, inputs: &[NodeId]) -> NodeId {
        let name = self.name();
        self.builder.node(&name, op, inputs)
    }
    /// A convolution with random weights.
    pub fn conv_of(
        &mut self,
        from: NodeId,
        out: usize,
        kernel: [usize; 2],
        config: ConvConfig,
    ) -> NodeId {
        let name = self.name();
        let node = self.builder.conv(&name, from, config);
        let declared = self.graph().weights()[self.weights.len()].shape.clone();
        let inner = declared[1] * kernel[0] * kernel[1];
        let scale = (2.0 / inner as f32).sqrt() * 1.7;
        let weight = self.noise(out * inner);
        self.weights
            .push(weight.iter().map(|w| w * scale).collect());
        let bias = self.noise(out);
        self.weights.push(bias.iter().map(|w| w * 0.1).collect());
        node
    }
    pub fn conv(
        &mut self,
        from: NodeId,
        out: usize,
        kernel: usize,
        stride: usize,
        pad: Pad,
    ) -> NodeId {
        let config = ConvConfig::new(out, [kernel; 2]).stride([stride; 2]);
        let config = config.padding(pad(kernel, stride).0);
        self.conv_of(from, out, [kernel; 2], config)
    }
    /// The tensor before the bias, of the convolution `node`.
    pub fn without_bias(&mut self, node: NodeId) -> NodeId {
        let graph = self.graph();
        let node = graph.node(node);
        let Op::Conv(conv) = node.op else {
            panic!("{} is no convolution", node.name);
        };
        self.add(Conv { bias: None, ..conv }, &node.inputs)
    }
    pub fn relu(&mut self, from: NodeId) -> NodeId {
        self.add(oneiric_graph::Relu, &[from])
    }
    pub fn conv_relu(&mut self, from: NodeId, out: usize, kernel: usize, stride: usize) -> NodeId {
        let conv = self.conv(from, out, kernel, stride, same);
        self.relu(conv)
    }
    pub fn pool(&mut self, from: NodeId, kernel: usize, stride: usize, pad: Pad) -> NodeId {
        let (padding, rounding) = pad(kernel, stride);
        let pool = MaxPool::new([kernel; 2]).stride([stride; 2]);
        self.add(pool.padding(padding).rounding(rounding), &[from])
    }
    pub fn concat(&mut self, from: &[NodeId]) -> NodeId {
        self.add(oneiric_graph::Concat::CHANNELS, from)
    }
    /// A weight with random values.
    pub fn weight(&mut self, shape: &[usize]) -> WeightId {
        let name = self.name();
        let values = self.noise(shape.iter().product());
        self.weights.push(values);
        self.builder.weight(&name, shape.to_vec())
    }
    /// A parameter with random values.
    pub fn parameter(&mut self, shape: &[usize]) -> NodeId {
        let weight = self.weight(shape);
        self.add(Parameter { weight }, &[])
    }
    /// A convolution without a bias, of a node whose channels the builder does not know.
    pub fn conv_behind(
        &mut self,
        from: NodeId,
        shape: [usize; 4],
        window: Window,
        groups: usize,
    ) -> NodeId {
        let conv = Conv {
            weight: self.weight(&shape),
            bias: None,
            window,
            groups,
        };
        self.add(conv, &[from])
    }
    /// The axes in another order.
    pub fn transpose(&mut self, from: NodeId, order: &[usize]) -> NodeId {
        let permutation = Some(order.to_vec());
        self.add(Rearrange::Transpose { permutation }, &[from])
    }
    pub fn reshape(&mut self, from: NodeId, lengths: &[i64]) -> NodeId {
        let lengths = self.add(Constant::vector(lengths), &[]);
        self.add(Reshape::To { zero_copies: true }, &[from, lengths])
    }
    pub fn slice(&mut self, from: NodeId, [start, end, axis]: [i64; 3]) -> NodeId {
        let bounds = [start, end, axis].map(|number| self.add(Constant::vector(&[number]), &[]));
        self.add(Rearrange::Slice, &[&[from][..], &bounds].concat())
    }
    pub fn graph(&self) -> Graph {
        self.builder.clone().build().expect("a graph")
    }
    pub fn frozen(&self) -> Frozen {
        let weights: Vec<&[f32]> = self.weights.iter().map(Vec::as_slice).collect();
        Frozen::new(&self.graph(), &weights).expect("a network")
    }
    /// A network for images of a size.
    pub fn frozen_for(&self, image: [usize; 2]) -> Frozen {
        let weights: Vec<&[f32]> = self.weights.iter().map(Vec::as_slice).collect();
        Frozen::for_image(&self.graph(), &weights, image).expect("a network")
    }

    /// All nodes of one item.
    pub fn forward(&self, input: Tensor) -> Vec<Tensor> {
        oracle::forward(&self.graph(), &self.weights, input)
    }

    /// Gradient of the input of one item.
    pub fn backward(
        &self,
        all: &[Tensor],
        given: &[(NodeId, Tensor)],
        relu: ReluGradient,
    ) -> Tensor {
        oracle::input_gradient(&self.graph(), &self.weights, all, given, relu)
    }
}

/// A tensor of f32 values.
pub fn tensor(shape: Shape, values: &[f32]) -> Tensor {
    Tensor::new(shape, values.iter().map(|v| f64::from(*v)).collect())
}

/// Largest difference over the largest value.
pub fn error(actual: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(actual.len(), expected.len());
    let largest = expected.iter().fold(1e-30, |a: f64, b| a.max(b.abs()));
    let worst = actual.iter().zip(expected).fold(0.0, |worst: f64, (a, b)| {
        // A number that is none must not pass.
        let difference = (f64::from(*a) - b).abs();
        if difference.is_nan() {
            f64::INFINITY
        } else {
            worst.max(difference)
        }
    });
    worst / largest
}

pub const ACTIVATIONS: f64 = 1e-5;
pub const GRADIENTS: f64 = 1e-4;

/// Compares with the definition: the outputs of the wanted nodes, and the gradients when all of
/// them have one, in both modes, with all instructions.
pub fn check(what: &str, net: &mut Net, shape: [usize; 4], wanted: &[NodeId]) {
    let input = net.noise(shape.iter().product());
    check_input(what, net, &input, shape, wanted);
}

pub fn check_input(what: &str, net: &mut Net, input: &[f32], shape: [usize; 4], wanted: &[NodeId]) {
    let [n, c, h, w] = shape;
    let items: Vec<Vec<Tensor>> = input
        .chunks(c * h * w)
        .map(|item| net.forward(tensor(Shape::new(c, [h, w]), item)))
        .collect();
    let network = net.frozen_for([h, w]);
    let gradients: Vec<Vec<f32>> = wanted
        .iter()
        .map(|&node| net.noise(n * items[0][node.index()].values.len()))
        .collect();
    let mut variants: Vec<_> = Isa::available()
        .into_iter()
        .map(|isa| (isa, false))
        .collect();
    variants.push((Isa::detect(), true));
    for (isa, direct) in variants {
        let mut network = network.clone().with_isa(isa).expect("available");
        if direct {
            network = network.with_direct_convolutions();
        }
        let run = network.forward(input, shape, wanted).expect("it fits");
        for (i, &node) in wanted.iter().enumerate() {
            let shape = items[0][node.index()].shape;
            let node = node.index();
            if let [1, channels, height, width] = *shape.lengths() {
                let expected = [n, channels, height, width];
                assert_eq!(run.shape(i), expected, "{what} node {node} {isa:?}");
            }
            let count: usize = run.shape(i).iter().product();
            assert_eq!(count, n * shape.count(), "{what} node {node} {isa:?}");
            let expected: Vec<f64> = items
                .iter()
                .flat_map(|item| item[node].values.clone())
                .collect();
            let error = error(&run.output(i), &expected);
            if std::env::var_os("SHOW_ERRORS").is_some() {
                println!("{what} {isa:?} {shape:?} node {node}: {error:.1e}");
            }
            assert!(
                error < ACTIVATIONS,
                "{what} {isa:?} {shape:?} node {node}: {error}"
            );
        }
        // All gradients, and each alone.
        let mut masks = vec![vec![true; wanted.len()]];
        if wanted.len() > 1 {
            masks.extend((0..wanted.len()).map(|i| (0..wanted.len()).map(|j| i == j).collect()));
        }
        for relu in [ReluGradient::Plain, ReluGradient::Redirected] {
            for mask in &masks {
                let given: Vec<Option<&[f32]>> = gradients
                    .iter()
                    .zip(mask)
                    .map(|(g, m)| m.then_some(&g[..]))
                    .collect();
                let actual = run.input_gradient(&given, relu).expect("it fits");
                let mut expected = Vec::new();
                for (item, all) in items.iter().enumerate() {
                    let given: Vec<(NodeId, Tensor)> = wanted
                        .iter()
                        .zip(&given)
                        .filter_map(|(&node, g)| {
                            let g = (*g)?;
                            let len = g.len() / n;
                            let values = &g[item * len..(item + 1) * len];
                            Some((node, tensor(all[node.index()].shape, values)))
                        })
                        .collect();
                    expected.extend(net.backward(all, &given, relu).values);
                }
                let error = error(&actual, &expected);
                if std::env::var_os("SHOW_ERRORS").is_some() {
                    println!("{what} {isa:?} {shape:?} {relu:?}: gradient {error:.1e}");
                }
                assert!(
                    error < GRADIENTS,
                    "{what} {isa:?} {shape:?} {relu:?} {mask:?}: {error}"
                );
            }
        }
    }
}
