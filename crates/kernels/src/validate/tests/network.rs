//! Networks with every kind of step, their programs, and what these compute.

use oneiric_graph::{
    Add, Attention, AveragePool, Binary, Concat, ConvConfig, Crop, Gemm, GlobalAveragePool,
    GraphBuilder, LayerNorm, Lrn, MaxPool, NodeId, Number, Op, Padding, Rearrange, Relu,
    ReluGradient, Tokens, Unary,
};

use crate::{
    Isa,
    blocked::Blocked,
    execute::{Job, Tensors, execute},
    lanes::LANES,
    memory::{Aligned, Arena},
    pack::PackedWeights,
    plan::{Direction, GradientKey, Layout, Program, backward, forward, output},
    simplify::Simplified,
};

/// A network at one image size, with all its programs: first the forward one.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) graph: Blocked,
    pub(super) layout: Layout,
    pub(super) programs: Vec<Program>,
    weights: PackedWeights,
    wanted: Vec<usize>,
}

/// A network under construction.
struct Net {
    builder: GraphBuilder,
    nodes: usize,
}

/// Numbers without a pattern in -1..1.
pub(super) fn noise(len: usize) -> Vec<f32> {
    let mut state = 1_u32;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        })
        .collect()
}

impl Net {
    fn new(channels: usize) -> Self {
        let builder = GraphBuilder::new(channels);
        Self { builder, nodes: 0 }
    }

    fn name(&mut self) -> String {
        self.nodes += 1;
        format!("node{}", self.nodes)
    }

    fn add(&mut self, op: impl Into<Op>, inputs: &[NodeId]) -> NodeId {
        let name = self.name();
        self.builder.node(&name, op, inputs)
    }

    fn conv(&mut self, from: NodeId, out: usize, kernel: usize, stride: usize) -> NodeId {
        let config = ConvConfig::new(out, [kernel; 2]).stride([stride; 2]);
        let name = self.name();
        let config = config.padding(Padding::SameUpper);
        let conv = self.builder.conv(&name, from, config);
        self.add(Relu, &[conv])
    }

    fn conv_of(&mut self, from: NodeId, config: ConvConfig) -> NodeId {
        let name = self.name();
        let config = config.padding(Padding::SameUpper);
        self.builder.conv(&name, from, config)
    }

    fn pool(&mut self, from: NodeId, stride: usize) -> NodeId {
        let pool = MaxPool::new([3, 3]).stride([stride; 2]);
        self.add(pool.padding(Padding::SameUpper), &[from])
    }

    fn lrn(&mut self, from: NodeId) -> NodeId {
        let lrn = Lrn {
            radius: 2,
            bias: 1.0,
            alpha: 0.1,
            beta: 0.75,
        };
        self.add(lrn, &[from])
    }

    fn concat(&mut self, from: &[NodeId]) -> NodeId {
        self.add(Concat::CHANNELS, from)
    }

    /// A fully connected layer over all `features` of a node.
    fn gemm(&mut self, from: NodeId, out: usize, features: usize) -> NodeId {
        let name = self.name();
        let weight = format!("{name}.weight");
        let gemm = Gemm {
            weight: self.builder.weight(&weight, [out, features]),
            bias: Some(self.builder.weight(&format!("{name}.bias"), [out])),
            alpha: 1.0,
            beta: 1.0,
            transposed: false,
        };
        self.builder.node(&name, gemm, &[from])
    }

    fn case(self, name: &'static str, image: [usize; 2], wanted: &[NodeId], direct: bool) -> Case {
        let wanted: Vec<usize> = wanted.iter().map(|node| node.index()).collect();
        let graph = self.builder.build().expect("a network");
        let values = graph.weights().iter();
        let values: Vec<Vec<f32>> = values.map(|weight| noise(weight.count())).collect();
        let values: Vec<&[f32]> = values.iter().map(Vec::as_slice).collect();
        let simplified = Simplified::new(&graph, &values, Some(image)).expect("a network");
        let graph = Blocked::new(&simplified);
        let values = simplified.weights.iter();
        let values: Vec<&[f32]> = values.map(|values| &**values).collect();
        let weights = PackedWeights::new(&graph, &values);
        let needed = graph.needed(&wanted);
        let sizes = graph.sizes(&wanted, image).expect("it fits");
        let layout = Layout::new(&graph, &weights, needed, sizes, &wanted, direct);
        let layout = layout.expect("it fits");
        let programs = programs(&graph, &weights, &layout, &wanted);
        Case {
            name,
            graph,
            layout,
            programs,
            weights,
            wanted,
        }
    }
}

/// All programs of a layout, cut for four threads.
fn programs(
    graph: &Blocked,
    weights: &PackedWeights,
    layout: &Layout,
    wanted: &[usize],
) -> Vec<Program> {
    let mut programs = vec![forward(graph, weights, layout, 4)];
    for relu in [ReluGradient::Plain, ReluGradient::Redirected] {
        let key = GradientKey {
            given: vec![true; wanted.len()],
            relu,
            threads: 4,
        };
        programs.push(backward(graph, weights, layout, wanted, &key));
    }
    programs.extend(wanted.iter().map(|&node| output(graph, layout, node)));
    programs
}

/// Tokens with a class token, that attend to one another.
fn transformer() -> (Net, Vec<NodeId>) {
    let mut net = Net::new(3);
    let x = net.conv(net.builder.input(), 32, 3, 3);
    let tokens = Tokens {
        prefix: Some(net.builder.weight("prefix", [32, 2])),
        embedding: Some(net.builder.weight("embedding", [32, 8])),
    };
    let x = net.add(tokens, &[x]);
    let all = net.conv_of(x, ConvConfig::new(112, [1, 1]));
    let part = |net: &mut Net, range: std::ops::Range<usize>| {
        let channels = Some(range.collect());
        let crop = Crop {
            channels,
            ..Crop::default()
        };
        net.add(crop, &[all])
    };
    let [q, k, v] = [0..32, 32..64, 64..112].map(|range| part(&mut net, range));
    // Of another number of channels.
    let attention = |heads| Attention {
        heads,
        scale: Number(0.3),
    };
    let values = part(&mut net, 48..80);
    let both = net.add(attention(2), &[q, k, values]);
    let same = net.add(attention(1), &[both, both, v]);
    let odd = part(&mut net, 5..24);
    let first = Crop {
        columns: Some(1..3),
        channels: Some(vec![3, 40, 4, 5]),
        ..Crop::default()
    };
    let first = net.add(first, &[same]);
    (net, vec![first, odd])
}

/// Networks that together have every kind of step.
pub(super) fn cases() -> Vec<Case> {
    let inception = || {
        let mut net = Net::new(3);
        let x = net.conv(net.builder.input(), 18, 7, 2);
        let x = net.pool(x, 2);
        let x = net.lrn(x);
        let x = net.conv(x, 33, 3, 1);
        let one = net.conv(x, 5, 1, 1);
        let three = net.conv(x, 17, 3, 1);
        let five = net.conv(x, 20, 5, 1);
        let pooled = net.pool(x, 1);
        let projected = net.conv(pooled, 16, 1, 1);
        let all = net.concat(&[one, three, five, projected]);
        let small = net.conv(all, 16, 3, 2);
        let mean = net.add(GlobalAveragePool, &[small]);
        let logits = net.conv(mean, 9, 1, 1);
        (net, [logits, three])
    };
    let mut odd = Net::new(20);
    let a = odd.add(Relu, &[odd.builder.input()]);
    let b = odd.conv(a, 7, 5, 3);
    let c = odd.conv(a, 19, 3, 3);
    let both = odd.concat(&[b, c, b]);
    let end = odd.lrn(both);
    let mut residual = Net::new(3);
    let x = residual.conv(residual.builder.input(), 20, 3, 1);
    let one = residual.conv(x, 5, 1, 1);
    let three = residual.conv(x, 19, 3, 1);
    let both = residual.concat(&[one, three]);
    let again = residual.conv(x, 24, 3, 1);
    // The concatenation's channels lie in other blocks.
    let sum = residual.add(Add, &[both, again, both]);
    let pool = AveragePool::new([3, 3]).stride([2, 2]);
    let pooled = residual.add(pool.padding(Padding::SameUpper), &[sum]);
    let scores = residual.gemm(pooled, 9, 24 * 5 * 4);
    let mut apart = Net::new(3);
    let x = apart.conv(apart.builder.input(), 48, 3, 1);
    let each = apart.conv_of(x, ConvConfig::new(48, [3, 3]).groups(48).stride([2, 2]));
    let each = apart.add(Unary::RELU6, &[each]);
    let wide = apart.conv_of(
        each,
        ConvConfig::new(48, [3, 5]).groups(48).dilation([2, 1]),
    );
    let groups = apart.conv_of(wide, ConvConfig::new(48, [3, 3]).groups(6));
    let swish = apart.add(Unary::HardSwish, &[groups]);
    let strided = apart.conv_of(swish, ConvConfig::new(96, [3, 3]).groups(3).stride([2, 1]));
    let mean = apart.add(GlobalAveragePool, &[swish]);
    let swish = apart.add(Binary::Mul, &[mean, swish]);
    let swish = apart.add(Binary::Mul, &[swish, groups]);
    let dilated = apart.conv_of(swish, ConvConfig::new(20, [3, 3]).dilation([2, 3]));
    let mut last = Net::new(3);
    let x = last.conv(last.builder.input(), 20, 3, 2);
    let permutation = Some(vec![0, 2, 3, 1]);
    let x = last.add(Rearrange::Transpose { permutation }, &[x]);
    let norm = LayerNorm {
        axis: -1,
        epsilon: Number(1e-5),
    };
    let norm = last.add(norm, &[x]);
    let normalized = last.add(Unary::Gelu { tanh: false }, &[norm]);
    let (attention, attended) = transformer();
    let (filtered, wanted) = inception();
    let (direct, _) = inception();
    vec![
        filtered.case("filtered", [21, 25], &wanted, false),
        direct.case("direct", [21, 25], &wanted, true),
        odd.case("odd", [10, 11], &[end, c], false),
        apart.case("apart", [9, 11], &[strided, dilated], false),
        last.case("channels last", [9, 11], &[normalized, x], false),
        attention.case("attention", [6, 9], &attended, false),
        residual.case("residual", [9, 8], &[scores, sum], false),
    ]
}

impl Case {
    /// The forward program, for programs that read its activations.
    pub(super) fn forward_of(&self, program: &Program) -> Option<&Program> {
        (program.direction != Direction::Forward).then_some(&self.programs[0])
    }

    /// The same network with another layout.
    pub(super) fn with_layout(&self, layout: Layout) -> Self {
        let programs = programs(&self.graph, &self.weights, &layout, &self.wanted);
        Self {
            name: self.name,
            graph: self.graph.clone(),
            layout,
            programs,
            weights: self.weights.clone(),
            wanted: self.wanted.clone(),
        }
    }

    /// The bits of everything that a program computes for the caller: all wanted nodes of a
    /// forward program, else the result.
    pub(super) fn run(&self, program: &Program) -> Vec<u32> {
        let mut activations = self.arena();
        if program.direction == Direction::Forward {
            self.execute(program, Tensors::Forward(&mut activations));
            let outputs = &self.programs[self.programs.len() - self.wanted.len()..];
            return outputs
                .iter()
                .flat_map(|output| self.execute(output, Tensors::Output(&activations)))
                .collect();
        }
        self.execute(&self.programs[0], Tensors::Forward(&mut activations));
        if program.direction == Direction::Output {
            return self.execute(program, Tensors::Output(&activations));
        }
        let mut gradients = self.arena();
        let tensors = Tensors::Backward {
            activations: &activations,
            gradients: &mut gradients,
        };
        self.execute(program, tensors)
    }

    /// Memory with NaN wherever there is no zero around a tensor.
    fn arena(&self) -> Arena {
        let len = self.layout.len;
        let mut memory = Aligned::from_slice(&vec![f32::NAN; len.next_multiple_of(LANES)]);
        for (start, len) in self.layout.halos() {
            memory.clear(start, len);
        }
        Arena {
            memory,
            ..Arena::default()
        }
    }

    fn execute(&self, program: &Program, tensors: Tensors<'_>) -> Vec<u32> {
        let external: Vec<Vec<f32>> = program
            .footprint
            .external
            .iter()
            .map(|&n| noise(n))
            .collect();
        let external: Vec<&[f32]> = external.iter().map(Vec::as_slice).collect();
        let mut result = vec![0.0; program.footprint.result];
        let job = Job {
            isa: Isa::Portable,
            weights: self.weights.values.as_slice(),
            items: 1,
            tensors,
            external: &external,
            result: &mut result,
        };
        // SAFETY: programs that are run here have passed the checks.
        unsafe { execute(program, job) };
        result.into_iter().map(f32::to_bits).collect()
    }
}
