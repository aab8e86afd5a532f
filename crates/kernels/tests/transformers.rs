//! Networks of tokens, against the definitions: what exporters make of class tokens, heads and
//! attention, and parts and shuffles of channels.

mod net;

use net::{INPUT, Net, cases, check};
use oneiric_graph::{
    Add, Attention, Binary, Concat, Constant, Crop, Gemm, LayerNorm, MatMul, NodeId, Number,
    Padding, Rearrange, Reduce, Reduction, Softmax, Tokens, Window,
};

/// A window of stride 1 that keeps rows and columns.
fn same() -> Window {
    Window {
        padding: Padding::SameUpper,
        ..Window::default()
    }
}

fn gather(net: &mut Net, from: NodeId, axis: isize, index: f64) -> NodeId {
    let index = net.add(Constant::scalar(index), &[]);
    net.add(Rearrange::Gather { axis }, &[from, index])
}

/// A product with a matrix and a bias, on the last axis.
fn linear(net: &mut Net, from: NodeId, [inner, outer]: [usize; 2]) -> NodeId {
    let matrix = net.parameter(&[inner, outer]);
    for value in net.weights.last_mut().expect("the matrix") {
        *value *= 2.0 / (inner as f32).sqrt();
    }
    let bias = net.parameter(&[outer]);
    let product = net.add(MatMul, &[from, matrix]);
    net.add(Binary::Add, &[product, bias])
}

fn normalized(net: &mut Net, from: NodeId, channels: usize) -> NodeId {
    let norm = LayerNorm {
        axis: -1,
        epsilon: Number(1e-6),
    };
    let norm = net.add(norm, &[from]);
    let scale = net.parameter(&[channels]);
    let scaled = net.add(Binary::Mul, &[norm, scale]);
    let bias = net.parameter(&[channels]);
    net.add(Binary::Add, &[scaled, bias])
}

/// Queries, keys and values, each [1, heads, tokens, size], from [1, tokens, 3 * heads * size].
type Cut = fn(&mut Net, NodeId, [usize; 3]) -> [NodeId; 3];

/// Axes for the three, and then the one of three (timm's models).
fn gathered(net: &mut Net, all: NodeId, [tokens, heads, size]: [usize; 3]) -> [NodeId; 3] {
    let lengths = [1, tokens as i64, 3, heads as i64, size as i64];
    let five = net.reshape(all, &lengths);
    let five = net.transpose(five, &[2, 0, 3, 1, 4]);
    [0.0, 1.0, -1.0].map(|index| gather(net, five, 0, index))
}

/// Three parts, and then axes for heads (transformers' models).
fn sliced(net: &mut Net, all: NodeId, [_, heads, size]: [usize; 3]) -> [NodeId; 3] {
    let width = (heads * size) as i64;
    [0, 1, 2].map(|at| {
        let part = net.slice(all, [at * width, (at + 1) * width, -1]);
        let cut = net.reshape(part, &[0, -1, heads as i64, size as i64]);
        net.transpose(cut, &[0, 2, 1, 3])
    })
}

/// Parts of a split, by way of the tokens' own axis first (torchvision's models).
fn split(net: &mut Net, all: NodeId, [tokens, heads, size]: [usize; 3]) -> [NodeId; 3] {
    let first = net.transpose(all, &[1, 0, 2]);
    [0, 1, 2].map(|index| {
        let split = Rearrange::Split {
            axis: 2,
            index,
            parts: Some(3),
        };
        let part = net.add(split, &[first]);
        let cut = net.reshape(part, &[tokens as i64, heads as i64, size as i64]);
        let heads_first = net.transpose(cut, &[1, 0, 2]);
        net.reshape(heads_first, &[1, heads as i64, tokens as i64, size as i64])
    })
}

/// Attention as files spell it, [1, tokens, heads * size].
fn attention(net: &mut Net, [q, k, v]: [NodeId; 3], [tokens, heads, size]: [usize; 3]) -> NodeId {
    let root = net.add(Constant::scalar((size as f64).powf(-0.25)), &[]);
    let q = net.add(Binary::Mul, &[q, root]);
    let k = net.transpose(k, &[0, 1, 3, 2]);
    let k = net.add(Binary::Mul, &[root, k]);
    let scores = net.add(MatMul, &[q, k]);
    let two = net.add(Constant::scalar(0.5), &[]);
    let scores = net.add(Binary::Div, &[scores, two]);
    let shares = net.add(Softmax { axis: -1 }, &[scores]);
    let sums = net.add(MatMul, &[shares, v]);
    let together = net.transpose(sums, &[0, 2, 1, 3]);
    net.reshape(together, &[1, tokens as i64, (heads * size) as i64])
}

/// A transformer with a class token on patches of 2x2 of an image of 6x8.
fn transformer(cut: Cut, [heads, size]: [usize; 2]) -> (Net, Vec<NodeId>) {
    let mut net = Net::new(3, 1);
    let (width, tokens) = (heads * size, 13);
    let patches = net.conv(INPUT, width, 2, 2, net::none);
    let x = net.reshape(patches, &[1, width as i64, 12]);
    let x = net.transpose(x, &[0, 2, 1]);
    let class = net.parameter(&[1, 1, width]);
    let x = net.add(Concat { axis: 1 }, &[class, x]);
    let embedding = net.parameter(&[1, tokens, width]);
    let x = net.add(Binary::Add, &[x, embedding]);
    let y = normalized(&mut net, x, width);
    let y = linear(&mut net, y, [width, 3 * width]);
    let parts = cut(&mut net, y, [tokens, heads, size]);
    let y = attention(&mut net, parts, [tokens, heads, size]);
    let y = linear(&mut net, y, [width, width]);
    let x = net.add(Add, &[x, y]);
    let y = normalized(&mut net, x, width);
    let y = linear(&mut net, y, [width, 20]);
    let y = linear(&mut net, y, [20, width]);
    let end = net.add(Add, &[x, y]);
    let class = gather(&mut net, end, 1, 0.0);
    let gemm = Gemm {
        weight: net.weight(&[9, width]),
        bias: None,
        alpha: 1.0,
        beta: 1.0,
        transposed: false,
    };
    let scores = net.add(gemm, &[class]);
    let patches = net.slice(end, [1, 1 << 40, 1]);
    let mean = Reduce {
        reduction: Reduction::Mean,
        axes: Some(vec![1]),
        keep: false,
    };
    let mean = net.add(mean, &[patches]);
    (net, vec![end, scores, mean, x])
}

#[test]
fn transformers_as_exporters_write_them() {
    for (cut, heads) in cases(
        [
            (gathered as Cut, [1, 32]),
            (sliced, [2, 16]),
            (split, [3, 16]),
            (gathered, [2, 16]),
            (sliced, [4, 8]),
            (split, [3, 20]),
            (gathered, [5, 3]),
        ],
        3,
    ) {
        let (mut net, all) = transformer(cut, heads);
        let [end, scores, mean, x] = all[..] else {
            panic!("four nodes");
        };
        let network = net.frozen_for([6, 8]);
        for node in [end, scores, mean, x] {
            network.check(node).expect("the kernels have it");
        }
        check("transformer", &mut net, [1, 3, 6, 8], &[end, scores]);
        check("transformer", &mut net, [2, 3, 6, 8], &[mean, x]);
        // The number of its tokens is fixed.
        let image = vec![0.0; 3 * 64];
        assert!(network.forward(&image, [1, 3, 8, 8], &[end]).is_err());
    }
}

#[test]
fn the_scores_of_attention_are_not_written() {
    let (net, all) = transformer(gathered, [2, 16]);
    let graph = net.graph();
    let softmax = graph
        .nodes()
        .iter()
        .position(|node| node.op.name() == "Softmax");
    let softmax = NodeId::new(softmax.expect("a softmax"));
    let network = net.frozen_for([6, 8]);
    assert!(network.check(softmax).is_err());
    assert!(network.check(all[0]).is_ok());
}

#[test]
fn attention_of_many_positions() {
    // More queries than go together, and keys that fill no vector; two sizes of heads.
    for [height, width] in cases([[1, 70], [9, 13], [3, 1]], 1) {
        let mut net = Net::new(3, 1);
        let q = net.conv(INPUT, 32, 1, 1, net::none);
        let k = net.conv_relu(INPUT, 32, 3, 1);
        let v = net.conv(INPUT, 64, 1, 1, net::none);
        let pooled = [k, v].map(|from| net.pool(from, 2, 2, net::caffe_pool));
        let op = Attention {
            heads: 2,
            scale: Number(0.4),
        };
        let all = net.add(op, &[q, k, v]);
        let [k, v] = pooled;
        let fewer = net.add(op, &[q, k, v]);
        let op = Attention { heads: 1, ..op };
        // Three times the same tensor.
        let own = net.add(op, &[v, v, v]);
        check(
            "attention",
            &mut net,
            [1, 3, height, width],
            &[all, fewer, own],
        );
    }
}

#[test]
fn tokens_and_their_learned_numbers() {
    for (before, is_embedded) in [(0, true), (2, true), (3, false), (0, false)] {
        let mut net = Net::new(3, 1);
        let x = net.conv_relu(INPUT, 21, 1, 1);
        let tokens = Tokens {
            prefix: (before > 0).then(|| net.weight(&[21, before])),
            embedding: is_embedded.then(|| net.weight(&[21, before + 20])),
        };
        let tokens = net.add(tokens, &[x]);
        let end = net.conv_relu(tokens, 9, 1, 1);
        check("tokens", &mut net, [2, 3, 4, 5], &[end, tokens, x]);
    }
}

#[test]
fn parts_of_maps() {
    let mut net = Net::new(3, 1);
    let x = net.conv_relu(INPUT, 40, 3, 1);
    let left = net.slice(x, [0, 16, 1]);
    let right = net.slice(x, [16, 40, 1]);
    let odd = net.slice(x, [3, -5, 1]);
    let rows = net.slice(x, [1, 3, 2]);
    let columns = net.slice(rows, [3, 5, 3]);
    let order = Crop {
        channels: Some(vec![39, 3, 4, 5, 20, 3]),
        rows: Some(0..2),
        columns: Some(1..4),
    };
    let order = net.add(order, &[x]);
    let a = net.conv_behind(left, [8, 16, 3, 3], same(), 1);
    let b = net.conv_behind(right, [8, 24, 3, 3], same(), 1);
    let both = net.concat(&[left, a, right, b]);
    let end = net.conv_behind(both, [5, 56, 1, 1], same(), 1);
    let wanted = [end, odd, columns, order, right];
    check("parts", &mut net, [2, 3, 4, 5], &wanted);
    // Every second channel.
    let bounds = [vec![0], vec![40], vec![1], vec![2]];
    let bounds = bounds.map(|values| net.add(Constant::vector(&values), &[]));
    let second = net.add(Rearrange::Slice, &[&[x][..], &bounds].concat());
    check("parts", &mut net, [1, 3, 4, 5], &[second]);
}

#[test]
fn shuffles_of_channels() {
    for (channels, groups) in cases([(24, 3), (32, 2), (10, 5)], 1) {
        let mut net = Net::new(3, 1);
        let x = net.conv_relu(INPUT, channels, 3, 1);
        let each = (channels / groups) as i64;
        let lengths = [1, groups as i64, each, 4, 5];
        let cut = net.reshape(x, &lengths);
        let moved = net.transpose(cut, &[0, 2, 1, 3, 4]);
        let shuffled = net.reshape(moved, &[1, channels as i64, 4, 5]);
        let end = net.conv_behind(shuffled, [7, channels, 3, 3], same(), 1);
        check("shuffle", &mut net, [2, 3, 4, 5], &[end, shuffled, x]);
    }
}
