//! What is not a number, or infinite, on its way through a network.

mod net;

use net::{INPUT, Net, cases, none, same, tensor};
use oneiric_graph::{Lrn, NodeId, ReluGradient, Shape};
use oneiric_kernels::Isa;

const MODES: [ReluGradient; 2] = [ReluGradient::Plain, ReluGradient::Redirected];

#[test]
fn poolings_show_it_wherever_it_is() {
    // One window, with a kernel and stride that the compiler knows or not.
    for (kernel, stride) in [(3, 1), (3, 2), (3, 3), (2, 2)] {
        let mut net = Net::new(19, 1);
        let x = net.pool(INPUT, kernel, stride, none);
        let positions = kernel * kernel;
        for isa in Isa::available() {
            let network = net.frozen().with_isa(isa).expect("available");
            for place in 0..positions {
                // In every other channel, and in some a second one further on.
                let mut input = net.noise(19 * positions);
                for channel in (0..19).step_by(2) {
                    input[channel * positions + place] = f32::NAN;
                    if channel % 4 == 0 {
                        input[(channel + 1) * positions - 1] = f32::NAN;
                    }
                }
                let what = format!("{isa:?} {kernel} {stride} {place}");
                let shape = [1, 19, kernel, kernel];
                let run = network.forward(&input, shape, &[x]).expect("it fits");
                let gradient = run
                    .input_gradient(&[Some(&[1.0; 19])], ReluGradient::Plain)
                    .expect("it fits");
                for (channel, value) in run.output(0).into_iter().enumerate() {
                    assert_eq!(value.is_nan(), channel % 2 == 0, "{what} {channel}");
                    let window = channel * positions..(channel + 1) * positions;
                    let chosen = gradient[window.clone()].iter().position(|g| *g == 1.0);
                    let largest = input[window].iter().position(|v| *v == value);
                    let expected = if value.is_nan() { Some(place) } else { largest };
                    assert_eq!(chosen, expected, "{what} {channel}");
                }
                assert_eq!(gradient.iter().sum::<f32>(), 19.0, "{what}");
            }
        }
    }
}

#[test]
fn poolings_with_many_agree_with_the_definition() {
    for (kernel, stride) in [(3, 1), (3, 2), (2, 2), (4, 3)] {
        let mut net = Net::new(19, 1);
        let x = net.pool(INPUT, kernel, stride, same);
        let mut input = net.noise(19 * 130);
        input.iter_mut().step_by(7).for_each(|v| *v = f32::NAN);
        let all = net.forward(tensor(Shape::new(19, [10, 13]), &input));
        let output = &all[x.index()];
        let ones = vec![1.0_f32; output.values.len()];
        let given = [(x, tensor(output.shape, &ones))];
        let expected = net.backward(&all, &given, ReluGradient::Plain);
        for isa in Isa::available() {
            let network = net.frozen().with_isa(isa).expect("available");
            let run = network
                .forward(&input, [1, 19, 10, 13], &[x])
                .expect("it fits");
            for (actual, expected) in run.output(0).iter().zip(&output.values) {
                let same = f64::from(*actual) == *expected;
                assert!(same || actual.is_nan() && expected.is_nan(), "{isa:?}");
            }
            let gradient = run
                .input_gradient(&[Some(&ones)], ReluGradient::Plain)
                .expect("it fits");
            let gradient: Vec<f64> = gradient.into_iter().map(f64::from).collect();
            assert_eq!(gradient, expected.values, "{isa:?} {kernel} {stride}");
        }
    }
}

#[test]
fn relus_show_it_and_pass_its_gradient() {
    for isa in Isa::available() {
        let mut net = Net::new(19, 1);
        let x = net.relu(INPUT);
        let mut input = vec![-1.0; 19 * 4];
        input[1] = f32::NAN;
        input[70] = f32::NAN;
        let network = net.frozen().with_isa(isa).expect("available");
        let run = network
            .forward(&input, [1, 19, 2, 2], &[x])
            .expect("it fits");
        for mode in MODES {
            let gradient = run
                .input_gradient(&[Some(&[2.0; 19 * 4])], mode)
                .expect("it fits");
            for (at, (y, g)) in run.output(0).into_iter().zip(gradient).enumerate() {
                assert_eq!(y.is_nan(), input[at].is_nan(), "{isa:?} {at}");
                let expected = if y.is_nan() { 2.0 } else { 0.0 };
                assert_eq!(g, expected, "{isa:?} {mode:?} {at}");
            }
        }
    }
}

#[test]
fn relus_in_convolutions_show_it_and_pass_its_gradient() {
    let mut net = Net::new(16, 1);
    let relu = net.relu(INPUT);
    // By filtering, and by its definition.
    let three = net.conv_relu(relu, 16, 3, 1);
    let one = net.conv_relu(three, 16, 1, 1);
    // Always below 0, so that gradients pass where there is no number alone.
    for bias in net.weights.iter_mut().skip(1).step_by(2) {
        bias.fill(-1e3);
    }
    let mut input = net.noise(16 * 64);
    input[27] = f32::NAN;
    for isa in Isa::available() {
        let network = net.frozen().with_isa(isa).expect("available");
        for network in [network.clone(), network.with_direct_convolutions()] {
            let run = network
                .forward(&input, [1, 16, 8, 8], &[three, one])
                .expect("it fits");
            let outputs = [run.output(0), run.output(1)];
            for channel in 0..16 {
                for output in &outputs {
                    assert!(output[channel * 64 + 27].is_nan(), "{isa:?} {channel}");
                    assert_eq!(output[channel * 64 + 7], 0.0, "{isa:?} {channel}");
                }
            }
            for mode in MODES {
                for given in 0..2 {
                    let mut given_gradients = [None; 2];
                    // Above 0, which is what a redirected gradient holds back.
                    let ones = [1.0; 16 * 64];
                    given_gradients[given] = Some(&ones[..]);
                    let gradient = run.input_gradient(&given_gradients, mode).expect("it fits");
                    assert_ne!(gradient[27], 0.0, "{isa:?} {mode:?} {given}");
                }
            }
        }
    }
}

#[test]
fn normalizations_of_large_numbers_are_0() {
    for beta in [0.5, 0.75, 0.6] {
        let lrn = Lrn {
            radius: 2,
            bias: 1.0,
            alpha: 1.0,
            beta,
        };
        let mut net = Net::new(20, 1);
        let x = net.add(lrn, &[INPUT]);
        let mut input = net.noise(20 * 9);
        // The square of which is infinite.
        input[5 * 9 + 4] = 1e20;
        let near = |at: usize| at % 9 == 4 && (3..=7).contains(&(at / 9));
        for isa in Isa::available() {
            let network = net.frozen().with_isa(isa).expect("available");
            let run = network
                .forward(&input, [1, 20, 3, 3], &[x])
                .expect("it fits");
            let gradient = run
                .input_gradient(&[Some(&[1.0; 20 * 9])], ReluGradient::Plain)
                .expect("it fits");
            for (at, (y, g)) in run.output(0).into_iter().zip(gradient).enumerate() {
                assert!(
                    y.is_finite() && g.is_finite(),
                    "{isa:?} {beta} {at}: {y} {g}"
                );
                assert_eq!(y == 0.0, near(at), "{isa:?} {beta} {at}: {y}");
            }
        }
    }
}

/// Compares all numbers with the definition's: NaN where that is NaN, and close elsewhere.
fn assert_same(what: &str, actual: &[f32], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    let finite = expected.iter().filter(|v| v.is_finite());
    let largest = finite.fold(1e-30_f64, |most, v| most.max(v.abs()));
    for (at, (a, b)) in actual.iter().zip(expected).enumerate() {
        let a = f64::from(*a);
        let same = a == *b || a.is_nan() && b.is_nan() || (a - b).abs() < 1e-5 * largest;
        assert!(same, "{what}: {a} instead of {b} at {at}");
    }
}

/// Runs a network on an input with one number that is none or infinite, and compares its only
/// wanted node and the gradients with the definition.
fn compare(what: &str, net: &mut Net, shape: [usize; 3], end: NodeId, special: f32) {
    let [channels, height, width] = shape;
    let mut input = net.noise(channels * height * width);
    input[width + 2] = special;
    let all = net.forward(tensor(Shape::new(channels, [height, width]), &input));
    let expected = &all[end.index()];
    // Below 0, so that dead layers pass it in the redirected mode.
    let gradient: Vec<f32> = net
        .noise(expected.values.len())
        .iter()
        .map(|v| -0.1 - v.abs())
        .collect();
    let given = tensor(expected.shape, &gradient);
    for isa in Isa::available() {
        // Winograd's filtering spreads what is not finite over a tile.
        let network = net.frozen().with_isa(isa).expect("available");
        let network = network.with_direct_convolutions();
        let run = network
            .forward(&input, [1, channels, height, width], &[end])
            .expect("it fits");
        let what = format!("{what} {special} {isa:?}");
        assert_same(&what, &run.output(0), &expected.values);
        for mode in MODES {
            let actual = run.input_gradient(&[Some(&gradient)], mode);
            let expected = net.backward(&all, &[(end, given.clone())], mode);
            let what = format!("{what} {mode:?}");
            assert_same(&what, &actual.expect("it fits"), &expected.values);
        }
    }
}

#[test]
fn padding_lanes_never_reach_a_result() {
    for special in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
        for channels in cases([1, 3, 15, 16, 31, 40, 17], 1) {
            for (radius, kernel, pooled) in
                [(2, 1, false), (2, 1, true), (5, 3, true), (20, 3, false)]
            {
                let lrn = Lrn {
                    radius,
                    bias: 1.0,
                    alpha: 0.3,
                    beta: 0.75,
                };
                let mut net = Net::new(3, channels as u64);
                let x = net.conv_relu(INPUT, channels, kernel, 1);
                // Infinity makes minus infinity of each channel, and the ReLU 0 of that: only
                // padding lanes are NaN.
                for weight in &mut net.weights[0] {
                    *weight = -weight.abs();
                }
                let x = if pooled { net.pool(x, 3, 1, same) } else { x };
                let x = net.add(lrn, &[x]);
                let what = format!("{channels} {radius} {kernel} {pooled}");
                compare(&what, &mut net, [3, 5, 9], x, special);
                // Behind a concatenation of odd widths, and before another convolution.
                let mut net = Net::new(3, channels as u64);
                let a = net.conv_relu(INPUT, channels, kernel, 1);
                let b = net.conv_relu(INPUT, 5, 1, 1);
                let x = net.concat(&[b, a]);
                let x = net.add(lrn, &[x]);
                let x = net.conv_relu(x, 7, 1, 1);
                compare(&what, &mut net, [3, 5, 9], x, special);
            }
        }
    }
}

#[test]
fn padding_lanes_do_not_make_a_dead_layer_alive() {
    for channels in [3, 16, 17, 40] {
        let lrn = Lrn {
            radius: 2,
            bias: 1.0,
            alpha: 0.3,
            beta: 0.5,
        };
        let mut net = Net::new(3, channels as u64);
        let x = net.conv_relu(INPUT, channels, 1, 1);
        net.weights[0].iter_mut().for_each(|w| *w = -w.abs());
        net.weights[1].fill(-100.0);
        let x = net.add(lrn, &[x]);
        let what = format!("dead {channels}");
        compare(&what, &mut net, [3, 4, 5], x, f32::INFINITY);
    }
}
