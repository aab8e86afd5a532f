//! Expanded weights against kernels, products by hand, and the gradient of a linearized network.

use burn::tensor::{Device, Tensor, module, ops::ConvOptions};
use oneiric_model::{ExpandedWeights, InceptionV1, InceptionV1Config, ModelError, NetworkExt};
use oneiric_testkit::{Array, Tolerance, assert_close, devices};

/// The convolutions in the order of the forward pass: three in the stem, six in a block, in the
/// order 1x1, 3x3 bottleneck, 3x3, 5x5 bottleneck, 5x5, after the pooling.
const STEM: usize = 3;
const BLOCK: usize = 6;

fn nets() -> Vec<(Device, InceptionV1)> {
    let configs = [InceptionV1Config::tiny(), {
        let mut config = InceptionV1Config::tiny();
        config.padding = InceptionV1Config::bvlc().padding;
        config.last_pool = 2;
        config.lrn = None;
        config
    }];
    let mut nets = Vec::new();
    for (_, device) in devices() {
        for config in configs.clone() {
            let net = InceptionV1::random(config, 5, &device).expect("a configuration of ours");
            nets.push((device.clone(), net));
        }
    }
    nets
}

fn expanded(net: &InceptionV1, from: &str, to: &str, channel: usize) -> ExpandedWeights {
    let (from, to) = (
        net.layer(from).expect("a layer"),
        net.layer(to).expect("a layer"),
    );
    let weights = net.network().expanded_weights(from, to, channel);
    weights.expect("weights")
}

fn array(weights: &ExpandedWeights) -> Array {
    let shape = [weights.channels(), weights.height(), weights.width()];
    Array::new(shape, weights.values().to_vec())
}

/// Returns the weights of a convolution, `[out, in, kernel, kernel]`.
fn kernel(net: &InceptionV1, number: usize) -> Array {
    Array::of(kernel_tensor(net, number))
}

fn kernel_tensor(net: &InceptionV1, number: usize) -> Tensor<4> {
    // Each convolution has a bias.
    let name = &net.weights().declared()[2 * number].name;
    net.weights().get(name).expect("a kernel")
}

/// Creates an array from its values by index.
fn filled(shape: [usize; 3], value: impl Fn(usize, usize, usize) -> f64) -> Array {
    let [channels, height, width] = shape;
    let places = (0..channels * height * width).map(|at| {
        let (c, y, x) = (at / (height * width), at / width % height, at % width);
        value(c, y, x) as f32
    });
    Array::new(shape, places.collect())
}

#[test]
fn between_adjacent_layers_they_are_the_kernel() {
    for (_, net) in nets() {
        let weights = kernel(&net, STEM + 2);
        for to in [
            "mixed3a_3x3_pre_relu/conv",
            "mixed3a_3x3_pre_relu",
            "mixed3a_3x3",
        ] {
            let found = expanded(&net, "mixed3a_3x3_bottleneck", to, 5);
            let expected = filled([4, 3, 3], |c, y, x| f64::from(weights.at(&[5, c, y, x])));
            assert_eq!(array(&found), expected, "{to}");
            assert_eq!(found.kernel(2), Some(&expected.values[18..27]));
        }
        let strided = expanded(&net, "input", "conv2d0", 3);
        let weights = kernel(&net, 0);
        let expected = filled([3, 7, 7], |c, y, x| f64::from(weights.at(&[3, c, y, x])));
        assert_eq!(array(&strided), expected);
    }
}

#[test]
fn through_a_bottleneck_they_are_the_matrix_product() {
    for (_, net) in nets() {
        let (one, three) = (kernel(&net, STEM + 1), kernel(&net, STEM + 2));
        let found = expanded(&net, "maxpool1", "mixed3a_3x3", 4);
        let expected = filled([12, 3, 3], |c, y, x| {
            let terms = (0..4).map(|m| three.at(&[4, m, y, x]) * one.at(&[m, c, 0, 0]));
            f64::from(terms.sum::<f32>())
        });
        assert_close("product", &array(&found), &expected, Tolerance::ARITHMETIC);
        // A channel of the whole block is one of a branch: the four of the 1x1 branch come first.
        let block = expanded(&net, "maxpool1", "mixed3a", 4 + 4);
        assert_eq!(array(&block), array(&found));
    }
}

#[test]
fn pooling_is_a_mean_and_normalization_is_dropped() {
    for (_, net) in nets() {
        let pooled = expanded(&net, "maxpool1", "mixed3a_pool_reduce", 1);
        let weights = kernel(&net, STEM + 5);
        let expected = filled([12, 3, 3], |c, _, _| {
            f64::from(weights.at(&[1, c, 0, 0])) / 9.0
        });
        assert_close("pool", &array(&pooled), &expected, Tolerance::ARITHMETIC);

        // Through conv2d2 (3x3), conv2d1 (1x1), with tiny's normalization the LRN, and the pooling
        // of stride 2 behind conv2d0: windows at 0, 2 and 4 of 3.
        let found = expanded(&net, "conv2d0", "conv2d2", 7);
        let (one, three) = (kernel(&net, 1), kernel(&net, 2));
        let expected = filled([8, 7, 7], |c, y, x| {
            let windows = |at: usize| (0..3).filter(move |w| (2 * w..2 * w + 3).contains(&at));
            let mut sum = 0.0;
            for wy in windows(y) {
                for wx in windows(x) {
                    for m in 0..8 {
                        let product = three.at(&[7, m, wy, wx]) * one.at(&[m, c, 0, 0]);
                        sum += f64::from(product) / 9.0;
                    }
                }
            }
            sum
        });
        assert_close("stem", &array(&found), &expected, Tolerance::ARITHMETIC);
    }
}

/// Computes the linearized block by burn's forward operations.
fn linear_block(net: &InceptionV1, number: usize, x: Tensor<4>) -> Tensor<4> {
    let first = STEM + number * BLOCK;
    let conv = |x: Tensor<4>, index: usize| {
        let weight = kernel_tensor(net, first + index);
        let pad = weight.dims()[2] / 2;
        let options = ConvOptions::new([1; 2], [pad; 2], [1; 2], 1);
        module::conv2d(x, weight, None, options)
    };
    let three = conv(conv(x.clone(), 1), 2);
    let five = conv(conv(x.clone(), 3), 4);
    let pool = conv(mean_pool(x.clone(), 3, 1, 1), 5);
    Tensor::cat(vec![conv(x, 0), three, five, pool], 1)
}

fn mean_pool(x: Tensor<4>, kernel: usize, stride: usize, pad: usize) -> Tensor<4> {
    let channels = x.dims()[1];
    let weight = Tensor::full(
        [channels, 1, kernel, kernel],
        1.0 / (kernel * kernel) as f32,
        &x.device().without_autodiff(),
    );
    let options = ConvOptions::new([stride; 2], [pad; 2], [1; 2], channels);
    module::conv2d(x, weight, None, options)
}

#[test]
fn through_blocks_they_are_the_gradient_of_the_linearized_network() {
    for (device, net) in nets() {
        // Channels of the branches 3x3 and 5x5; three blocks and a pooling of stride 2 lie between.
        for (channel, extent) in [(9, 19), (12, 23)] {
            let found = expanded(&net, "mixed3a", "mixed4b", channel);
            // Far from the border.
            let side = 61;
            let x = Tensor::<4>::zeros([1, 16, side, side], &device);
            let x = x.autodiff().require_grad();
            let y = linear_block(&net, 1, x.clone());
            let y = mean_pool(y, 3, 2, 0);
            let y = linear_block(&net, 3, linear_block(&net, 2, y));
            let [_, _, height, width] = y.dims();
            let unit = y.narrow(1, channel, 1).narrow(2, height / 2, 1);
            let unit = unit.narrow(3, width / 2, 1).sum();
            let gradient = x.grad_remove(&mut unit.backward()).expect("a path");
            let gradient = Array::of(gradient);

            let [c, h, w] = [found.channels(), found.height(), found.width()];
            assert_eq!([c, h, w], [16, extent, extent]);
            let top = first(&gradient, side, |at, i| at / side % side == i);
            let left = first(&gradient, side, |at, i| at % side == i);
            let expected = filled([c, h, w], |c, y, x| {
                f64::from(gradient.at(&[0, c, top + y, left + x]))
            });
            assert_close("blocks", &array(&found), &expected, Tolerance::ACTIVATIONS);
            let whole = gradient.dot(&gradient);
            let outside = whole - expected.dot(&expected);
            assert!(outside.abs() < 1e-9 * whole, "{outside}");
        }
    }
}

/// Returns the first row or column with a value that is not 0.
fn first(gradient: &Array, side: usize, lies_in: impl Fn(usize, usize) -> bool) -> usize {
    let values = || gradient.values.iter().enumerate();
    let holds = |i: &usize| values().any(|(at, v)| *v != 0.0 && lies_in(at, *i));
    (0..side).find(holds).expect("a gradient that is not 0")
}

#[test]
fn channels_are_ordered_by_the_norm_of_their_kernels() {
    for (_, net) in nets() {
        let found = expanded(&net, "mixed3a", "mixed3b", 6);
        let norm = |channel: usize| -> f32 {
            let kernel = found.kernel(channel).expect("a channel");
            kernel.iter().map(|v| v * v).sum()
        };
        let order = found.strongest();
        assert_eq!(order.len(), 16);
        for pair in order.windows(2) {
            assert!(norm(pair[0]) >= norm(pair[1]) * (1.0 - 1e-6));
        }
        assert_eq!(found.kernel(16), None);
    }
}

#[test]
fn what_has_no_kernel_is_refused() {
    for (_, net) in nets() {
        let refuse = |from: &str, to: &str, channel| {
            let (from, to) = (
                net.layer(from).expect("a layer"),
                net.layer(to).expect("a layer"),
            );
            match net.network().expanded_weights(from, to, channel) {
                Err(ModelError::NoSuchWeights { reason, .. }) => reason,
                other => panic!("expected a refusal, got {other:?}"),
            }
        };
        assert!(refuse("mixed3a", "mixed3b", 16).contains("channel"));
        assert!(refuse("mixed3b", "mixed3a", 0).contains("before"));
        assert!(refuse("mixed3a_1x1", "mixed3a_3x3", 0).contains("before"));
        assert!(refuse("mixed5b", "softmax2_pre_activation", 0).contains("mean"));
        assert!(refuse("softmax2_pre_activation", "softmax2", 0).contains("softmax"));
        let scores = expanded(&net, "avgpool0", "softmax2_pre_activation", 2);
        assert_eq!((scores.channels(), scores.height()), (16, 1));
        let itself = expanded(&net, "mixed3a", "mixed3a", 3);
        assert_eq!(itself.strongest()[0], 3);
    }
}
