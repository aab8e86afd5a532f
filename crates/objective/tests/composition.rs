//! The arithmetic, with the defects of other libraries as tests; objectives of one's own; what is
//! refused. On every backend compiled in.

mod common;

use burn::tensor::Tensor;
use common::{
    LAYER, PIXELS, Pixels, acts, assert_right_gradient, assert_value, everywhere, images, net,
    on_devices, value,
};
use oneiric_model::{InceptionV1, InceptionV1Config, PaddingRule, ReluGradient};
use oneiric_objective::{LayerError, Objective, ObjectiveError, Objectives};
use oneiric_testkit::{Array, Tolerance, assert_close, devices};

/// Terms of a long sum.
const TERMS: usize = 10_000;

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
fn references_do_the_same_and_keep_their_operands() {
    everywhere(|backend, net, device| {
        let at = |objective: &Objective| value(objective, &images(1), device);
        let a = &net.channel(LAYER, 1).expect("a channel");
        let b = &net.channel(LAYER, 3).expect("a channel");
        let owned = |objective: &Objective| objective.clone();
        let (va, vb) = (at(a), at(b));
        for sum in [a + b, owned(a) + b, a + owned(b)] {
            assert_value(backend, at(&sum), va + vb);
        }
        for difference in [a - b, owned(a) - b, a - owned(b)] {
            assert_value(backend, at(&difference), va - vb);
        }
        for product in [a * b, owned(a) * b, a * owned(b)] {
            assert_value(backend, at(&product), va * vb);
        }
        assert_value(backend, at(&-a), -va);
        assert_value(backend, at(&(a * 2.0)), 2.0 * va);
        assert_value(backend, at(&(2.0 * a)), 2.0 * va);
        assert_value(backend, at(&(a / 2.0)), va / 2.0);
        assert_value(backend, at(&(a + 1.0)), va + 1.0);
        assert_value(backend, at(&(1.0 + a)), va + 1.0);
        assert_value(backend, at(&(a - 1.0)), va - 1.0);
        assert_value(backend, at(&(1.0 - a)), 1.0 - va);
        assert_value(backend, at(&[a, b, a].into_iter().sum()), 2.0 * va + vb);
        let mut changed = owned(a);
        changed += b;
        changed -= a;
        changed -= owned(b) + b;
        assert_value(backend, at(&changed), -vb);
        assert_value(backend, at(a), va);
    });
}

#[test]
fn a_sum_of_ten_thousand_terms_is_as_good_as_one() {
    // On one backend: how deep a sum is does not depend on it, and a GPU starts every term anew.
    let (backend, device) = devices().remove(0);
    let (backend, net, device) = (backend.name(), &net(&device), &device);
    // A long sum overflows the stack in captum.
    let channel = |k: usize| net.channel(LAYER, k % 16);
    let many: Objective = (0..TERMS)
        .map(channel)
        .sum::<Result<_, _>>()
        .expect("channels");
    assert_eq!(many.len(), TERMS);
    let total = |k| value(&channel(k).expect("a channel"), &images(1), device);
    let each: Vec<f64> = (0..16).map(total).collect();
    let expected: f64 = (0..TERMS).map(|k| each[k % 16]).sum();
    assert_value(backend, value(&many, &images(1), device), expected);
    let image = images(1).tensor::<4>(device).autodiff().require_grad();
    let activations = many.forward(&image, ReluGradient::Plain);
    let mut gradients = many
        .value(&image, &activations)
        .expect("one number")
        .backward();
    assert!(image.grad_remove(&mut gradients).is_some());
}

#[test]
fn products_and_constants_are_arithmetic_too() {
    on_devices(|backend, device| {
        let net = Pixels::new(4, device);
        // Four channels of 2, 3, 5 and 7.
        let values = [2.0, 3.0, 5.0, 7.0].into_iter().flat_map(|v| [v; 6]);
        let image = Array::new([1, 4, 2, 3], values.collect());
        let at = |objective: Objective| value(&objective, &image, device);
        let [two, three, five, seven] = [0, 1, 2, 3].map(|k| {
            let channel = net.channel(PIXELS, k).expect("a channel");
            move || channel.clone()
        });
        assert_value(backend, at(two() * three()), 6.0);
        assert_value(backend, at(2.0 * two() * (3.0 * three())), 36.0);
        assert_value(backend, at((two() + three()) * (five() - seven())), -10.0);
        assert_value(backend, at(-(two() + three()) * five() * 0.5), -12.5);
        assert_value(backend, at(two() * two() * two()), 8.0);
        assert_value(backend, at((two() + three()) * five() + seven()), 32.0);
        assert_value(backend, at(five() * (two() + 3.0 * three()) / 11.0), 5.0);
        assert_value(backend, at(two() + 1.0), 3.0);
        assert_value(backend, at(1.0 - two()), -1.0);
        assert_value(backend, at((two() - 4.0) * (1.0 + three())), -8.0);
        assert_value(backend, at(3.0 * (two() + 0.5) - 0.5), 7.0);
        let constant = std::iter::empty::<Objective>().sum::<Objective>() + 4.0;
        assert_value(backend, at(constant.clone() * seven()), 28.0);
        assert_value(backend, at(Objective::mean([two(), three(), seven()])), 4.0);
        let mut sum = two();
        sum += three() * five();
        assert_value(backend, at(sum), 17.0);
        // Operands stay what they were.
        let operand = two() + three();
        let product = operand.clone() * operand.clone();
        assert_eq!((operand.len(), product.len()), (2, 1));
        assert_value(backend, at(product.clone() * 2.0), 50.0);
        assert_value(backend, at(product), 25.0);
        assert_value(backend, at(operand), 5.0);
        // A sum of nothing is 0, and so is what it is multiplied by.
        let nothing: Objective = std::iter::empty::<Objective>().sum();
        assert!((nothing.clone() * two()).is_empty());
        assert!(Objective::mean([]).is_empty());
        let shape = [4, 2, 3];
        assert!(matches!(
            constant.check(1, shape, shape),
            Err(ObjectiveError::Empty)
        ));
        let infinite = two() * (three() * f64::NAN + five());
        assert!(matches!(
            infinite.check(1, shape, shape),
            Err(ObjectiveError::Setting(_))
        ));
    });
}

#[test]
fn the_gradient_of_a_product_is_that_of_finite_differences() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let channel = |k| net.channel(PIXELS, k).expect("a channel") + 0.5;
        let product = channel(0) * (channel(1) - 0.5 * channel(2)) * channel(2).on_image(1);
        let at = Array::noise([2, 3, 4, 4], 3);
        assert_right_gradient(backend, &product, &at, device);
    });
}

#[test]
fn products_of_sums_of_products_are_not_deep() {
    on_devices(|backend, device| {
        // A polynomial by Horner's rule: x -> x / 2 + 1 a thousand times comes to 2.
        let net = Pixels::new(1, device);
        let half = net.channel(PIXELS, 0).expect("a channel");
        let image = Array::new([1, 1, 2, 2], vec![0.5; 4]);
        let mut nested = half.clone();
        for _ in 0..1000 {
            nested = nested * half.clone() + 1.0;
        }
        let shape = [1, 2, 2];
        assert!(nested.check(1, shape, shape).is_ok());
        assert_value(backend, value(&nested.clone(), &image, device), 2.0);
        let image = image.tensor::<4>(device).autodiff().require_grad();
        let acts = nested.forward(&image, ReluGradient::Plain);
        let value = nested.value(&image, &acts).expect("one number");
        let gradient = image.grad(&value.backward()).expect("a gradient");
        // The slope of 1 / (1 - x) at 1/2, a quarter of it a pixel.
        assert_value(backend, Array::of(gradient).values[0].into(), 1.0);
    });
}

#[test]
fn every_image_of_a_batch_can_have_its_own() {
    everywhere(|backend, net, device| {
        let batch = images(3);
        let one = |image: usize| {
            let count = batch.values.len() / 3;
            let values = batch.values[image * count..(image + 1) * count].to_vec();
            Array::new([1, 3, 40, 48], values)
        };
        let objectives = || {
            [
                net.channel(LAYER, 3).expect("a channel"),
                net.class_logit(1).expect("a class") - 0.1 * net.total_variation(),
                net.channel(LAYER, 3).expect("one") * net.channel("mixed4a", 1).expect("one"),
            ]
        };
        let together = Objective::per_image(objectives());
        let alone = objectives().into_iter().enumerate();
        let expected = alone.map(|(image, own)| value(&own, &one(image), device));
        assert_value(backend, value(&together, &batch, device), expected.sum());
        let shape = [3, 40, 48];
        assert!(together.check(3, shape, shape).is_ok());
        let refused = together.check(2, shape, shape);
        assert!(matches!(
            refused,
            Err(ObjectiveError::Image { image: 2, batch: 2 })
        ));
        // Each image's gradient is the one it has alone.
        let gradient = |objective: &Objective, at: &Array| {
            let x = at.tensor::<4>(device).autodiff().require_grad();
            let acts = objective.forward(&x, ReluGradient::Plain);
            let value = objective.value(&x, &acts).expect("one number");
            let mut gradients = value.backward();
            Array::of(x.grad_remove(&mut gradients).expect("a gradient"))
        };
        let together = gradient(&together, &batch).values;
        for (image, own) in objectives().into_iter().enumerate() {
            let expected = gradient(&own, &one(image));
            let count = expected.values.len();
            let actual = together[image * count..(image + 1) * count].to_vec();
            let actual = Array::new([1, 3, 40, 48], actual);
            let what = format!("image {image} on {backend}");
            assert_close(&what, &actual, &expected, Tolerance::GRADIENTS);
        }
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
            assert!(limited.check(2, [3, 40, 48], [3, 40, 48]).is_ok());
            let refused = limited.check(1, [3, 40, 48], [3, 40, 48]);
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
        assert!(matches!(power, Err(ObjectiveError::Setting(_))));
    }
}

#[test]
fn what_cannot_be_optimized_is_refused() {
    let (_, device) = devices().remove(0);
    let net = net(&device);
    let empty: Objective = std::iter::empty::<Objective>().sum();
    assert!(empty.is_empty());
    assert!(matches!(
        empty.check(1, [3, 40, 40], [3, 40, 40]),
        Err(ObjectiveError::Empty)
    ));
    // 1e39 is infinite in single precision, which the sum is in.
    for weight in [f64::INFINITY, f64::NAN, 1e39] {
        let infinite = net.total_variation() * weight;
        assert!(matches!(
            infinite.check(1, [3, 40, 40], [3, 40, 40]),
            Err(ObjectiveError::Setting(_))
        ));
    }
    for constant in [f32::NAN, f32::INFINITY] {
        for objective in [net.l1(constant), net.l2(constant)] {
            let refused = objective.check(1, [3, 40, 40], [3, 40, 40]);
            assert!(matches!(refused, Err(ObjectiveError::Setting(_))));
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
        .check(1, [3, 0, 40], [3, 0, 40]);
    assert!(matches!(
        nothing,
        Err(ObjectiveError::Layer(LayerError::TooSmall {
            needed: Some(1),
            ..
        }))
    ));
    let caffe = InceptionV1Config {
        padding: PaddingRule::Caffe,
        ..InceptionV1Config::tiny()
    };
    let caffe = InceptionV1::random(caffe, 0, &device).expect("ours");
    let small = caffe
        .channel("mixed5b", 0)
        .expect("a channel")
        .check(1, [3, 30, 64], [3, 30, 64]);
    let message = small.expect_err("30 < 31").to_string();
    assert!(
        message.contains("64x30") && message.contains("31x31"),
        "{message}"
    );
}
