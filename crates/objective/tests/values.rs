//! Each objective against numbers by hand, its gradient against finite differences. On every
//! backend compiled in.

mod common;

use common::{LAYER, acts, assert_value, everywhere, images, value};
use oneiric_model::ReluGradient;
use oneiric_objective::{LayerError, Objective, ObjectiveError, Objectives};
use oneiric_testkit::{Array, assert_gradient};

fn planes(acts: &Array) -> (usize, usize, usize, usize) {
    (acts.shape[0], acts.shape[1], acts.shape[2], acts.shape[3])
}

#[test]
fn a_channel_is_its_mean() {
    everywhere(|backend, net, device| {
        let acts = acts(net, LAYER, &images(2));
        let (n, _, h, w) = planes(&acts);
        let mut sum = 0.0;
        for item in 0..n {
            for y in 0..h {
                for x in 0..w {
                    sum += f64::from(acts.at(&[item, 3, y, x]));
                }
            }
        }
        let objective = net.channel(LAYER, 3).expect("a channel");
        let expected = sum / (n * h * w) as f64;
        assert!(expected > 0.0);
        assert_value(backend, value(&objective, &images(2), device), expected);
    });
}

#[test]
fn a_neuron_is_one_position_x_the_column_and_y_the_row() {
    everywhere(|backend, net, device| {
        let acts = acts(net, "mixed3b_pre_relu", &images(2));
        let (_, _, h, w) = planes(&acts);
        assert_ne!(h, w, "a map that is not square tells x from y");
        let mean = |y, x| f64::from(acts.at(&[0, 2, y, x]) + acts.at(&[1, 2, y, x])) / 2.0;
        let center = net.neuron("mixed3b_pre_relu", 2).expect("a channel");
        assert_value(
            backend,
            value(&center, &images(2), device),
            mean(h / 2, w / 2),
        );
        let corner = net
            .neuron_at("mixed3b_pre_relu", 2, w - 1, 0)
            .expect("a channel");
        assert_value(backend, value(&corner, &images(2), device), mean(0, w - 1));
        assert!(corner.check(1, [3, 40, 48], [3, 40, 48]).is_ok());
        let outside = net
            .neuron_at("mixed3b_pre_relu", 2, 0, h)
            .expect("a channel");
        let refused = outside.check(1, [3, 40, 48], [3, 40, 48]);
        assert!(
            matches!(refused, Err(ObjectiveError::Layer(LayerError::Position { y, .. })) if y == h)
        );
    });
}

#[test]
fn deepdream_is_the_mean_square() {
    everywhere(|backend, net, device| {
        let acts = acts(net, LAYER, &images(1));
        let expected = acts.dot(&acts) / acts.values.len() as f64;
        let objective = net.deepdream(LAYER).expect("a layer");
        assert_value(backend, value(&objective, &images(1), device), expected);
    });
}

#[test]
fn a_direction_is_its_formula() {
    everywhere(|backend, net, device| {
        let acts = acts(net, LAYER, &images(2));
        let (n, c, h, w) = planes(&acts);
        let v = Array::noise([c], 8).values;
        for power in [0.0_f32, 1.0, 2.5] {
            let mut sum = 0.0;
            for item in 0..n {
                for y in 0..h {
                    for x in 0..w {
                        let column: Vec<f64> = (0..c)
                            .map(|k| f64::from(acts.at(&[item, k, y, x])))
                            .collect();
                        let dot: f64 = column.iter().zip(&v).map(|(a, b)| a * f64::from(*b)).sum();
                        let norm = column.iter().map(|a| a * a).sum::<f64>().sqrt();
                        let v_norm = v.iter().map(|a| f64::from(a * a)).sum::<f64>().sqrt();
                        let cosine = dot / ((norm + 1e-4) * (v_norm + 1e-4));
                        let factor = if power == 0.0 {
                            1.0
                        } else {
                            cosine.max(0.1).powf(f64::from(power))
                        };
                        sum += dot * factor;
                    }
                }
            }
            let objective = net.direction(LAYER, v.clone(), power).expect("a direction");
            let what = format!("{backend}, power {power}");
            let expected = sum / (n * h * w) as f64;
            assert_value(&what, value(&objective, &images(2), device), expected);
        }
    });
}

#[test]
fn the_gradient_of_a_direction_is_finite_where_all_units_are_dead() {
    everywhere(|backend, net, device| {
        // The mean color and no biases: every activation is exactly 0.
        let black = Array::new([1, 3, 40, 40], vec![117.0 / 255.0; 3 * 1600]);
        let image = black.tensor::<4>(device).autodiff().require_grad();
        let objective = net
            .direction(LAYER, vec![1.0; 16], 2.0)
            .expect("a direction");
        let activations = objective.forward(&image, ReluGradient::Plain);
        let mut gradients = objective
            .value(&image, &activations)
            .expect("one number")
            .backward();
        let gradient = Array::of(image.grad_remove(&mut gradients).expect("a gradient"));
        assert!(gradient.values.iter().all(|v| v.is_finite()), "{backend}");
    });
}

#[test]
fn a_class_is_the_sum_of_its_logits_over_the_batch() {
    everywhere(|backend, net, device| {
        let logits = acts(net, "logits", &images(2));
        let expected = f64::from(logits.at(&[0, 4, 0, 0]) + logits.at(&[1, 4, 0, 0]));
        let objective = net.class_logit(4).expect("a class");
        assert_value(backend, value(&objective, &images(2), device), expected);
        let labels = (0..10).map(|class| format!("label {class}")).collect();
        let labeled = net.clone().with_labels(labels).expect("one each");
        let objective = labeled.class_logit("Label 4").expect("a label");
        assert_value(backend, value(&objective, &images(2), device), expected);
    });
}

#[test]
fn regularizers_by_hand() {
    // Two images of 2x3 pixels in three channels, only the first channel not gray.
    let mut values = vec![0.5; 2 * 3 * 6];
    values[..6].copy_from_slice(&[0.0, 1.0, 0.5, 0.25, 0.5, 0.5]);
    let images = Array::new([2, 3, 2, 3], values);
    everywhere(|backend, net, device| {
        let check = |what: &str, objective: Objective, expected: f64| {
            assert_value(
                &format!("{backend} {what}"),
                value(&objective, &images, device),
                expected,
            );
        };
        // Right: 1 + .5 + .25 + 0; down: .25 + .5 + 0.
        check("total variation", net.total_variation(), 2.5);
        check("l1", net.l1(0.5), 0.5 + 0.5 + 0.25);
        check("l1 about 0", net.l1(0.0), 2.75 + 5.0 * 6.0 * 0.5);
        let second = (1e-6_f64).sqrt();
        check(
            "l2",
            net.l2(0.5),
            (1e-6 + 0.25 + 0.25 + 0.0625_f64).sqrt() + second,
        );
        // All pixels neighbor all in a 2x2 half: by the definition, weights 1 and 0.5.
        let pixel = |y: usize, x: usize| -> f64 { [[0.0, 1.0, 0.5], [0.25, 0.5, 0.5]][y][x] };
        let mut expected = 0.0;
        for y in 0..2 {
            for x in 0..3_usize {
                let (mut sum, mut weights) = (0.0, 0.0);
                for v in 0..2 {
                    for u in x.saturating_sub(1)..(x + 2).min(3) {
                        let weight = if (v, u) == (y, x) { 1.0 } else { 0.5 };
                        sum += weight * pixel(v, u);
                        weights += weight;
                    }
                }
                expected += 0.5 * (pixel(y, x) - sum / weights).powi(2);
            }
        }
        check("blur", net.blur(), expected);
    });
}

#[test]
fn a_flat_image_has_no_variation_and_a_single_pixel_neither() {
    everywhere(|_, net, device| {
        for (h, w) in [(5, 4), (1, 1), (1, 3)] {
            let flat = Array::new([1, 3, h, w], vec![0.3; 3 * h * w]);
            assert_eq!(value(&net.total_variation(), &flat, device), 0.0);
            assert!(value(&net.blur(), &flat, device).abs() < 1e-9);
        }
    });
}

#[test]
fn every_objective_has_the_gradient_of_finite_differences() {
    everywhere(|backend, net, device| {
        // The layer "input" is the image times 255 less the mean: no ReLU or maximum switches.
        let direction = Array::noise([3], 8).values;
        let objectives = [
            ("channel", net.channel("input", 1)),
            ("neuron", net.neuron_at("input", 2, 2, 1)),
            ("deepdream", net.deepdream("input")),
            ("direction", net.direction("input", direction, 2.0)),
            ("total variation", Ok(net.total_variation())),
            ("l1", Ok(net.l1(0.4))),
            ("l2", Ok(net.l2(0.4))),
        ];
        for (name, objective) in objectives {
            let objective = objective.expect(name);
            // Small, so that little is lost where a sum over all pixels is differenced.
            let at = Array::noise([1, 3, 6, 7], 4);
            assert_gradient(&format!("{name} on {backend}"), &at, 1e-3, device, |x| {
                let activations = objective.forward(&x, ReluGradient::Plain);
                objective.value(&x, &activations).expect("one number")
            });
        }
    });
}

#[test]
fn blur_moves_the_image_towards_its_blur() {
    everywhere(|backend, net, device| {
        // The gradient is x - blur(x): a single bright pixel is pulled down, its neighbors up.
        let mut values = vec![0.0; 3 * 25];
        values[12] = 1.0;
        let image = Array::new([1, 3, 5, 5], values)
            .tensor::<4>(device)
            .autodiff()
            .require_grad();
        let objective = net.blur();
        let activations = objective.forward(&image, ReluGradient::Plain);
        let mut gradients = objective
            .value(&image, &activations)
            .expect("one number")
            .backward();
        let gradient = Array::of(image.grad_remove(&mut gradients).expect("a gradient"));
        assert!(
            (gradient.values[12] - (1.0 - 1.0 / 5.0)).abs() < 1e-6,
            "{backend}"
        );
        assert!((gradient.values[11] + 0.5 / 5.0).abs() < 1e-6, "{backend}");
    });
}
