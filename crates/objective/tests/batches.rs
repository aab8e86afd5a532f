//! Objectives about the images of a batch together, by hand and against double loops. On every
//! backend compiled in.

mod common;

use common::{PIXELS, Pixels, TWICE, assert_right_gradient, assert_value, on_devices, value};
use oneiric_objective::{ObjectiveError, Objectives};
use oneiric_testkit::Array;

/// Images of 2x3 pixels, each channel of one value: `values[image][channel]`.
fn plain(values: &[&[f32]]) -> Array {
    let channels = values[0].len();
    let values = values.iter().flat_map(|image| image.iter());
    let values: Vec<f32> = values.flat_map(|v| [*v; 6]).collect();
    let images = values.len() / (6 * channels);
    Array::new([images, channels, 2, 3], values)
}

#[test]
fn a_batch_goes_from_one_channel_to_another() {
    on_devices(|backend, device| {
        let net = Pixels::new(2, device);
        let objective = net
            .channel_interpolate(PIXELS, 0, TWICE, 1)
            .expect("channels");
        let at = |values: &[&[f32]]| value(&objective, &plain(values), device);
        // Weights 0, 1/2 and 1 of the second channel, which is twice as bright there.
        let three = at(&[&[1.0, 10.0], &[2.0, 20.0], &[4.0, 40.0]]);
        assert_value(backend, three, 1.0 + (0.5 * 2.0 + 0.5 * 40.0) + 80.0);
        assert_value(backend, at(&[&[1.0, 10.0], &[2.0, 20.0]]), 1.0 + 40.0);
        assert_value(backend, at(&[&[3.0, 10.0]]), 3.0);
        let same = net
            .channel_interpolate(PIXELS, 1, PIXELS, 1)
            .expect("channels");
        let images = plain(&[&[0.0, 1.0], &[0.0, 2.0], &[0.0, 4.0]]);
        assert_value(backend, value(&same, &images, device), 7.0);
        assert!(net.channel_interpolate(PIXELS, 0, TWICE, 2).is_err());
        assert!(net.channel_interpolate(PIXELS, 2, TWICE, 0).is_err());
    });
}

#[test]
fn neighbors_are_aligned_four_apart_at_most() {
    on_devices(|backend, device| {
        let net = Pixels::new(1, device);
        let at = |decay, values: &[&[f32]]| {
            let objective = net.alignment(PIXELS, decay).expect("a decay");
            value(&objective, &plain(values), device)
        };
        // 1 and 2 apart: (1 + 4) / 2 + 9 / 4.
        assert_value(backend, at(2.0, &[&[0.0], &[1.0], &[3.0]]), -4.75);
        assert_value(backend, at(1.0, &[&[0.0], &[1.0], &[3.0]]), -14.0);
        assert_value(backend, at(2.0, &[&[1.0], &[1.0], &[1.0]]), 0.0);
        assert_value(backend, at(2.0, &[&[5.0]]), 0.0);
        // Only the first of six is bright: the last is five away and does not count.
        let first: [&[f32]; 6] = [&[1.0], &[0.0], &[0.0], &[0.0], &[0.0], &[0.0]];
        let expected = 0.5 + 0.25 + 0.125 + 0.0625;
        assert_value(backend, at(2.0, &first), -expected);
        for decay in [0.0, -1.0, f32::NAN] {
            let refused = net.alignment(PIXELS, decay);
            assert!(matches!(refused, Err(ObjectiveError::Setting(_))));
        }
    });
}

#[test]
fn diversity_is_nothing_for_images_with_nothing_in_common() {
    on_devices(|backend, device| {
        let net = Pixels::new(2, device);
        let objective = net.diversity(PIXELS).expect("a layer");
        let at = |values: &[&[f32]]| value(&objective, &plain(values), device);
        // Equal up to brightness: every other one counts 1.
        assert_value(backend, at(&[[1.0, 1.0].as_slice(); 4]), 3.0);
        assert_value(backend, at(&[&[1.0, 2.0], &[2.0, 4.0]]), 1.0);
        assert_value(backend, at(&[&[1.0, 0.0], &[0.0, 1.0]]), 0.0);
        // Gram matrices (1 0; 0 0) and (1 1; 1 1) / 2: their product is 1/2.
        assert_value(backend, at(&[&[1.0, 0.0], &[3.0, 3.0]]), 0.5);
        assert_value(backend, at(&[&[1.0, 2.0]]), 0.0);
        assert_value(backend, at(&[&[0.0, 0.0], &[0.0, 0.0]]), 0.0);
    });
}

#[test]
fn diversity_is_its_double_loop() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let at = Array::noise([4, 3, 5, 2], 3);
        let grams: Vec<Vec<f64>> = (0..4)
            .map(|item| {
                let value = |c, p: usize| f64::from(at.at(&[item, c, p / 2, p % 2]));
                let entry = |i: usize| (0..10).map(|p| value(i / 3, p) * value(i % 3, p)).sum();
                let gram: Vec<f64> = (0..9).map(entry).collect();
                let norm = gram.iter().map(|v| v * v).sum::<f64>().sqrt();
                gram.into_iter().map(|v| v / norm).collect()
            })
            .collect();
        let mut expected = 0.0;
        for (i, one) in grams.iter().enumerate() {
            for (j, other) in grams.iter().enumerate() {
                if i != j {
                    expected += one.iter().zip(other).map(|(a, b)| a * b).sum::<f64>() / 4.0;
                }
            }
        }
        let objective = net.diversity(PIXELS).expect("a layer");
        assert_value(backend, value(&objective, &at, device), expected);
    });
}

#[test]
fn the_gradients_are_those_of_finite_differences() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let at = Array::noise([4, 3, 4, 3], 4);
        for (name, objective) in [
            ("interpolate", net.channel_interpolate(PIXELS, 0, TWICE, 2)),
            ("alignment", net.alignment(PIXELS, 2.0)),
            ("diversity", net.diversity(PIXELS)),
        ] {
            let what = format!("{name} on {backend}");
            assert_right_gradient(&what, &objective.expect(name), &at, device);
        }
    });
}
