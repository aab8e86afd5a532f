//! Every operation against its definition, in sizes that meet every remainder.

mod net;

use net::{INPUT, Net, Pad, caffe_pool, cases, check, half, none, pads, same, small};
use oneiric_graph::{
    Add, AveragePool, ConvConfig, Gemm, GlobalAveragePool, Lrn, MaxPool, NodeId, Padding, Rounding,
};

#[test]
fn convolutions_of_every_width() {
    for w in cases(1..=40, 4) {
        let mut net = Net::new(3, w as u64);
        let x = net.conv_relu(INPUT, 20, 3, 1);
        let x = net.conv_relu(x, 33, 1, 1);
        check("chain", &mut net, [1, 3, 2, w], &[x]);
    }
}

#[test]
fn kernels_strides_and_paddings() {
    for (kernel, stride) in cases(
        [
            (1, 1),
            (1, 2),
            (2, 1),
            (2, 2),
            (3, 1),
            (3, 2),
            (5, 1),
            (5, 3),
            (7, 2),
            (1, 3),
        ],
        5,
    ) {
        for pad in cases([same as Pad, half, none], 1) {
            for (input, out) in cases([(3, 7), (5, 40), (16, 16), (17, 48), (40, 100)], 1) {
                let mut net = Net::new(input, kernel as u64);
                let first = net.conv(INPUT, out, kernel, stride, pad);
                check("direct", &mut net, [1, input, 9, 11], &[first]);
                // Behind another node, so that the input is in blocks.
                let mut net = Net::new(input, kernel as u64);
                let x = net.relu(INPUT);
                let x = net.conv(x, out, kernel, stride, pad);
                let x = net.relu(x);
                check("blocked", &mut net, [2, input, 8, 9], &[x]);
            }
        }
    }
}

#[test]
fn rows_and_columns_differ() {
    for (kernel, stride) in [
        ([1, 3], [1, 1]),
        ([5, 1], [1, 1]),
        ([3, 3], [1, 2]),
        ([2, 5], [3, 1]),
        ([3, 7], [2, 3]),
        ([6, 9], [2, 3]),
        ([3, 1], [1, 4]),
    ] {
        for padding in [
            Padding::VALID,
            Padding::SameUpper,
            Padding::SameLower,
            Padding::Explicit([[2, 0], [1, 4]]),
        ] {
            for (input, out) in cases([(3, 20), (17, 40)], 1) {
                let config = ConvConfig::new(out, kernel).stride(stride);
                let config = config.padding(padding);
                let mut net = Net::new(input, 1);
                let first = net.conv_of(INPUT, out, kernel, config);
                let second = net.conv_relu(INPUT, 5, 3, 1);
                check("direct", &mut net, [1, input, 9, 14], &[first]);
                check("direct", &mut net, [1, input, 9, 14], &[second, first]);
                let mut net = Net::new(input, 1);
                let x = net.relu(INPUT);
                let x = net.conv_of(x, out, kernel, config);
                let x = net.relu(x);
                check("blocked", &mut net, [2, input, 8, 11], &[x]);
            }
            let pool = MaxPool::new(kernel).stride(stride).padding(padding);
            let mut net = Net::new(19, 1);
            let x = net.add(pool, &[INPUT]);
            let shape = net.graph().shape(x, [9, 14]);
            // Padding as wide as the kernel leaves a window without a position.
            if shape.is_ok() {
                check("pool", &mut net, [1, 19, 9, 14], &[x]);
            }
        }
    }
}

#[test]
fn padding_beyond_the_kernel() {
    for (kernel, stride) in [(1, 1), (3, 1), (3, 2), (2, 3)] {
        for through_relu in [false, true] {
            let mut net = Net::new(4, 3);
            let x = if through_relu { net.relu(INPUT) } else { INPUT };
            let x = net.conv(x, 9, kernel, stride, |_, _| pads(4, 5));
            check("wide", &mut net, [1, 4, 3, 5], &[x]);
        }
    }
}

#[test]
fn poolings() {
    for (kernel, stride) in cases([(3, 1), (3, 2), (2, 2), (2, 1), (4, 3), (1, 1)], 3) {
        for pad in [same, caffe_pool] {
            for (h, w) in cases([(4, 4), (5, 9), (13, 6), (20, 21)], 1) {
                let mut net = Net::new(19, 1);
                let x = net.pool(INPUT, kernel, stride, pad);
                check("pool", &mut net, [2, 19, h, w], &[x]);
            }
        }
    }
}

#[test]
fn ties_go_to_the_first_and_padding_never_wins() {
    let mut net = Net::new(2, 1);
    let x = net.pool(INPUT, 3, 1, same);
    let x = net.pool(x, 3, 2, caffe_pool);
    // All negative, and many the same.
    let input: Vec<f32> = (0..2 * 9 * 10)
        .map(|i| -1.0 - ((i * 7) % 3) as f32)
        .collect();
    net::check_input("ties", &mut net, &input, [1, 2, 9, 10], &[x]);
}

#[test]
fn normalizations() {
    for (radius, beta) in [(0, 0.5), (2, 0.75), (5, 0.5), (3, 0.6), (20, 1.0)] {
        for channels in cases([1, 5, 16, 40], 1) {
            let lrn = Lrn {
                radius,
                bias: 1.5,
                alpha: 0.3,
                beta,
            };
            let mut net = Net::new(channels, 1);
            let x = net.add(lrn, &[INPUT]);
            check("lrn", &mut net, [2, channels, 5, 19], &[x]);
        }
    }
}

#[test]
fn normalization_of_a_concatenation_of_odd_widths() {
    let mut net = Net::new(3, 1);
    let parts: Vec<NodeId> = [5, 3, 17]
        .map(|out| net.conv_relu(INPUT, out, 1, 1))
        .to_vec();
    let x = net.concat(&parts);
    let lrn = Lrn {
        radius: 4,
        bias: 1.0,
        alpha: 0.3,
        beta: 0.75,
    };
    let x = net.add(lrn, &[x]);
    check("lrn", &mut net, [1, 3, 4, 5], &[x]);
}

#[test]
fn average_and_classifier() {
    let mut net = Net::new(3, 1);
    let x = net.conv_relu(INPUT, 70, 3, 2);
    let mean = net.add(GlobalAveragePool, &[x]);
    let logits = net.conv(mean, 1008, 1, 1, none);
    check("classifier", &mut net, [3, 3, 9, 14], &[logits]);
    check("classifier", &mut net, [1, 3, 9, 14], &[mean, logits]);
}

#[test]
fn filtered_convolutions_of_every_size() {
    for (h, w) in cases(
        [
            (1, 1),
            (2, 3),
            (5, 4),
            (7, 7),
            (9, 14),
            (24, 24),
            (25, 26),
            (27, 31),
        ],
        2,
    ) {
        for (input, out, kernel) in cases(
            [
                (32, 48, 3),
                (21, 40, 3),
                (48, 33, 3),
                (16, 20, 5),
                (33, 35, 5),
            ],
            2,
        ) {
            let mut net = Net::new(3, 1);
            let x = net.conv_relu(INPUT, input, 1, 1);
            let conv = net.conv(x, out, kernel, 1, same);
            let y = net.relu(conv);
            check("filtered", &mut net, [1, 3, h, w], &[y]);
        }
    }
    if small() {
        return;
    }
    // Large enough for several bands.
    for (kernel, (h, w)) in [(3, (40, 62)), (5, (22, 45))] {
        let mut net = Net::new(3, 3);
        let x = net.conv_relu(INPUT, 50, 1, 1);
        let conv = net.conv(x, 33, kernel, 1, same);
        let y = net.relu(conv);
        check("bands", &mut net, [1, 3, h, w], &[y]);
    }
    // Other paddings, and a result that is added to.
    for pad in [none, |_, _| pads(2, 2), |_, _| pads(3, 4)] {
        let mut net = Net::new(3, 2);
        let x = net.conv_relu(INPUT, 40, 1, 1);
        let y = net.conv(x, 40, 3, 1, pad);
        let z = net.conv(x, 24, 5, 1, pad);
        check("filtered", &mut net, [2, 3, 9, 25], &[y, x, z]);
        check("filtered", &mut net, [1, 3, 25, 27], &[z, x]);
    }
}

#[test]
fn filtered_convolutions_of_the_image() {
    for (kernel, stride) in cases([(7, 2), (8, 2), (5, 2), (9, 2), (13, 3), (11, 4)], 2) {
        let all: [Pad; 4] = [same, half, none, |_, _| pads(4, 1)];
        for pad in cases(all, 1) {
            for (h, w) in cases([(13, 14), (27, 40)], 1) {
                let mut net = Net::new(3, 1);
                let conv = net.conv(INPUT, 24, kernel, stride, pad);
                let x = net.relu(conv);
                check("image", &mut net, [2, 3, h, w], &[x]);
            }
        }
    }
    let mut net = Net::new(13, 1);
    let x = net.conv_relu(INPUT, 24, 5, 2);
    let y = net.conv_relu(INPUT, 17, 7, 2);
    let z = net.conv_relu(INPUT, 17, 7, 1);
    check("images", &mut net, [1, 13, 19, 20], &[x, y, z]);
    check("images", &mut net, [1, 13, 19, 20], &[x]);
}

#[test]
fn sums() {
    // Of the image, twice the same, and of more than two.
    for channels in [1, 3, 16, 35] {
        let mut net = Net::new(channels, 1);
        let twice = net.add(Add, &[INPUT, INPUT]);
        let x = net.conv_relu(twice, channels, 3, 1);
        let y = net.conv(x, channels, 1, 1, same);
        let sum = net.add(Add, &[x, twice, y, x]);
        let end = net.relu(sum);
        check("sum", &mut net, [2, channels, 5, 7], &[end]);
        check("sum", &mut net, [1, channels, 4, 6], &[sum, y, x, end]);
    }
}

#[test]
fn sums_of_tensors_in_different_blocks() {
    let mut net = Net::new(3, 2);
    let parts = [5, 3, 17].map(|out| net.conv_relu(INPUT, out, 3, 1));
    let partly = net.concat(&parts);
    let parts = [16, 9].map(|out| net.conv_relu(INPUT, out, 1, 1));
    let other = net.concat(&parts);
    let full = net.conv(partly, 25, 3, 1, same);
    for inputs in [
        [partly, full],
        [full, partly],
        [partly, other],
        [other, full],
        [partly, partly],
    ] {
        let mut net = net.clone();
        let sum = net.add(Add, &inputs);
        let relu = net.relu(sum);
        let end = net.conv_relu(relu, 20, 3, 2);
        check("regroup", &mut net, [2, 3, 6, 7], &[end]);
        check("regroup", &mut net, [1, 3, 6, 7], &[sum, end, partly]);
    }
}

#[test]
fn average_poolings() {
    for (kernel, stride) in [
        ([3, 3], [1, 1]),
        ([3, 3], [2, 2]),
        ([2, 2], [2, 2]),
        ([1, 4], [3, 1]),
        ([2, 3], [3, 5]),
    ] {
        for (padding, rounding) in [
            (Padding::VALID, Rounding::Floor),
            (Padding::VALID, Rounding::Ceil),
            (Padding::SameUpper, Rounding::Floor),
            (Padding::Explicit([[0, 1], [1, 0]]), Rounding::Ceil),
        ] {
            for count in [false, true] {
                let pool = AveragePool::new(kernel).stride(stride).padding(padding);
                let pool = pool.rounding(rounding).count_include_pad(count);
                let mut net = Net::new(19, 1);
                let x = net.add(pool, &[INPUT]);
                // Padding as wide as the kernel leaves a window without a position.
                if net.graph().shape(x, [9, 14]).is_err() {
                    continue;
                }
                check("average", &mut net, [2, 19, 9, 14], &[x]);
                let mut net = Net::new(3, 1);
                let before = net.conv_relu(INPUT, 21, 1, 1);
                let x = net.add(pool, &[before]);
                let end = net.conv_relu(x, 5, 1, 1);
                check("average", &mut net, [1, 3, 9, 14], &[x, end, before]);
            }
        }
    }
}

#[test]
fn fully_connected_layers() {
    for (channels, out, [h, w]) in [
        (1, 1, [1, 1]),
        (19, 40, [1, 1]),
        (5, 17, [3, 4]),
        (35, 16, [7, 5]),
    ] {
        for (transposed, with_bias) in [(false, true), (true, true), (false, false)] {
            let mut net = Net::new(channels, 1);
            let features = channels * h * w;
            let shape = if transposed {
                [features, out]
            } else {
                [out, features]
            };
            let scale = 1.0 / (features as f32).sqrt();
            let weight = net
                .noise(out * features)
                .iter()
                .map(|w| w * scale)
                .collect();
            net.weights.push(weight);
            let gemm = Gemm {
                weight: net.builder.weight("matrix", shape),
                bias: with_bias.then(|| net.builder.weight("vector", [out])),
                alpha: 0.7,
                beta: -1.3,
                transposed,
            };
            if with_bias {
                let bias = net.noise(out);
                net.weights.push(bias);
            }
            let x = net.relu(INPUT);
            let y = net.add(gemm, &[x]);
            let end = net.relu(y);
            check("gemm", &mut net, [2, channels, h, w], &[end]);
            check("gemm", &mut net, [1, channels, h, w], &[y, x]);
            // Another size of image is another number of features.
            let image = vec![0.5; channels * (h + 1) * w];
            let run = net.frozen().forward(&image, [1, channels, h + 1, w], &[y]);
            let error = run.map(drop).expect_err("another size").to_string();
            assert!(error.contains(&format!("{features} values")), "{error}");
        }
    }
}
