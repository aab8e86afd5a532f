//! Every objective can be climbed: from a random image a few steps along its gradient raise it. On
//! every backend compiled in.

mod common;

use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use common::everywhere;
use oneiric_core::Picture;
use oneiric_model::{InceptionV1, ReluGradient};
use oneiric_objective::{Difference, Objective, ObjectiveError, Objectives, Region};
use oneiric_testkit::Array;

const SIDE: usize = 32;
const STEPS: usize = 4;

/// Root of the mean squared change of a pixel in a step.
const RATE: f32 = 0.0005;

/// Every objective that a network offers, the ones that are to be subtracted as such.
fn all(net: &InceptionV1, device: &Device) -> Vec<(&'static str, Objective)> {
    let noise = Array::noise([SIDE * SIDE * 3], 77).values;
    let values = noise.into_iter().map(|v| 0.5 + 0.5 * v).collect();
    let photograph = Picture::new(SIDE, SIDE, values).expect("values in 0..1");
    let photograph = Arc::new(photograph);
    let photograph = || Arc::clone(&photograph);
    let v = || Array::noise([16], 8).values;
    let directions = Array::noise([16, 2, 3], 9).tensor::<3>(device);
    let region = Region {
        x: 1,
        y: 1,
        width: 2,
        height: 3,
    };
    let layer = "mixed3b";
    let layers = ["mixed3a", layer];
    let less = |objective: Result<Objective, ObjectiveError>| objective.map(|o| -o);
    let all = [
        ("channel", net.channel(layer, 1)),
        ("neuron", net.neuron(layer, 1)),
        ("neuron_at", net.neuron_at(layer, 1, 1, 2)),
        ("deepdream", net.deepdream(layer)),
        ("direction", net.direction(layer, v(), 1.0)),
        ("direction_neuron", net.direction_neuron(layer, v(), 1.0)),
        (
            "direction_neuron_at",
            net.direction_neuron_at(layer, v(), 0.0, 1, 2),
        ),
        ("direction_cossim", net.direction_cossim(layer, v())),
        (
            "tensor_direction",
            net.tensor_direction(layer, directions, 1.0),
        ),
        ("channel_weight", net.channel_weight(layer, v())),
        ("local_group", net.local_group(layer, region)),
        (
            "local_group_weight",
            net.local_group_weight(layer, region, v()),
        ),
        (
            "channel_interpolate",
            net.channel_interpolate(layer, 1, "mixed4a", 2),
        ),
        ("alignment", net.alignment(layer, 2.0)),
        ("diversity", less(net.diversity(layer))),
        ("caricature", net.caricature(photograph(), layer, 1.0)),
        (
            "activation_difference",
            less(net.activation_difference(photograph(), &layers, Difference::Absolute)),
        ),
        (
            "style",
            less(net.style(photograph(), &layers, Difference::Squared)),
        ),
        ("class_logit", net.class_logit(3)),
        ("total_variation", Ok(-net.total_variation())),
        ("l1", Ok(-net.l1(0.5))),
        ("l2", Ok(-net.l2(0.5))),
        ("blur", Ok(-net.blur())),
        ("penalize_boundary", Ok(net.penalize_boundary(5))),
        ("input_diff", Ok(-net.input_diff(photograph()))),
        (
            "product",
            net.channel(layer, 1)
                .and_then(|one| Ok(one * net.channel(layer, 2)?)),
        ),
        (
            "per_image",
            (0..3)
                .map(|k| net.channel(layer, k))
                .collect::<Result<Vec<_>, _>>()
                .map(Objective::per_image),
        ),
    ];
    all.map(|(name, objective)| (name, objective.expect(name)))
        .to_vec()
}

#[test]
fn every_objective_rises_within_a_few_steps() {
    everywhere(|backend, net, device| {
        let noise = Array::noise([3, 3, SIDE, SIDE], 1);
        let start: Vec<f32> = noise.values.iter().map(|v| 0.5 + 0.25 * v).collect();
        let start = Array::new(noise.shape, start);
        for (name, objective) in all(net, device) {
            let shape = [3, SIDE, SIDE];
            objective.check(3, shape, shape).expect(name);
            let mut image = start.tensor::<4>(device);
            let mut values = Vec::new();
            for _ in 0..=STEPS {
                let x = image.autodiff().require_grad();
                let activations = objective.forward(&x, ReluGradient::Plain);
                let value = objective.value(&x, &activations).expect("one number");
                let mut gradients = value.backward();
                let gradient = x.grad_remove(&mut gradients).expect("a gradient");
                let size = gradient.clone().square().mean().sqrt().into_scalar::<f32>();
                assert!(size > 0.0, "{name} on {backend} has no gradient");
                let step: Tensor<4> = gradient * (RATE / size);
                image = x.without_autodiff() + step;
                values.push(value.into_scalar::<f32>());
            }
            let rises = values.windows(2).all(|pair| pair[1] > pair[0]);
            assert!(rises, "{name} on {backend}: {values:?}");
        }
    });
}
