//! What networks after 2015 are made of, against the definitions: convolutions in groups, of single
//! channels and dilated ones, and the functions between them.

mod net;

use net::{INPUT, Net, cases, check};
use oneiric_graph::{
    Add, Binary, Constant, ConvConfig, Fill, GlobalAveragePool, LayerNorm, MatMul, NodeId, Number,
    Padding, Rearrange, Reduce, Reduction, Reshape, Unary, Window,
};

/// Two networks: the convolution alone, and one with something on all of its sides.
fn check_conv(what: &str, channels: usize, kernel: [usize; 2], config: ConvConfig, out: usize) {
    let mut net = Net::new(channels, 1);
    let x = net.conv_of(INPUT, out, kernel, config);
    check(what, &mut net, [1, channels, 9, 14], &[x]);
    let mut net = Net::new(3, 1);
    let before = net.conv_relu(INPUT, channels, 3, 1);
    let conv = net.conv_of(before, out, kernel, config);
    let x = net.add(Unary::RELU6, &[conv]);
    let beside = net.conv_relu(before, 5, 3, 1);
    let after = net.conv_relu(x, 7, 1, 1);
    check(what, &mut net, [2, 3, 11, 17], &[after, beside]);
    check(what, &mut net, [1, 3, 11, 17], &[conv, after]);
}

#[test]
fn depthwise_convolutions() {
    for (kernel, stride, dilation) in cases(
        [
            ([3, 3], [1, 1], [1, 1]),
            ([3, 3], [2, 2], [1, 1]),
            ([5, 5], [2, 2], [1, 1]),
            ([7, 7], [1, 1], [1, 1]),
            ([1, 1], [1, 1], [1, 1]),
            ([1, 1], [3, 2], [1, 1]),
            ([3, 5], [1, 2], [2, 1]),
            ([3, 3], [2, 2], [2, 3]),
            ([2, 4], [3, 1], [1, 2]),
        ],
        4,
    ) {
        for channels in cases([5, 16, 40], 2) {
            for padding in cases(
                [
                    Padding::SameUpper,
                    Padding::VALID,
                    Padding::Explicit([[2, 0], [1, 3]]),
                ],
                1,
            ) {
                let config = ConvConfig::new(channels, kernel)
                    .stride(stride)
                    .dilation(dilation)
                    .padding(padding)
                    .groups(channels);
                check_conv("depthwise", channels, kernel, config, channels);
            }
        }
    }
}

#[test]
fn depthwise_convolutions_of_a_concatenation_of_odd_widths() {
    let mut net = Net::new(3, 1);
    let parts: Vec<NodeId> = [5, 3, 17]
        .map(|out| net.conv_relu(INPUT, out, 1, 1))
        .to_vec();
    let all = net.concat(&parts);
    let config = ConvConfig::new(25, [3, 3]).padding(Padding::SameUpper);
    let x = net.conv_of(all, 25, [3, 3], config.groups(25));
    let end = net.conv_relu(x, 9, 1, 1);
    check("concatenation", &mut net, [1, 3, 6, 7], &[x, end]);
}

#[test]
fn convolutions_in_groups() {
    for (channels, out, groups) in cases(
        [
            (6, 4, 2),
            (32, 32, 2),
            (48, 96, 6),
            (64, 64, 16),
            (64, 32, 32),
            (72, 48, 3),
            (16, 32, 16),
        ],
        4,
    ) {
        for (kernel, stride, dilation) in cases(
            [
                ([3, 3], [1, 1], [1, 1]),
                ([3, 3], [2, 2], [1, 1]),
                ([1, 1], [1, 1], [1, 1]),
                ([1, 3], [1, 2], [1, 2]),
            ],
            2,
        ) {
            let config = ConvConfig::new(out, kernel)
                .stride(stride)
                .dilation(dilation)
                .padding(Padding::SameUpper)
                .groups(groups);
            check_conv("groups", channels, kernel, config, out);
        }
    }
}

#[test]
fn dilated_convolutions() {
    for (kernel, stride, dilation) in cases(
        [
            ([3, 3], [1, 1], [2, 2]),
            ([3, 3], [2, 2], [2, 2]),
            ([3, 3], [2, 1], [3, 2]),
            ([3, 2], [2, 3], [2, 2]),
            ([1, 3], [1, 1], [4, 5]),
        ],
        2,
    ) {
        for (channels, out) in cases([(3, 20), (17, 33), (32, 16)], 2) {
            for padding in [Padding::SameUpper, Padding::Explicit([[3, 4], [1, 5]])] {
                let config = ConvConfig::new(out, kernel)
                    .stride(stride)
                    .dilation(dilation)
                    .padding(padding);
                check_conv("dilated", channels, kernel, config, out);
            }
        }
    }
}

#[test]
fn functions_of_single_values() {
    let number = Number;
    for function in [
        Unary::Abs,
        Unary::Neg,
        Unary::Exp,
        Unary::Tanh,
        Unary::Sigmoid,
        Unary::Erf,
        Unary::Softplus,
        Unary::Gelu { tanh: false },
        Unary::Gelu { tanh: true },
        Unary::Elu { alpha: number(0.7) },
        Unary::LeakyRelu { slope: number(0.1) },
        Unary::HardSigmoid {
            alpha: number(0.2),
            beta: number(0.5),
        },
        Unary::HardSwish,
        Unary::Swish { alpha: number(1.3) },
        Unary::Mish,
        Unary::RELU6,
        Unary::Clip {
            low: Some(number(-0.4)),
            high: Some(number(0.9)),
        },
        Unary::Clip {
            low: Some(number(0.0)),
            high: None,
        },
    ] {
        let what = format!("{function:?}");
        for scale in [0.3, 1.0, 9.0] {
            let mut net = Net::new(3, 1);
            let x = net.conv(INPUT, 19, 1, 1, net::none);
            for weight in &mut net.weights[0] {
                *weight *= scale;
            }
            let y = net.add(function, &[x]);
            let end = net.conv_relu(y, 5, 1, 1);
            check(&what, &mut net, [1, 3, 9, 14], &[y, end]);
            check(&what, &mut net, [2, 3, 3, 5], &[end]);
        }
    }
    // Of numbers above 0.
    for function in [Unary::Log, Unary::Sqrt, Unary::Reciprocal] {
        let mut net = Net::new(3, 1);
        let x = net.add(Unary::Sigmoid, &[INPUT]);
        let y = net.add(function, &[x]);
        check(&format!("{function:?}"), &mut net, [1, 3, 4, 5], &[y]);
    }
}

#[test]
fn convolutions_of_padded_tensors() {
    for (amounts, axes) in [
        (vec![0, 0, 1, 2, 0, 0, 0, 1], None),
        (vec![1, 1], Some(vec![-1])),
        (vec![2, 0, 1, 3], Some(vec![3, 2])),
        // Nothing that a convolution can do.
        (vec![0, 0, -1, 0, 0, 0, 0, 2], None),
    ] {
        let mut net = Net::new(3, 1);
        let x = net.conv_relu(INPUT, 20, 3, 1);
        let constants = [Some(amounts.clone()), axes.clone()].into_iter().flatten();
        let constants: Vec<NodeId> = constants
            .map(|values| net.add(Constant::vector(&values), &[]))
            .collect();
        let fill = Fill::Zeros;
        let inputs = [vec![x], constants].concat();
        let padded = net.add(Rearrange::Pad { fill }, &inputs);
        let mut window = Window {
            padding: Padding::Explicit([[1, 0], [0, 1]]),
            ..Window::default()
        };
        let dense = net.conv_behind(padded, [20, 20, 3, 3], window, 1);
        window.stride = [2, 2];
        let depthwise = net.conv_behind(padded, [20, 1, 3, 3], window, 20);
        let network = net.frozen();
        if amounts.iter().any(|amount| *amount < 0) {
            assert!(network.check(dense).is_err());
            continue;
        }
        // The padded tensor itself is burn's.
        assert!(network.check(padded).is_err());
        check("padded", &mut net, [2, 3, 7, 9], &[depthwise, dense]);
    }
}

#[test]
fn vectors_of_maps() {
    let mut net = Net::new(3, 1);
    let x = net.conv_relu(INPUT, 21, 3, 2);
    let mean = Reduce {
        reduction: Reduction::Mean,
        axes: Some(vec![2, 3]),
        keep: true,
    };
    let mean = net.add(mean, &[x]);
    let squeezed = net.conv_relu(mean, 5, 1, 1);
    let flat = net.add(Reshape::Flatten { axis: 1 }, &[squeezed]);
    let lengths = net.add(Constant::vector(&[0, -1, 1, 1]), &[]);
    let back = net.add(Reshape::To { zero_copies: true }, &[flat, lengths]);
    let end = net.conv_behind(back, [18, 5, 1, 1], Window::default(), 1);
    check("vectors", &mut net, [2, 3, 8, 9], &[end, flat, mean]);
}

#[test]
fn products_with_every_channel_and_every_position() {
    for channels in cases([5, 16, 35], 1) {
        let mut net = Net::new(3, 1);
        let x = net.conv_relu(INPUT, channels, 3, 1);
        let y = net.conv(INPUT, channels, 1, 1, net::none);
        let both = net.add(Binary::Mul, &[x, y]);
        let mean = net.add(GlobalAveragePool, &[both]);
        let scale = net.conv(mean, channels, 1, 1, net::none);
        let scale = net.add(Unary::Sigmoid, &[scale]);
        let scaled = net.add(Binary::Mul, &[scale, both]);
        let squared = net.add(Binary::Mul, &[scaled, scaled]);
        let end = net.add(Binary::Mul, &[squared, scale]);
        check("products", &mut net, [2, 3, 3, 4], &[end, scaled, mean]);
        check("products", &mut net, [1, 3, 1, 1], &[end]);
    }
}

#[test]
fn factors_and_summands_of_channels() {
    let mut net = Net::new(3, 1);
    let x = net.conv_relu(INPUT, 20, 3, 1);
    let each = net.parameter(&[20, 1, 1]);
    let all = net.parameter(&[1]);
    let four = net.parameter(&[1, 20, 1, 1]);
    let number = net.add(Constant::scalar(0.7), &[]);
    let scaled = net.add(Binary::Mul, &[each, x]);
    let moved = net.add(Binary::Add, &[scaled, four]);
    let relu = net.relu(moved);
    let less = net.add(Binary::Sub, &[number, relu]);
    let less = net.add(Binary::Sub, &[less, all]);
    let end = net.add(Binary::Div, &[less, number]);
    check("affine", &mut net, [2, 3, 2, 4], &[end, moved, scaled]);
    check("affine", &mut net, [1, 3, 3, 4], &[end]);
    // Of the image, which has three channels.
    let mut net = Net::new(3, 1);
    let each = net.parameter(&[3, 1, 1]);
    let x = net.add(Binary::Sub, &[INPUT, each]);
    let conv = net.conv_behind(x, [20, 3, 3, 3], Window::default(), 1);
    check("affine", &mut net, [1, 3, 4, 5], &[conv]);
    // A number for each row is not one for each channel.
    let mut net = Net::new(3, 1);
    let rows = net.parameter(&[3, 1]);
    let x = net.add(Binary::Mul, &[INPUT, rows]);
    assert!(net.frozen().check(x).is_err());
}

/// GELU as PyTorch's older exporter writes it.
fn spelled_gelu(net: &mut Net, x: NodeId) -> NodeId {
    let [root, one, half] =
        [std::f64::consts::SQRT_2, 1.0, 0.5].map(|value| net.add(Constant::scalar(value), &[]));
    let scaled = net.add(Binary::Div, &[x, root]);
    let erf = net.add(Unary::Erf, &[scaled]);
    let sum = net.add(Binary::Add, &[erf, one]);
    let product = net.add(Binary::Mul, &[x, sum]);
    net.add(Binary::Mul, &[product, half])
}

#[test]
fn tensors_with_their_channels_last() {
    for channels in cases([5, 16, 35], 1) {
        let mut net = Net::new(3, 1);
        let x = net.conv(INPUT, channels, 3, 2, net::half);
        let last = net.transpose(x, &[0, 2, 3, 1]);
        let axis = if channels == 5 { -1 } else { 3 };
        let norm = LayerNorm {
            axis,
            epsilon: Number(1e-6),
        };
        let norm = net.add(norm, &[last]);
        let scale = net.parameter(&[channels]);
        let bias = net.parameter(&[channels]);
        let scaled = net.add(Binary::Mul, &[norm, scale]);
        let moved = net.add(Binary::Add, &[scaled, bias]);
        let matrix = net.parameter(&[channels, 40]);
        let product = net.add(MatMul, &[moved, matrix]);
        let bias = net.parameter(&[40]);
        let wide = net.add(Binary::Add, &[bias, product]);
        let gelu = spelled_gelu(&mut net, wide);
        let matrix = net.parameter(&[40, channels]);
        let narrow = net.add(MatMul, &[gelu, matrix]);
        let back = net.transpose(narrow, &[0, 3, 1, 2]);
        let scale = net.parameter(&[channels, 1, 1]);
        let scaled = net.add(Binary::Mul, &[scale, back]);
        let sum = net.add(Add, &[scaled, x]);
        check("block", &mut net, [2, 3, 3, 6], &[sum]);
        let all = [norm, moved, product, wide, gelu, narrow, back, last];
        for wanted in cases(all, 2) {
            check("block", &mut net, [1, 3, 3, 6], &[wanted]);
        }
        check("block", &mut net, [1, 3, 3, 6], &[sum, gelu, product, last]);
        // What would take it for a map is refused.
        let pool = net.add(GlobalAveragePool, &[gelu]);
        let norm = LayerNorm {
            axis: -1,
            epsilon: Number(1e-6),
        };
        let norm = net.add(norm, &[sum]);
        let mixed = net.add(Binary::Mul, &[last, sum]);
        let network = net.frozen();
        for refused in [pool, norm, mixed] {
            assert!(network.check(refused).is_err(), "{refused:?}");
        }
    }
}
