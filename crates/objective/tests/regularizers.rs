//! Objectives about the image alone, against their formulas pixel by pixel, of any number of
//! channels. On every backend compiled in.

mod common;

use common::{Pixels, assert_right_gradient, assert_value, on_devices, value};
use oneiric_objective::{ObjectiveError, Objectives};
use oneiric_testkit::Array;

/// A pixel less the mean of its neighborhood in a square of that side (rim 0.5, inside 1).
fn less_blur(image: &Array, [n, c, y, x]: [usize; 4], side: usize) -> f64 {
    let [height, width] = [image.shape[2], image.shape[3]];
    let reach = side / 2;
    let (mut sum, mut weights) = (0.0, 0.0);
    for v in y.saturating_sub(reach)..(y + reach + 1).min(height) {
        for u in x.saturating_sub(reach)..(x + reach + 1).min(width) {
            let is_rim = v.abs_diff(y) == reach || u.abs_diff(x) == reach;
            let weight = if is_rim { 0.5 } else { 1.0 };
            sum += weight * f64::from(image.at(&[n, c, v, u]));
            weights += weight;
        }
    }
    f64::from(image.at(&[n, c, y, x])) - sum / weights
}

fn places(image: &Array) -> impl Iterator<Item = [usize; 4]> {
    let [n, c, h, w] = [0, 1, 2, 3].map(|axis| image.shape[axis]);
    (0..n * c * h * w).map(move |i| [i / (c * h * w), i / (h * w) % c, i / w % h, i % w])
}

#[test]
fn any_number_of_channels_is_regularized() {
    on_devices(|backend, device| {
        for channels in [1, 2, 3, 4, 7] {
            let net = Pixels::new(channels, device);
            let image = Array::noise([2, channels, 5, 6], 3);
            let at = |n, c, y, x| f64::from(image.at(&[n, c, y, x]));
            let (mut variation, mut l1, mut squares, mut blur) = (0.0, 0.0, [0.0; 2], 0.0);
            for [n, c, y, x] in places(&image) {
                let here = at(n, c, y, x);
                if y > 0 {
                    variation += (here - at(n, c, y - 1, x)).abs();
                }
                if x > 0 {
                    variation += (here - at(n, c, y, x - 1)).abs();
                }
                l1 += (here - 0.25).abs();
                squares[n] += (here - 0.25).powi(2);
                blur += 0.5 * less_blur(&image, [n, c, y, x], 3).powi(2);
            }
            let l2: f64 = squares.iter().map(|sum| (sum + 1e-6).sqrt()).sum();
            let what = |name| format!("{name} of {channels} channels on {backend}");
            for (name, objective, expected) in [
                ("total variation", net.total_variation(), variation),
                ("l1", net.l1(0.25), l1),
                ("l2", net.l2(0.25), l2),
                ("blur", net.blur(), blur),
            ] {
                assert_value(&what(name), value(&objective, &image, device), expected);
                let image = [channels, 5, 6];
                assert!(objective.check(2, image, image).is_ok());
            }
        }
    });
}

#[test]
fn norms_of_ones_by_hand() {
    on_devices(|backend, device| {
        let net = Pixels::new(3, device);
        let ones = Array::new([1, 3, 4, 4], vec![1.0; 48]);
        let at = |objective| value(&objective, &ones, device);
        assert_value(backend, at(net.l1(0.0)), 48.0);
        assert_value(backend, at(net.l1(1.0)), 0.0);
        assert_value(backend, at(net.l2(0.0)), 48.0_f64.sqrt());
        assert_value(backend, at(net.l2(1.0)), 1e-3);
        assert_value(backend, at(net.total_variation()), 0.0);
        assert_value(backend, at(net.blur()), 0.0);
        // Twelve pixels in each channel lie at the boundary, half from gray.
        assert_value(backend, at(net.penalize_boundary(1)), -36.0 * 0.8 * 0.25);
    });
}

#[test]
fn a_boundary_is_penalized_as_far_as_it_reaches() {
    on_devices(|backend, device| {
        let net = Pixels::new(2, device);
        let image = Array::noise([2, 2, 6, 8], 3);
        for width in [0, 1, 2, 3, 4, 50] {
            let mut expected = 0.0;
            for [n, c, y, x] in places(&image) {
                let from_edge = y.min(5 - y).min(x).min(7 - x);
                if from_edge < width {
                    let gray = f64::from(image.at(&[n, c, y, x])) - 0.5;
                    let uneven = less_blur(&image, [n, c, y, x], 5);
                    expected -= uneven.powi(2) + 0.8 * gray.powi(2);
                }
            }
            let objective = net.penalize_boundary(width);
            let what = format!("width {width} on {backend}");
            assert_value(&what, value(&objective, &image, device), expected);
        }
        let at = Array::noise([1, 2, 6, 8], 5);
        assert_right_gradient(backend, &net.penalize_boundary(2), &at, device);
    });
}

#[test]
fn the_alpha_channel_is_blurred_alone() {
    on_devices(|backend, device| {
        let net = Pixels::new(4, device);
        let image = Array::noise([2, 4, 5, 6], 3);
        let alpha = places(&image).filter(|place| place[1] == 3);
        let expected: f64 = alpha
            .map(|place| 0.5 * less_blur(&image, place, 3).powi(2))
            .sum();
        let objective = net.blur_alpha();
        assert_value(backend, value(&objective, &image, device), expected);
        assert!(objective.check(1, [4, 5, 6], [3, 5, 6]).is_ok());
        let refused = objective.check(1, [3, 5, 6], [3, 5, 6]);
        assert!(matches!(
            refused,
            Err(ObjectiveError::NoAlpha { channels: 3 })
        ));
    });
}
