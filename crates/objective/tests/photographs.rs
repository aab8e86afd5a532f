//! Objectives that compare with a photograph. On every backend compiled in.

mod common;

use std::sync::{Arc, atomic::Ordering};

use burn::tensor::{Device, Tensor};
use common::{
    PIXELS, Pixels, TWICE, acts, assert_right_gradient, assert_value, everywhere, images,
    on_devices, value,
};
use oneiric_core::Picture;
use oneiric_model::{LayerId, ReluGradient};
use oneiric_objective::{
    Difference, LayerError, Measure, Objective, ObjectiveError, Objectives, Reading,
};
use oneiric_testkit::{Array, Tolerance, assert_close};

/// A photograph of noise, and its values [1, 3, h, w].
fn photograph(height: usize, width: usize) -> (Arc<Picture>, Array) {
    let noise = Array::noise([height * width * 3], 77).values;
    let values: Vec<f32> = noise.into_iter().map(|v| 0.5 + 0.5 * v).collect();
    let picture = Picture::new(width, height, values.clone()).expect("values in 0..1");
    let at = |index: usize| values[index % (height * width) * 3 + index / (height * width)];
    let planes = (0..values.len()).map(at).collect();
    (Arc::new(picture), Array::new([1, 3, height, width], planes))
}

/// One image of a batch.
fn item(batch: &Array, index: usize) -> Array {
    let count = batch.values.len() / batch.shape[0];
    let values = batch.values[index * count..(index + 1) * count].to_vec();
    Array::new([&[1], &batch.shape[1..]].concat(), values)
}

#[test]
fn a_caricature_is_its_formula() {
    everywhere(|backend, net, device| {
        let (picture, planes) = photograph(40, 48);
        let both = images(2);
        let layer = "mixed3b";
        let [batch, photograph] = [&both, &planes].map(|images| acts(net, layer, images));
        for power in [0.0_f32, 1.0, 3.0] {
            let one = |index: usize| {
                let acts = item(&batch, index);
                let dot = acts.dot(&photograph);
                let norm = |x: &Array| x.dot(x).sqrt() + 1e-4;
                let cosine = dot / (norm(&acts) * norm(&photograph));
                dot * cosine.max(0.1).powf(f64::from(power))
            };
            let objective = net.caricature(Arc::clone(&picture), layer, power);
            let objective = objective.expect("a layer");
            let what = format!("{backend}, power {power}");
            assert_value(&what, value(&objective, &both, device), one(0) + one(1));
            let second = objective.on_image(1);
            assert_value(&what, value(&second, &both, device), one(1));
        }
    });
}

#[test]
fn a_caricature_by_hand() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let photograph = Picture::new(1, 1, vec![1.0, 0.0, 0.0]).expect("red");
        let caricature = |power| net.caricature(photograph.clone(), PIXELS, power);
        let at = |power, pixel: [f32; 3]| {
            let image = Array::new([1, 3, 1, 1], pixel.to_vec());
            value(&caricature(power).expect("a layer"), &image, device)
        };
        assert_value(backend, at(0.0, [3.0, 4.0, 0.0]), 3.0);
        let cosine = 3.0 / (5.0001 * 1.0001);
        assert_value(backend, at(2.0, [3.0, 4.0, 0.0]), 3.0 * cosine * cosine);
        // Away from the photograph the cosine counts 0.1.
        assert_value(backend, at(2.0, [-3.0, 4.0, 0.0]), -0.03);
        assert!(caricature(-1.0).is_err());
    });
}

#[test]
fn content_and_style_are_their_formulas() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let (picture, planes) = photograph(4, 5);
        let batch = Array::noise([2, 3, 4, 5], 3);
        let gram = |image: &Array, i: usize| -> f64 {
            let value = |c, p: usize| f64::from(image.at(&[0, c, p / 5, p % 5]));
            (0..20)
                .map(|p| value(i / 3, p) * value(i % 3, p))
                .sum::<f64>()
                / 20.0
        };
        for difference in [Difference::Absolute, Difference::Squared] {
            let apart = |a: f64, b: f64| match difference {
                Difference::Squared => (a - b).powi(2),
                _ => (a - b).abs(),
            };
            // The layer `twice` doubles what differs, so its Gram matrix is four times as large.
            let (mut content, mut style) = (0.0, 0.0);
            for image in [0, 1].map(|index| item(&batch, index)) {
                for (a, b) in image.values.iter().zip(&planes.values) {
                    let (a, b) = (f64::from(*a), f64::from(*b));
                    content += (apart(a, b) + apart(2.0 * a, 2.0 * b)) / 120.0;
                }
                for i in 0..9 {
                    let (a, b) = (gram(&image, i), gram(&planes, i));
                    style += (apart(a, b) + apart(4.0 * a, 4.0 * b)) / 18.0;
                }
            }
            let layers = [PIXELS, TWICE];
            let picture = || Arc::clone(&picture);
            let objective = net.activation_difference(picture(), &layers, difference);
            let objective = objective.expect("layers");
            assert_value(backend, value(&objective, &batch, device), content);
            let objective = net.style(picture(), &layers, difference).expect("layers");
            assert_value(backend, value(&objective, &batch, device), style);
            let alike = [
                net.activation_difference(picture(), &layers, difference),
                net.style(picture(), &layers, difference),
                Ok(net.input_diff(picture())),
            ];
            for objective in alike {
                let itself = value(&objective.expect("layers"), &planes, device);
                assert!(itself.abs() < 1e-5, "{itself}");
            }
        }
        for none in [
            net.style(Arc::clone(&picture), &[], Difference::Absolute),
            net.activation_difference(picture, &[], Difference::Absolute),
        ] {
            assert!(matches!(none, Err(ObjectiveError::NoLayers { .. })));
        }
    });
}

#[test]
fn the_distance_from_a_photograph_is_a_root_mean_square() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let (picture, planes) = photograph(4, 5);
        let batch = Array::noise([2, 3, 4, 5], 3);
        let one = |index: usize| {
            let image = item(&batch, index);
            let pairs = image.values.iter().zip(&planes.values);
            let squares = pairs.map(|(a, b)| f64::from(a - b).powi(2));
            (squares.sum::<f64>() / 60.0).sqrt()
        };
        let objective = net.input_diff(picture);
        assert_value(backend, value(&objective, &batch, device), one(0) + one(1));
        // At the photograph itself the root has no slope, but an optimization starts there.
        let gradient = gradient(&objective, &planes, device);
        assert!(gradient.values.iter().all(|v| *v == 0.0), "{backend}");
    });
}

fn gradient(objective: &Objective, at: &Array, device: &Device) -> Array {
    let image = at.tensor::<4>(device).autodiff().require_grad();
    let activations = objective.forward(&image, ReluGradient::Plain);
    let value = objective.value(&image, &activations).expect("one number");
    let mut gradients = value.backward();
    Array::of(image.grad_remove(&mut gradients).expect("a gradient"))
}

#[test]
fn a_photograph_is_seen_as_the_image_is() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let (picture, planes) = photograph(4, 5);
        let image = Array::noise([1, 3, 4, 5], 3).tensor::<4>(device);
        let view = image.clone().narrow(2, 1, 2).flip([3]);
        let seen = |photograph: Tensor<4>| photograph.narrow(2, 1, 2).flip([3]);
        let content = net.activation_difference(picture, &[PIXELS], Difference::Absolute);
        let content = content.expect("a layer");
        let views = [view.clone()];
        let acts = content
            .forward_views(&views, ReluGradient::Plain, &mut |photograph, _| {
                seen(photograph)
            })
            .remove(0);
        let value = content.value(&image, &acts).expect("one number");
        let expected = (view - seen(planes.tensor(device))).abs().mean();
        let [value, expected] = [value, expected].map(|x| f64::from(x.into_scalar::<f32>()));
        assert_value(backend, value, expected);
    });
}

#[test]
fn each_view_has_its_own_photograph_and_its_own_gradient() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let (picture, _) = photograph(4, 5);
        let content = net.activation_difference(picture, &[PIXELS], Difference::Squared);
        let content = content.expect("a layer");
        let weight = |view: usize| 1.0 + view as f64;
        // The photograph is shifted by as many columns as its view.
        let shifted = |photograph: Tensor<4>, view: usize| photograph.roll(&[view as i64], &[3]);
        let leaf = |view: usize| {
            let image = Array::noise([2, 3, 4, 5], view as u64).tensor::<4>(device);
            image.autodiff().require_grad()
        };
        let alone = |view: usize| {
            let image = [leaf(view)];
            let mut seen = |photograph, _| shifted(photograph, view);
            let acts = content.forward_views(&image, ReluGradient::Plain, &mut seen);
            let value = content.value(&image[0], &acts[0]).expect("one number");
            let mut gradients = (value.clone() * weight(view)).backward();
            let gradient = image[0].grad_remove(&mut gradients).expect("a gradient");
            (value.into_scalar::<f32>(), Array::of(gradient))
        };
        let images: Vec<Tensor<4>> = (0..3).map(leaf).collect();
        let acts = content.forward_views(&images, ReluGradient::Plain, &mut |photograph, view| {
            shifted(photograph, view)
        });
        let values: Vec<Tensor<1>> = images
            .iter()
            .zip(&acts)
            .map(|(image, acts)| content.value(image, acts).expect("one number"))
            .collect();
        let sum = values.iter().enumerate();
        let sum = sum.map(|(view, value)| value.clone() * weight(view));
        let sum = sum.reduce(|sum, next| sum + next).expect("three views");
        let mut gradients = sum.backward();
        for (view, image) in images.iter().enumerate() {
            let (value, gradient) = alone(view);
            let found = values[view].clone().into_scalar::<f32>();
            assert_value(backend, f64::from(found), f64::from(value));
            let found = Array::of(image.grad_remove(&mut gradients).expect("a gradient"));
            let what = format!("the gradient of view {view} on {backend}");
            assert_close(&what, &found, &gradient, Tolerance::ARITHMETIC);
        }
    });
}

#[test]
fn one_photograph_is_seen_once() {
    on_devices(|_, device| {
        let net = Pixels::new(3, device);
        let (picture, _) = photograph(4, 5);
        let style = |picture: &Arc<Picture>| {
            net.style(Arc::clone(picture), &[TWICE], Difference::Absolute)
                .expect("a layer")
        };
        let once = net
            .caricature(Arc::clone(&picture), PIXELS, 1.0)
            .expect("a layer")
            - style(&picture)
            - net.input_diff(Arc::clone(&picture))
            + net.channel(PIXELS, 1).expect("a channel");
        let image = Array::noise([2, 3, 4, 5], 3).tensor::<4>(device);
        let passes = |objective: &Objective| {
            let before = net.passes.load(Ordering::Relaxed);
            let mut views = 0;
            let image = [image.clone()];
            let mut seen = |photograph: Tensor<4>, _| {
                assert_eq!(photograph.dims(), [1, 3, 4, 5]);
                views += 1;
                photograph
            };
            let acts = objective.forward_views(&image, ReluGradient::Plain, &mut seen);
            objective.value(&image[0], &acts[0]).expect("one number");
            (net.passes.load(Ordering::Relaxed) - before, views)
        };
        assert_eq!(passes(&once), (2, 1));
        let another = Arc::new(Picture::clone(&picture));
        assert_eq!(passes(&(once - style(&another))), (3, 2));
        assert_eq!(passes(&net.input_diff(picture)), (0, 0));
    });
}

/// A measure with a photograph, of one's own.
#[derive(Debug)]
struct Own {
    photograph: Arc<Picture>,
    layers: [LayerId; 2],
}

impl Measure for Own {
    fn layers(&self) -> &[LayerId] {
        &self.layers
    }

    fn photograph(&self) -> Option<&Arc<Picture>> {
        Some(&self.photograph)
    }

    fn value(&self, reading: &Reading) -> Tensor<1> {
        // In the order of its layers, the second twice the first, and constant.
        let [first, second] = [0, 1].map(|index| reading.photograph[index].clone());
        assert!(!first.is_tracked() && !first.is_autodiff());
        (first.sum() - second.sum() * 2.0) + reading.image.clone().sum() * 0.0
    }
}

#[test]
fn a_measure_of_ones_own_can_have_a_photograph() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let (picture, _) = photograph(4, 5);
        let own = Own {
            photograph: Arc::clone(&picture),
            layers: [LayerId::new(1), LayerId::new(0)],
        };
        let objective = net.measure(own);
        let image = Array::noise([2, 3, 4, 5], 3);
        let _ = gradient(&objective, &image, device);
        assert!(value(&objective, &image, device).abs() < 1e-4, "{backend}");
    });
}

#[test]
fn photographs_and_networks_that_do_not_fit_are_refused() {
    on_devices(|_, device| {
        let net = Pixels::new(3, device);
        let (picture, _) = photograph(4, 5);
        let objective = net
            .caricature(Arc::clone(&picture), PIXELS, 0.0)
            .expect("a layer");
        assert!(objective.check(1, [3, 4, 5], [3, 2, 2]).is_ok());
        let refused = objective.check(1, [3, 5, 4], [3, 5, 4]);
        let message = refused.expect_err("another size").to_string();
        assert!(
            message.contains("5x4 pixels") && message.contains("image of 4x5"),
            "{message}"
        );
        assert!(message.contains("Picture::resize"), "{message}");
        let refused = net.input_diff(picture).check(1, [4, 4, 5], [3, 4, 5]);
        assert!(matches!(refused, Err(ObjectiveError::Photograph { .. })));
        let refused = net
            .channel(PIXELS, 0)
            .expect("one")
            .check(1, [3, 4, 5], [4, 4, 5]);
        assert!(matches!(
            refused,
            Err(ObjectiveError::Layer(LayerError::NetworkChannels {
                expected: 3,
                found: 4
            }))
        ));
        // What reads the image alone asks nothing of the network.
        assert!(net.total_variation().check(1, [4, 4, 5], [4, 4, 5]).is_ok());
    });
}

#[test]
fn the_gradients_are_those_of_finite_differences() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let (picture, _) = photograph(4, 5);
        let at = Array::noise([2, 3, 4, 5], 4);
        let picture = || Arc::clone(&picture);
        let layers = [PIXELS, TWICE];
        let differences = [Difference::Absolute, Difference::Squared];
        let [content, content_squared] =
            differences.map(|how| net.activation_difference(picture(), &layers, how));
        let [style, style_squared] = differences.map(|how| net.style(picture(), &layers, how));
        for (name, objective) in [
            ("caricature", net.caricature(picture(), PIXELS, 2.0)),
            ("content", content),
            ("content, squared", content_squared),
            ("style", style),
            ("style, squared", style_squared),
            ("input_diff", Ok(net.input_diff(picture()))),
        ] {
            let what = format!("{name} on {backend}");
            assert_right_gradient(&what, &objective.expect(name), &at, device);
        }
    });
}
