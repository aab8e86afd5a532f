//! The arithmetic, with the defects of other libraries as tests; objectives of one's own; what is
//! refused. On every backend compiled in.

mod common;

use burn::tensor::Tensor;
use common::{LAYER, acts, assert_value, everywhere, images, net, value};
use oneiric_model::{InceptionV1, InceptionV1Config, Padding, ReluGradient};
use oneiric_objective::{Objective, ObjectiveError, Objectives};
use oneiric_testkit::{Array, devices};

#[test]
fn arithmetic_is_arithmetic() {
    everywhere(|backend, net, device| {
        let at = |objective: Objective| value(&objective, &images(1), device);
        let a = net.channel(LAYER, 1).expect("a channel");
        let b = net.channel(LAYER, 3).expect("a channel");
        let (va, vb) = (at(a.clone()), at(b.clone()));
        // captum's sum averages its operands, Xplique's is a Cartesian product.
        assert_value(backend, at(a.clone() + b.clone()), va + vb);
        assert_value(backend, at(a.clone() - b.clone()), va - vb);
        assert_value(backend, at(-a.clone()), -va);
        assert_value(
            backend,
            at(a.clone() - 0.1 * net.total_variation()),
            va - 0.1 * at(net.total_variation()),
        );
        // Xplique's product compounds factors and changes its operand.
        let tripled = a.clone() * 3.0;
        assert_value(backend, at(tripled.clone() * 2.0), 6.0 * va);
        assert_value(backend, at(tripled), 3.0 * va);
        assert_value(backend, at(a.clone()), va);
        assert_value(
            backend,
            at(2.0 * (a.clone() + 3.0 * b.clone())),
            2.0 * va + 6.0 * vb,
        );
        assert_value(
            backend,
            at([a.clone(), b.clone(), a].into_iter().sum()),
            2.0 * va + vb,
        );
    });
}

#[test]
fn a_sum_of_a_thousand_terms_is_as_good_as_one() {
    everywhere(|backend, net, device| {
        // A long sum overflows the stack in captum.
        let channel = |k: usize| net.channel(LAYER, k % 16);
        let many: Objective = (0..1000)
            .map(channel)
            .sum::<Result<_, _>>()
            .expect("channels");
        assert_eq!(many.len(), 1000);
        let total = |k| value(&channel(k).expect("a channel"), &images(1), device);
        let each: Vec<f64> = (0..16).map(total).collect();
        let expected: f64 = (0..1000).map(|k| each[k % 16]).sum();
        assert_value(backend, value(&many, &images(1), device), expected);
        let image = images(1).tensor::<4>(device).autodiff().require_grad();
        let activations = many.forward(&image, ReluGradient::Plain);
        let mut gradients = many
            .value(&image, &activations)
            .expect("one number")
            .backward();
        assert!(image.grad_remove(&mut gradients).is_some());
    });
}

#[test]
fn an_objective_can_be_about_one_image_of_the_batch() {
    everywhere(|backend, net, device| {
        let both = images(2);
        let count = both.values.len() / 2;
        let second = Array::new([1, 3, 40, 48], both.values[count..].to_vec());
        for objective in [
            net.channel(LAYER, 3).expect("a channel"),
            net.class_logit(1).expect("a class"),
            net.total_variation(),
        ] {
            let alone = value(&objective, &second, device);
            let limited = objective.clone().on_image(1);
            assert_value(backend, value(&limited, &both, device), alone);
            // Terms that are limited already stay with their image.
            assert_value(
                backend,
                value(&limited.clone().on_image(0), &both, device),
                alone,
            );
            assert!(limited.check(2, [40, 48]).is_ok());
            let refused = limited.check(1, [40, 48]);
            assert!(matches!(
                refused,
                Err(ObjectiveError::Image { image: 1, batch: 1 })
            ));
        }
    });
}

#[test]
fn two_networks_can_be_asked_at_once() {
    everywhere(|backend, net, device| {
        let other = InceptionV1::random(InceptionV1Config::tiny(), 6, device).expect("ours");
        let a = net.channel(LAYER, 3).expect("a channel");
        let b = other.channel(LAYER, 3).expect("a channel");
        let at = |objective: &Objective| value(objective, &images(1), device);
        assert_ne!(at(&a), at(&b));
        assert_value(backend, at(&(a.clone() + b.clone())), at(&a) + at(&b));
    });
}

#[test]
fn an_objective_of_ones_own_reads_what_it_asked_for() {
    everywhere(|backend, net, device| {
        let objective = net
            .custom("brightness and depth", &["mixed4a", "mixed3a"], |reading| {
                assert_eq!(reading.layers.len(), 2);
                let deeper: Tensor<4> = reading.layers[0].clone();
                assert_eq!(deeper.dims()[2..], [3, 3]);
                reading.image.clone().mean() + deeper.max()
            })
            .expect("layers");
        let mean =
            images(1).values.iter().map(|v| f64::from(*v)).sum::<f64>() / (3.0 * 40.0 * 48.0);
        let deepest = acts(net, "mixed4a", &images(1))
            .values
            .into_iter()
            .fold(0.0, f32::max);
        let expected = mean + f64::from(deepest);
        assert_value(backend, value(&objective, &images(1), device), expected);
        assert!(
            net.custom("none", &["mixed9"], |r| r.image.clone().mean())
                .is_err()
        );
    });
}

#[test]
fn what_the_network_does_not_have_is_refused_with_what_it_has() {
    let (_, device) = devices().remove(0);
    let net = net(&device);
    let message =
        |result: Result<Objective, ObjectiveError>| result.expect_err("refused").to_string();
    let channel = message(net.channel("mixed4c", 16));
    assert!(
        channel.contains("mixed4c") && channel.contains("15"),
        "{channel}"
    );
    let layer = message(net.channel("mixed4f", 0));
    assert!(
        layer.contains("mixed4f") && layer.contains("mixed4c"),
        "{layer}"
    );
    assert!(message(net.neuron("mixed4c", 99)).contains("99"));
    assert!(message(net.class_logit(10)).contains("from 0 to 9"));
    assert!(net.class_logit("cat").is_err());
    let direction = |v: Vec<f32>, p| net.direction("mixed4c", v, p);
    let length = direction(vec![1.0; 3], 0.0);
    assert!(matches!(
        length,
        Err(ObjectiveError::DirectionLength {
            expected: 16,
            found: 3,
            ..
        })
    ));
    for v in [vec![0.0; 16], vec![f32::NAN; 16]] {
        assert!(matches!(
            direction(v, 0.0),
            Err(ObjectiveError::Direction { .. })
        ));
    }
    for power in [-1.0, f32::INFINITY] {
        let power = direction(vec![1.0; 16], power);
        assert!(matches!(power, Err(ObjectiveError::Number { .. })));
    }
}

#[test]
fn what_cannot_be_optimised_is_refused() {
    let (_, device) = devices().remove(0);
    let net = net(&device);
    let empty: Objective = std::iter::empty().sum();
    assert!(empty.is_empty());
    assert!(matches!(
        empty.check(1, [40, 40]),
        Err(ObjectiveError::Empty)
    ));
    let infinite = net.total_variation() * f64::INFINITY;
    assert!(matches!(
        infinite.check(1, [40, 40]),
        Err(ObjectiveError::Number { .. })
    ));
    for constant in [f32::NAN, f32::INFINITY] {
        for objective in [net.l1(constant), net.l2(constant)] {
            let refused = objective.check(1, [40, 40]);
            assert!(matches!(refused, Err(ObjectiveError::Number { .. })));
        }
    }
    let several = net.custom("several", &[], |reading| {
        reading.image.clone().reshape([-1])
    });
    let several = several.expect("no layers");
    let image = images(1).tensor::<4>(&device);
    let refused = several.value(&image, &several.forward(&image, ReluGradient::Plain));
    let Err(ObjectiveError::NotOneNumber { measure, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert!(measure.contains("several"), "{measure}");
    let nothing = net
        .channel("mixed4c", 0)
        .expect("a channel")
        .check(1, [0, 40]);
    assert!(matches!(
        nothing,
        Err(ObjectiveError::TooSmall {
            needed: Some(1),
            ..
        })
    ));
    let caffe = InceptionV1Config {
        padding: Padding::Caffe,
        ..InceptionV1Config::tiny()
    };
    let caffe = InceptionV1::random(caffe, 0, &device).expect("ours");
    let small = caffe
        .channel("mixed5b", 0)
        .expect("a channel")
        .check(1, [30, 64]);
    let message = small.expect_err("30 < 31").to_string();
    assert!(
        message.contains("64x30") && message.contains("31x31"),
        "{message}"
    );
}
