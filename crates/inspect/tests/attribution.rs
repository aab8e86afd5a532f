//! Attributions, compared with finite differences, linear networks and formulas written out.

mod common;

use burn::tensor::Tensor;
use common::{Linear, everywhere, photograph, tiny};
use oneiric_inspect::{InspectError, attribution};
use oneiric_model::{NetworkExt, ReluGradient};
use oneiric_objective::{Objective, Objectives};
use oneiric_testkit::{Array, Tolerance, assert_close, assert_gradient};

/// A layer before its ReLU: behind the ReLU many values are exactly 0, where a maximum has no
/// derivative.
const LAYER: &str = "mixed4c_3x3_pre_relu";

#[test]
fn the_gradient_is_that_of_finite_differences() {
    everywhere(|device| {
        let net = tiny(device);
        let photograph = photograph(40, 48, 3);
        let layer = net.layer(LAYER).expect("a layer");
        let logits = net.logits().expect("classes");
        let objective = net.class_logit(3).expect("a class") - net.class_logit(1).expect("a class");
        let found = attribution(&net, &photograph, LAYER, &objective).expect("a path");

        let logit = |acts: Tensor<4>| {
            let images = photograph.to_tensor(device);
            let mut patch = |id, value: Tensor<4>| if id == layer { acts.clone() } else { value };
            let found = net.forward_patched(images, &[logits], ReluGradient::Plain, &mut patch);
            let found = found[0].clone();
            (found.clone().narrow(1, 3, 1) - found.narrow(1, 1, 1)).sum()
        };
        let shape = {
            let map = found.activations();
            [1, map.channels(), map.height(), map.width()]
        };
        let at = Array::new(shape, found.activations().values().to_vec());
        let gradient = Array::new(shape, found.gradient().values().to_vec());
        let x = at.tensor::<4>(device).autodiff().require_grad();
        let mut gradients = logit(x.clone()).backward();
        let expected = Array::of(x.grad_remove(&mut gradients).expect("a path"));
        assert_close("gradient", &gradient, &expected, Tolerance::GRADIENTS);
        assert_gradient("class", &at, 1e-3, device, logit);

        let value = logit(at.tensor(device)).into_scalar::<f32>();
        assert!((found.value() - value).abs() <= 1e-4 * value.abs());
    });
}

#[test]
fn channels_and_positions_are_sums_of_gradient_times_activation() {
    everywhere(|device| {
        let net = tiny(device);
        let objective = net.channel("mixed4e", 5).expect("a channel");
        let found = attribution(&net, &photograph(48, 33, 4), "mixed3b", &objective);
        let found = found.expect("a path");
        let (acts, gradient) = (found.activations(), found.gradient());
        let (width, height) = (acts.width(), acts.height());
        let product = |c: usize, x: usize, y: usize| {
            let at = (c * height + y) * width + x;
            f64::from(acts.values()[at]) * f64::from(gradient.values()[at])
        };
        let places: Vec<_> = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .collect();
        let channels: Vec<f32> = (0..acts.channels())
            .map(|c| places.iter().map(|&(x, y)| product(c, x, y)).sum::<f64>() as f32)
            .collect();
        let positions: Vec<f32> = places
            .iter()
            .map(|&(x, y)| (0..acts.channels()).map(|c| product(c, x, y)).sum::<f64>() as f32)
            .collect();
        assert!(channels.iter().any(|v| *v != 0.0));
        let array = |values: Vec<f32>| Array::new([values.len()], values);
        let map = found.by_position();
        assert_eq!((map.width(), map.height()), (width, height));
        assert_close(
            "channels",
            &array(found.by_channel()),
            &array(channels),
            Tolerance::ARITHMETIC,
        );
        assert_close(
            "positions",
            &array(map.values().to_vec()),
            &array(positions),
            Tolerance::ARITHMETIC,
        );
        let (channel, most) = found.top_channels(1)[0];
        assert_eq!(found.by_channel()[channel], most);
        assert!(found.by_channel().iter().all(|v| *v <= most));
    });
}

#[test]
fn behind_a_linear_layer_attributions_sum_to_the_value() {
    everywhere(|device| {
        let net = Linear::new(device);
        let objective = 2.0 * net.class_logit(2).expect("a class")
            - net.neuron_at("second", 1, 3, 2).expect("a channel");
        for layer in ["first", "second"] {
            let found = attribution(&net, &photograph(12, 10, 5), layer, &objective);
            let found = found.expect("a path");
            let by_channel: f32 = found.by_channel().iter().sum();
            let by_position: f32 = found.by_position().values().iter().sum();
            let value = Array::new([2], vec![found.value(); 2]);
            let sums = Array::new([2], vec![by_channel, by_position]);
            assert_close(layer, &sums, &value, Tolerance::ACTIVATIONS);
        }
    });
}

#[test]
fn the_gradient_of_a_unit_is_the_weights_in_effect() {
    everywhere(|device| {
        let net = Linear::new(device);
        let unit = net.neuron_at("second", 2, 4, 1).expect("a channel");
        let found = attribution(&net, &photograph(12, 10, 6), "first", &unit).expect("a path");
        let gradient = found.gradient();
        let kernel = net.kernel();
        let mut expected = Array::new([6, 8, 10], vec![0.0; 480]);
        for c in 0..6 {
            for (y, x) in (0..9).map(|i| (i / 3, i % 3)) {
                // Without padding, the window of position (4, 1) starts at row 1 and column 4.
                expected.values[(c * 8 + 1 + y) * 10 + 4 + x] = kernel.at(&[2, c, y, x]);
            }
        }
        let found = Array::new([6, 8, 10], gradient.values().to_vec());
        assert_close("weights", &found, &expected, Tolerance::ARITHMETIC);
    });
}

#[test]
fn a_layer_that_the_objective_does_not_read_is_refused() {
    everywhere(|device| {
        let net = tiny(device);
        let objective = net.channel("mixed4a", 1).expect("a channel");
        let photograph = photograph(40, 40, 7);
        let refuse = |layer: &str, objective: &Objective| {
            let found = attribution(&net, &photograph, layer, objective);
            assert!(
                matches!(&found, Err(InspectError::Independent { .. })),
                "{layer}: {found:?}"
            );
        };
        refuse("mixed4b", &objective);
        refuse("mixed3a_pre_relu", &objective);
        refuse("mixed3a", &net.total_variation());
        let other = tiny(device).channel("mixed4a", 1).expect("a channel");
        refuse("mixed3a", &other);
        let outside = net.neuron_at("mixed4a", 1, 99, 0).expect("a channel");
        let found = attribution(&net, &photograph, "mixed3a", &outside);
        assert!(matches!(found, Err(InspectError::Objective(_))));
    });
}

#[test]
fn what_other_networks_say_counts_in_the_value_alone() {
    everywhere(|device| {
        let (net, other) = (tiny(device), Linear::new(device));
        let photograph = photograph(40, 40, 8);
        let own = net.channel("mixed4a", 1).expect("a channel");
        let apart = other.channel("first", 2).expect("a channel");
        let attribute = |objective: &Objective| {
            attribution(&net, &photograph, "mixed3a", objective).expect("a path")
        };
        let (alone, both) = (attribute(&own), attribute(&(own.clone() + 3.0 * apart)));
        assert_eq!(alone.gradient(), both.gradient());
        assert_ne!(alone.value(), both.value());
    });
}
