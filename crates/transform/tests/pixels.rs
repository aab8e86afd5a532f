//! Transforms that change values and keep the size, compared with values worked out by hand, slow
//! versions and statistics of random numbers.

mod common;

use common::{about_gray, apply, rng, statistics};
use oneiric_testkit::{Array, Tolerance, assert_close, devices};
use oneiric_transform::{
    ColorJitter, GaussianBlur, Noise, RandomBackground, RandomFlip, Transform, TransformContext,
    TransformError,
};

/// The slow blur in f64: every pixel is weighted by its distance from every other.
fn blurred(image: &Array, sigma: f64) -> Array {
    let [n, c, h, w] = image.shape[..] else {
        panic!("{:?}", image.shape);
    };
    let reach = (4.0 * sigma).ceil();
    let weight = |a: usize, b: usize| {
        let away = a.abs_diff(b) as f64;
        let inside = f64::from(u8::from(away <= reach));
        inside * (-away * away / (2.0 * sigma * sigma)).exp()
    };
    let mut values = Vec::new();
    for at in 0..n * c * h * w {
        let (plane, row, column) = (at / (h * w), at / w % h, at % w);
        let (mut sum, mut weights) = (0.0, 0.0);
        for y in 0..h {
            for x in 0..w {
                let weight = weight(row, y) * weight(column, x);
                sum += weight * f64::from(image.at(&[plane / c, plane % c, y, x]));
                weights += weight;
            }
        }
        values.push((sum / weights) as f32);
    }
    Array::new(image.shape.clone(), values)
}

#[test]
fn a_blur_is_a_gaussian_mean() {
    for (size, sigma) in [
        ([7, 9], 0.3),
        ([7, 9], 1.0),
        ([20, 6], 2.2),
        ([1, 5], 1.5),
        ([1, 1], 3.0),
        ([4, 4], 100.0),
        ([3, 4], 1e-3),
    ] {
        let image = Array::noise([2, 2, size[0], size[1]], 1);
        for (backend, view) in apply(&GaussianBlur::new(sigma), &image, 0) {
            let what = format!("{backend} {size:?} {sigma}");
            let expected = blurred(&image, f64::from(sigma));
            assert_close(&what, &view, &expected, Tolerance::ARITHMETIC);
        }
    }
    // One pixel by hand: with e = exp(-1/2), the share 1 / (1 + 2 e) stays with a reach of one.
    let mut pixel = Array::new([1, 1, 1, 3], vec![0.0, 1.0, 0.0]);
    for (_, view) in apply(&GaussianBlur::new(1.0), &pixel, 0) {
        let e = (-0.5_f32).exp();
        let (middle, side) = (1.0 / (1.0 + 2.0 * e), e / (1.0 + e + (-2.0_f32).exp()));
        pixel.values = vec![side, middle, side];
        assert_close("a pixel", &view, &pixel, Tolerance::ARITHMETIC);
    }
}

#[test]
fn no_blur_changes_nothing() {
    let image = Array::noise([1, 3, 5, 4], 1);
    for (_, view) in apply(&GaussianBlur::new(0.0), &image, 0) {
        assert_eq!(view, image);
    }
}

#[test]
fn a_blur_is_drawn_from_its_range() {
    let mut image = Array::new([1, 1, 21, 21], vec![0.0; 441]);
    image.values[220] = 1.0;
    let peak = |blur: GaussianBlur, seed| apply(&blur, &image, seed).remove(0).1.values[220];
    let [sharp, soft] = [0.5, 2.0].map(|sigma| peak(GaussianBlur::new(sigma), 0));
    let peaks: Vec<f32> = (0..40)
        .map(|seed| peak(GaussianBlur::between(0.5, 2.0), seed))
        .collect();
    assert!(peaks.iter().all(|peak| (soft..=sharp).contains(peak)));
    // Half of the sigmas are below 1.25.
    let middle = peak(GaussianBlur::new(1.25), 0);
    let below = peaks.iter().filter(|peak| **peak > middle).count();
    assert!((8..=32).contains(&below), "{below}");
}

#[test]
fn noise_has_its_deviation_and_is_the_same_for_every_image() {
    let gray = Array::new([2, 3, 40, 41], vec![0.5; 2 * 3 * 40 * 41]);
    let one_image = 3 * 40 * 41;
    let uniform = 0.09 / 3.0_f64.sqrt();
    for (noise, expected) in [
        (Noise::new(0.08), 0.08),
        (Noise::new(0.0).uniform(0.09), uniform),
        (Noise::new(0.08).uniform(0.09), 0.08_f64.hypot(uniform)),
    ] {
        for (backend, view) in apply(&noise, &gray, 3) {
            let (first, second) = view.values.split_at(one_image);
            assert_eq!(first, second);
            let [mean, sd] = statistics(first);
            // Four standard errors of 4920 draws.
            assert!((mean - 0.5).abs() < 0.06 * expected, "{backend} {mean}");
            assert!((sd / expected - 1.0).abs() < 0.041, "{backend} {sd}");
        }
    }
    for (_, view) in apply(&Noise::new(0.0).uniform(0.09), &gray, 3) {
        assert!(view.values.iter().all(|v| (v - 0.5).abs() <= 0.090_001));
    }
    for (_, view) in apply(&Noise::new(0.0), &gray, 3) {
        assert_eq!(view, gray);
    }
}

#[test]
fn noise_is_cut_unless_asked_otherwise() {
    let white = Array::new([1, 1, 20, 20], vec![1.0; 400]);
    for (_, cut) in apply(&Noise::new(0.2), &white, 1) {
        assert!(cut.values.iter().all(|v| (0.0..=1.0).contains(v)));
        for (_, whole) in apply(&Noise::new(0.2).clamped(false), &white, 1) {
            let above = whole.values.iter().filter(|v| **v > 1.0).count();
            assert!((150..250).contains(&above), "{above}");
            let clamped = whole.values.iter().map(|v| v.clamp(0.0, 1.0));
            assert_eq!(clamped.collect::<Vec<f32>>(), cut.values);
        }
    }
}

#[test]
fn a_flip_swaps_left_and_right_as_often_as_asked() {
    let image = Array::new([1, 2, 2, 3], (0..12).map(|v| v as f32).collect());
    let mirrored = vec![2., 1., 0., 5., 4., 3., 8., 7., 6., 11., 10., 9.];
    let mirrored = Array::new([1, 2, 2, 3], mirrored);
    for (probability, [least, most]) in [(0.0, [0, 0]), (0.5, [30, 70]), (1.0, [100, 100])] {
        let flip = RandomFlip::new().probability(probability);
        let mut flipped = 0;
        for seed in 0..100 {
            let view = apply(&flip, &image, seed).remove(0).1;
            assert!(view == image || view == mirrored);
            flipped += usize::from(view == mirrored);
        }
        assert!(
            (least..=most).contains(&flipped),
            "{probability}: {flipped}"
        );
    }
}

fn unchanged() -> ColorJitter {
    let jitter = ColorJitter::new().brightness(0.0).contrast(0.0);
    jitter.saturation(0.0).hue(0.0)
}

#[test]
fn colors_change_by_what_is_asked() {
    let image = about_gray([2, 3, 6, 5], 0.2, 1);
    for seed in 0..20 {
        for (backend, view) in apply(&unchanged(), &image, seed) {
            assert_close(&backend, &view, &image, Tolerance::ARITHMETIC);
        }
        for (backend, view) in apply(&unchanged().brightness(0.3), &image, seed) {
            let factor = view.values[0] / image.values[0];
            assert!((0.7..=1.3).contains(&factor), "{factor}");
            let expected = image.values.iter().map(|v| v * factor).collect();
            let expected = Array::new(image.shape.clone(), expected);
            assert_close(&backend, &view, &expected, Tolerance::ARITHMETIC);
        }
        // Saturation and hue do not change a pixel's gray and its mean, respectively.
        for (_, view) in apply(&unchanged().saturation(0.8), &image, seed) {
            let gray = |image: &Array, at: usize| {
                let [r, g, b] = [0, 30, 60].map(|c| f64::from(image.values[c + at]));
                0.299 * r + 0.587 * g + 0.114 * b
            };
            assert!((0..30).all(|at| (gray(&view, at) - gray(&image, at)).abs() < 1e-6));
        }
        for (_, view) in apply(&unchanged().hue(0.1), &image, seed) {
            let sum = |image: &Array, at: usize| -> f32 {
                [0, 30, 60].iter().map(|c| image.values[c + at]).sum()
            };
            assert!((0..30).all(|at| (sum(&view, at) - sum(&image, at)).abs() < 1e-5));
            assert_ne!(view, image);
        }
    }
}

#[test]
fn gray_has_no_hue_and_alpha_no_color() {
    let colorless = unchanged().saturation(1.0).hue(0.5);
    let gray = Array::new([1, 3, 4, 4], [0.2, 0.6, 0.9, 0.4].repeat(12));
    let wild = ColorJitter::new().brightness(1.0).contrast(1.0);
    let wild = wild.saturation(1.0).hue(0.5);
    let image = about_gray([2, 4, 5, 3], 0.5, 2);
    for seed in 0..20 {
        for (backend, view) in apply(&colorless, &gray, seed) {
            assert_close(&backend, &view, &gray, Tolerance::ARITHMETIC);
        }
        for (_, view) in apply(&wild, &image, seed) {
            assert!(view.values.iter().all(|v| (0.0..=1.0).contains(v)));
            for n in 0..2 {
                let alpha = 60 * n + 45..60 * n + 60;
                assert_eq!(view.values[alpha.clone()], image.values[alpha]);
            }
        }
    }
}

#[test]
fn an_image_with_alpha_is_laid_over_noise() {
    let image = about_gray([2, 4, 6, 5], 0.5, 2);
    let plane = 30;
    let with_alpha = |alpha: f32| {
        let mut image = image.clone();
        for n in 0..2 {
            image.values[(4 * n + 3) * plane..(4 * n + 4) * plane].fill(alpha);
        }
        image
    };
    let background = RandomBackground::new();
    for seed in 0..5 {
        let opaque = apply(&background, &with_alpha(1.0), seed);
        let clear = apply(&background, &with_alpha(0.0), seed);
        for (((backend, view), (_, opaque)), (_, clear)) in apply(&background, &image, seed)
            .into_iter()
            .zip(opaque)
            .zip(clear)
        {
            assert_eq!(view.shape, [2, 3, 6, 5]);
            let mut expected = view.clone();
            for at in 0..view.values.len() {
                let (n, rest) = (at / (3 * plane), at % (3 * plane));
                let rgb = image.values[4 * n * plane + rest];
                let alpha = image.values[(4 * n + 3) * plane + rest % plane];
                assert_eq!(opaque.values[at], rgb);
                // The background is the same for every image.
                assert_eq!(clear.values[at], clear.values[rest]);
                assert!((0.0..=1.0).contains(&clear.values[at]));
                expected.values[at] = rgb * alpha + clear.values[at] * (1.0 - alpha);
            }
            assert_close(&backend, &view, &expected, Tolerance::ARITHMETIC);
        }
    }
}

#[test]
fn the_noise_behind_is_smooth_and_as_wide_as_asked() {
    let device = devices().remove(0).1;
    for (size, draws) in [([128, 128], 40), ([33, 90], 40)] {
        let clear = Array::new([1, 4, size[0], size[1]], vec![0.0; 4 * size[0] * size[1]]);
        let clear = clear.tensor::<4>(&device);
        let mut rng = rng(5);
        let [mut values, mut near, mut far] = [const { Vec::new() }; 3];
        for _ in 0..draws {
            let view =
                RandomBackground::new().apply(clear.clone(), &mut TransformContext::new(&mut rng));
            let logits: Vec<f32> = Array::of(view)
                .values
                .iter()
                .map(|v| (v / (1.0 - v)).ln())
                .collect();
            for row in logits.chunks_exact(size[1]) {
                near.extend(row.windows(2).map(|pair| pair[1] - pair[0]));
                far.push(row[size[1] - 1] - row[0]);
            }
            values.extend(logits);
        }
        // Whole images are brighter or darker, so that few draws allow a rough estimate only.
        let [mean, sd] = statistics(&values);
        assert!(mean.abs() < 0.25, "{mean}");
        assert!((0.8..1.2).contains(&sd), "{size:?}: {sd}");
        let [_, near] = statistics(&near);
        let [_, far] = statistics(&far);
        assert!(far > 3.0 * near, "{far} {near}");
    }
}

#[test]
fn channels_that_make_no_sense_are_refused() {
    let background = RandomBackground::new();
    assert_eq!(background.output_channels(4).expect("fits"), 3);
    for channels in [3, 4] {
        assert_eq!(
            ColorJitter::new().output_channels(channels).expect("fits"),
            channels
        );
    }
    for channels in [0, 1, 2, 5] {
        for error in [
            background.output_channels(channels),
            ColorJitter::new().output_channels(channels),
        ] {
            let error = error.expect_err("refused");
            assert!(matches!(error, TransformError::Channels { .. }), "{error}");
        }
    }
    assert!(background.output_channels(3).is_err());
    assert_eq!(GaussianBlur::new(1.0).output_channels(7).expect("fits"), 7);
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let refused = |transform: &dyn Transform| {
        let error = transform.smallest_output([8, 8]).expect_err("refused");
        assert!(matches!(error, TransformError::Setting(_)), "{error}");
    };
    for bad in [-0.1, f32::NAN, f32::INFINITY, 1e30] {
        refused(&GaussianBlur::new(bad));
        refused(&GaussianBlur::between(0.0, bad));
        refused(&Noise::new(bad));
        refused(&Noise::new(0.1).uniform(bad));
        refused(&RandomFlip::new().probability(bad));
        refused(&ColorJitter::new().brightness(bad));
        refused(&ColorJitter::new().contrast(bad));
        refused(&ColorJitter::new().saturation(bad));
        refused(&ColorJitter::new().hue(bad));
        refused(&RandomBackground::new().spread(bad));
    }
    refused(&GaussianBlur::between(2.0, 1.0));
    refused(&ColorJitter::new().hue(0.6));
}
