//! What is not a number, or infinite, on its way through a network.

mod oracle;

use oneiric_kernels::{Isa, Lrn, Op, ReluGradient};
use oracle::{Net, Tensor, none, same};

const MODES: [ReluGradient; 2] = [ReluGradient::Plain, ReluGradient::Redirected];

#[test]
fn poolings_show_it_wherever_it_is() {
    // One window, with a kernel and stride that the compiler knows or not.
    for (kernel, stride) in [(3, 1), (3, 2), (3, 3), (2, 2)] {
        let mut net = Net::new(19, 1);
        let x = net.pool(0, kernel, stride, none);
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
        let x = net.pool(0, kernel, stride, same);
        let mut input = net.noise(19 * 130);
        input.iter_mut().step_by(7).for_each(|v| *v = f32::NAN);
        let values = input.iter().map(|v| f64::from(*v)).collect();
        let shape = [19, 10, 13];
        let all = net.forward(Tensor { shape, values });
        let ones = vec![1.0_f32; all[x].values.len()];
        let shape = all[x].shape;
        let values = vec![1.0; ones.len()];
        let given = [(x, Tensor { shape, values })];
        let expected = net.backward(&all, &given, ReluGradient::Plain);
        for isa in Isa::available() {
            let network = net.frozen().with_isa(isa).expect("available");
            let run = network
                .forward(&input, [1, 19, 10, 13], &[x])
                .expect("it fits");
            for (actual, expected) in run.output(0).iter().zip(&all[x].values) {
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
        let x = net.relu(0);
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
    let relu = net.relu(0);
    // By filtering, and by its definition.
    let three = net.conv_relu(relu, 16, 3, 1);
    let one = net.conv_relu(three, 16, 1, 1);
    // Always below 0, so that gradients pass where there is no number alone.
    for conv in &mut net.convs {
        conv.bias = vec![-1e3; 16];
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
fn normalisations_of_large_numbers_are_0() {
    for beta in [0.5, 0.75, 0.6] {
        let lrn = Lrn {
            radius: 2,
            alpha: 1.0,
            beta,
            bias: 1.0,
        };
        let mut net = Net::new(20, 1);
        let x = net.add(Op::Lrn(lrn), &[0], 20);
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
