//! Transforms that change the size or the visible part of an image, compared with values worked out
//! by hand, slow versions and cases of other libraries.

mod common;

use common::{apply, apply_at, counting, rng, statistics};
use oneiric_testkit::{Array, Tolerance, assert_close, devices};
use oneiric_transform::{
    Border, CropOrPad, Jitter, Pad, RandomCrop, RandomRotate, RandomScale, Resize, Transform,
    TransformContext, TransformError, Transforms,
};

fn ones(h: usize, w: usize) -> Array {
    Array::new([1, 3, h, w], vec![1.0; 3 * h * w])
}

fn planes(plane: &[f32], h: usize, w: usize) -> Array {
    Array::new([1, 3, h, w], plane.repeat(3))
}

/// The cases of lucent's `tests/optvis/test_transform.py`.
#[test]
fn lucents_cases_hold() {
    let cases: [(Box<dyn Transform>, Array, Array); 6] = [
        (
            Box::new(Pad::new(1).border(Border::Reflect)),
            ones(2, 2),
            ones(4, 4),
        ),
        (
            Box::new(Pad::new(1)),
            ones(2, 2),
            planes(
                &[
                    0.5, 0.5, 0.5, 0.5, 0.5, 1.0, 1.0, 0.5, 0.5, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5,
                ],
                4,
                4,
            ),
        ),
        // lucent pads with black to the size before.
        (
            Box::new(
                Transforms::none()
                    .then(RandomScale::new(vec![0.33]))
                    .then(CropOrPad::new(3, 3).fill(0.0)),
            ),
            ones(3, 3),
            planes(&[0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0], 3, 3),
        ),
        (
            Box::new(RandomScale::new(vec![2.0])),
            ones(1, 1),
            ones(2, 2),
        ),
        (
            Box::new(RandomRotate::new(vec![90.0]).fill(0.0)),
            planes(&[0.0, 1.0, 0.0, 1.0], 2, 2),
            planes(&[1.0, 1.0, 0.0, 0.0], 2, 2),
        ),
        (
            Box::new(RandomRotate::new(vec![90.0]).fill(0.0)),
            planes(&[0.0, 0.0, 1.0].repeat(3), 3, 3),
            planes(&[1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], 3, 3),
        ),
    ];
    for (transform, image, expected) in &cases {
        for (backend, view) in apply(transform.as_ref(), image, 0) {
            let what = format!("{backend} {transform:?}");
            assert_close(&what, &view, expected, Tolerance::ARITHMETIC);
        }
    }
}

/// In Lucid `pad(w)` makes both sides larger by 2 w, and `jitter(d)` makes them smaller by d.
#[test]
fn lucids_sizes_hold() {
    let image = counting(7, 5);
    for by in [0, 1, 3] {
        let smaller = [7, 5].map(|n| n - by);
        let larger = [7, 5].map(|n| n + 2 * by);
        for (_, view) in apply(&Jitter::new(by), &image, 1) {
            assert_eq!(view.shape[2..], smaller);
        }
        let borders = [
            Border::Value(0.5),
            Border::Reflect,
            Border::RandomGray,
            Border::RandomColor,
        ];
        for border in borders {
            for (_, view) in apply(&Pad::new(by).border(border), &image, 1) {
                assert_eq!(view.shape[2..], larger);
            }
        }
    }
}

/// The slow mirror: the pixel reached after `at` steps to and fro.
fn walked(at: usize, by: usize, n: usize) -> usize {
    // Starts at pixel `by` of the image, walks back to the first one, on to the last one, and back
    // again.
    let (mut place, mut back) = (by, true);
    for _ in 0..at {
        if place == 0 {
            back = false;
        } else if place == n - 1 {
            back = true;
        }
        place = if back { place - 1 } else { place + 1 };
    }
    place
}

#[test]
fn a_reflected_border_is_the_image_mirrored() {
    // NumPy: np.pad([0, 1, 2], 2, mode="reflect").
    let row = Array::new([1, 1, 3, 3], [0.0, 1.0, 2.0].repeat(3));
    for (_, view) in apply(&Pad::new(2).border(Border::Reflect), &row, 0) {
        assert_eq!(view.values[..7], [2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 0.0]);
    }
    for ([h, w], by) in [([4, 3], 2), ([5, 9], 4), ([1, 1], 0), ([2, 8], 1)] {
        let image = Array::noise([2, 3, h, w], 1);
        for (backend, view) in apply(&Pad::new(by).border(Border::Reflect), &image, 0) {
            let [height, width] = [h, w].map(|n| n + 2 * by);
            assert_eq!(view.shape, [2, 3, height, width]);
            for at in 0..view.values.len() {
                let (plane, y, x) = (at / (height * width), at / width % height, at % width);
                let [y, x] = [walked(y, by, h), walked(x, by, w)];
                let expected = image.at(&[plane / 3, plane % 3, y, x]);
                assert_eq!(view.values[at], expected, "{backend} {h}x{w} by {by}");
            }
        }
    }
}

#[test]
fn what_an_image_is_too_small_to_mirror_is_refused() {
    for (by, size) in [(3, [3, 9]), (4, [9, 3]), (1, [1, 1])] {
        let pad = Pad::new(by).border(Border::Reflect);
        let error = pad.smallest_output(size).expect_err("refused");
        assert!(matches!(error, TransformError::Reflection { .. }));
        let larger = size.map(|n| n.max(by + 1));
        assert_eq!(
            pad.smallest_output(larger).expect("fits"),
            larger.map(|n| n + 2 * by)
        );
    }
}

#[test]
fn a_random_border_is_even_and_another_each_step() {
    let image = Array::noise([2, 3, 3, 4], 1);
    for (border, of_channels) in [(Border::RandomGray, 1), (Border::RandomColor, 3)] {
        let mut grays = Vec::new();
        for seed in 0..40 {
            for (_, view) in apply(&Pad::new(2).border(border), &image, seed) {
                let mut colors = std::collections::BTreeSet::new();
                for at in 0..view.values.len() {
                    let (plane, y, x) = (at / 56, at / 8 % 7, at % 8);
                    let (n, c, value) = (plane / 3, plane % 3, view.values[at]);
                    if (2..5).contains(&y) && (2..6).contains(&x) {
                        assert_eq!(value, image.at(&[n, c, y - 2, x - 2]));
                    } else {
                        assert_eq!(value, view.at(&[0, c, 0, 0]));
                        assert!((0.0..=1.0).contains(&value));
                        colors.insert(value.to_bits());
                    }
                }
                assert_eq!(colors.len(), of_channels);
                grays.push(view.values[0]);
            }
        }
        let [mean, sd] = statistics(&grays);
        // Uniform in 0..1: mean 1/2, standard deviation sqrt(1/12), within four standard errors.
        assert!((mean - 0.5).abs() < 0.18, "{mean}");
        assert!((sd - 0.289).abs() < 0.1, "{sd}");
    }
}

#[test]
fn resizing_is_pytorchs_antialiased_bilinear_interpolation() {
    let image = vec![
        0., 1., 2., 3., 4., 5., 6., 7., 3., 1., 0., 2., 4., 8., 5., 5., 1., 9., 2., 0., 3.,
    ];
    let image = Array::new([1, 1, 3, 7], image);
    // torch 2.11.0 in float64: F.interpolate(image, size, mode="bilinear", antialias=True).
    let cases = [
        (
            [2, 3],
            vec![2.035714, 2.294118, 5.089286, 4.089286, 3.360294, 2.8125],
        ),
        (
            [4, 3],
            vec![
                0.857143, 3.0, 5.142857, 2.821429, 1.823529, 5.053571, 4.053571, 2.463235, 3.6875,
                4.142857, 4.705882, 1.5,
            ],
        ),
    ];
    for ([height, width], expected) in cases {
        let expected = Array::new([1, 1, height, width], expected);
        for (backend, view) in apply(&Resize::new(width, height), &image, 0) {
            assert_close(&backend, &view, &expected, Tolerance::ARITHMETIC);
        }
    }
}

/// The slow resize in f64: every pixel of the result by its triangle over every pixel of the image.
fn resized(image: &Array, size: [usize; 2]) -> Array {
    let [n, c, h, w] = image.shape[..] else {
        panic!("{:?}", image.shape);
    };
    let weight = |to: usize, from: usize, input: usize, output: usize| {
        let ratio = input as f64 / output as f64;
        // Beyond the outermost centers the border pixels are repeated.
        let center = ((to as f64 + 0.5) * ratio).clamp(0.5, input as f64 - 0.5);
        let center = if ratio > 1.0 {
            (to as f64 + 0.5) * ratio
        } else {
            center
        };
        (1.0 - (from as f64 + 0.5 - center).abs() / ratio.max(1.0)).max(0.0)
    };
    let mut values = Vec::new();
    for at in 0..n * c * size[0] * size[1] {
        let (plane, at) = (at / (size[0] * size[1]), at % (size[0] * size[1]));
        let (mut sum, mut weights) = (0.0, 0.0);
        for y in 0..h {
            for x in 0..w {
                let row = weight(at / size[1], y, h, size[0]);
                let weight = row * weight(at % size[1], x, w, size[1]);
                sum += weight * f64::from(image.at(&[plane / c, plane % c, y, x]));
                weights += weight;
            }
        }
        values.push((sum / weights) as f32);
    }
    Array::new([n, c, size[0], size[1]], values)
}

#[test]
fn resizing_is_a_mean_over_triangles() {
    for (from, to) in [
        ([6, 5], [6, 5]),
        ([6, 5], [11, 5]),
        ([6, 5], [13, 9]),
        ([6, 5], [2, 3]),
        ([6, 5], [1, 1]),
        ([9, 4], [3, 7]),
        ([1, 1], [4, 3]),
        ([17, 1], [5, 1]),
    ] {
        let image = Array::noise([2, 2, from[0], from[1]], 1);
        for (backend, view) in apply(&Resize::new(to[1], to[0]), &image, 0) {
            let what = format!("{backend} {from:?} {to:?}");
            assert_close(&what, &view, &resized(&image, to), Tolerance::ARITHMETIC);
        }
    }
}

#[test]
fn shrinking_does_not_alias() {
    // Every other column is white: gray from afar, although a single pixel is black or white. A
    // triangle that the border cuts covers one more column of one kind.
    let stripes = Array::new([1, 1, 48, 48], [0.0, 1.0].repeat(24 * 48));
    for (backend, view) in apply(&Resize::new(5, 7), &stripes, 0) {
        let gray = Array::new([1, 1, 7, 5], vec![0.5; 35]);
        assert_close(&backend, &view, &gray, Tolerance::OfLargest(0.05));
    }
}

#[test]
fn cropping_or_padding_keeps_the_center() {
    // 3 rows of 4, to 4 rows of 2: the odd row is added below.
    let expected = vec![1.0, 2.0, 5.0, 6.0, 9.0, 10.0, 0.25, 0.25];
    let expected = Array::new([1, 1, 4, 2], expected);
    for (_, view) in apply(&CropOrPad::new(2, 4).fill(0.25), &counting(3, 4), 0) {
        assert_eq!(view, expected);
    }
    // To 1 row of 7: the odd column is added on the right.
    let expected = vec![0.5, 4.0, 5.0, 6.0, 7.0, 0.5, 0.5];
    let expected = Array::new([1, 1, 1, 7], expected);
    for (_, view) in apply(&CropOrPad::new(7, 1), &counting(3, 4), 0) {
        assert_eq!(view, expected);
    }
    // To 2 rows of 3: the odd row is cropped at the bottom, the odd column on the right.
    let expected = Array::new([1, 1, 2, 3], vec![0.0, 1.0, 2.0, 4.0, 5.0, 6.0]);
    for (_, view) in apply(&CropOrPad::new(3, 2), &counting(3, 4), 0) {
        assert_eq!(view, expected);
    }
    let image = counting(3, 4);
    for (_, view) in apply(&CropOrPad::new(4, 3), &image, 0) {
        assert_eq!(view, image);
    }
}

/// Crops of this share around the center.
fn fixed(share: f32) -> RandomCrop {
    let crop = RandomCrop::new().shares(share, share);
    crop.share_sd(0.0).center_sd(0.0)
}

#[test]
fn a_crop_without_chance_is_the_center() {
    // The middle 4x2 pixels of an image of 8x4.
    let image = Array::new([1, 1, 8, 4], (0..32).map(|v| v as f32).collect());
    let rows: Vec<f32> = (2..6)
        .flat_map(|y| [1, 2].map(|x| (4 * y + x) as f32))
        .collect();
    for (backend, view) in apply(&fixed(0.5).size(2, 4), &image, 0) {
        let expected = Array::new([1, 1, 4, 2], rows.clone());
        assert_close(&backend, &view, &expected, Tolerance::ARITHMETIC);
    }
    // A crop of the whole image changes nothing.
    for (backend, view) in apply(&fixed(1.0), &image, 0) {
        assert_close(&backend, &view, &image, Tolerance::ARITHMETIC);
    }
}

#[test]
fn a_crop_ends_between_pixels() {
    // A share of 0.3 of 10 columns around the center covers 3.5 to 6.5. Two pixels are read at 4.25
    // and 5.75 from the left edge, which is 3.75 and 5.25 from the first center. Rows are read
    // alike, and count a tenth of a column.
    let values = (0..100).map(|at| (at % 10) as f32 + (at / 10) as f32 / 10.0);
    let image = Array::new([1, 1, 10, 10], values.collect());
    let expected = Array::new([1, 1, 2, 2], vec![4.125, 5.625, 4.275, 5.775]);
    for (backend, view) in apply(&fixed(0.3).size(2, 2), &image, 0) {
        assert_close(&backend, &view, &expected, Tolerance::ARITHMETIC);
    }
}

/// Two channels that hold the row and the column of each pixel's center, in sides of the image.
fn places(n: usize) -> Array {
    let place = |at: usize| (at as f32 + 0.5) / n as f32;
    let rows = (0..n * n).map(|at| place(at / n));
    let columns = (0..n * n).map(|at| place(at % n));
    Array::new([1, 2, n, n], rows.chain(columns).collect())
}

#[test]
fn crops_shrink_in_the_course_of_a_run() {
    let crop = RandomCrop::new().share_sd(0.0).size(2, 2);
    for (progress, share) in [(0.0, 0.5), (0.25, 0.3875), (0.5, 0.275), (1.0, 0.05)] {
        for seed in 0..10 {
            for (backend, view) in apply_at(progress, &crop, &places(64), seed) {
                // The result holds the centers of two halves.
                let apart = [
                    view.values[2] - view.values[0],
                    view.values[5] - view.values[4],
                ];
                for apart in apart {
                    let found = 2.0 * apart;
                    // A box at the edge ends at the outermost center, half a pixel too early.
                    assert!(
                        (found - share).abs() < 0.01,
                        "{backend} {progress}: {found}"
                    );
                }
            }
        }
    }
}

#[test]
fn crops_lie_inside_about_the_center() {
    // A single pixel reads the center of its box.
    let (mut centers, mut shares) = (Vec::new(), Vec::new());
    let (image, device) = (places(64), devices().remove(0).1);
    let image = image.tensor::<4>(&device);
    let mut rng = rng(1);
    for _ in 0..2000 {
        let mut context = TransformContext::new(&mut rng).at(1.0);
        let small = RandomCrop::new().share_sd(0.0).size(1, 1);
        let view = Array::of(small.apply(image.clone(), &mut context));
        assert!(
            view.values.iter().all(|c| (0.0249..=0.9751).contains(c)),
            "{view:?}"
        );
        centers.extend(view.values);
        let mut context = TransformContext::new(&mut rng).at(0.5);
        let varying = RandomCrop::new().center_sd(0.0).size(2, 1);
        let view = Array::of(varying.apply(image.clone(), &mut context));
        shares.push(2.0 * (view.values[3] - view.values[2]));
    }
    // Within four standard errors; few boxes are clamped.
    let [mean, sd] = statistics(&centers);
    assert!(
        (mean - 0.5).abs() < 0.01 && (sd - 0.15).abs() < 0.007,
        "{mean} {sd}"
    );
    let [mean, sd] = statistics(&shares);
    assert!(
        (mean - 0.275).abs() < 0.005 && (sd - 0.05).abs() < 0.004,
        "{mean} {sd}"
    );
}

#[test]
fn a_box_that_would_reach_out_is_moved_in() {
    let wild = RandomCrop::new().center_sd(50.0).share_sd(0.0);
    let (mut edges, mut sides) = (0, 0);
    for seed in 0..30 {
        for (backend, view) in apply(&wild.size(64, 64), &places(128), seed) {
            // Half of 128 pixels, read at 64 positions.
            let (rows, columns) = view.values.split_at(64 * 64);
            for values in [rows, columns] {
                let least = values.iter().copied().fold(1.0, f32::min);
                let most = values.iter().copied().fold(0.0, f32::max);
                sides += 1;
                assert!(
                    (most - least - 63.0 / 128.0).abs() < 1e-5,
                    "{backend} {least} {most}"
                );
                edges += usize::from(least < 0.004 || most > 0.996);
            }
        }
    }
    // Nearly all boxes end at the edge that they would have crossed.
    assert!(edges * 10 > sides * 9, "{edges} of {sides}");
}

#[test]
fn sizes_that_make_no_sense_are_refused() {
    let refused = |transform: &dyn Transform| {
        let error = transform.smallest_output([8, 8]).expect_err("refused");
        assert!(matches!(error, TransformError::Setting(_)), "{error}");
    };
    for (width, height) in [(0, 4), (4, 0), (usize::MAX, 4), (4, 16_385)] {
        refused(&Resize::new(width, height));
        refused(&CropOrPad::new(width, height));
        refused(&RandomCrop::new().size(width, height));
    }
    refused(&Pad::new(usize::MAX));
    refused(&Pad::new(20_000).border(Border::RandomGray));
    refused(&Pad::new(1).border(Border::Value(f32::NAN)));
    refused(&CropOrPad::new(4, 4).fill(-0.1));
    for bad in [0.0, -0.5, 1.01, 50.0, f32::NAN] {
        refused(&RandomCrop::new().shares(bad, 0.5));
        refused(&RandomCrop::new().shares(0.5, bad));
    }
    for bad in [-1.0, f32::INFINITY, f32::NAN] {
        refused(&RandomCrop::new().share_sd(bad));
        refused(&RandomCrop::new().center_sd(bad));
    }
}
