//! Rules of every transform: sizes, channels, ranges, gradients, and the same random numbers for
//! one image as for several. Also user-defined transforms.

mod common;

use burn::tensor::s;
use common::{about_gray, apply, rng};
use oneiric_testkit::{Array, Tolerance, assert_close, assert_gradient, devices};
use oneiric_transform::{
    Border, ColorJitter, CropOrPad, FnTransform, GaussianBlur, Jitter, Noise, OneOf, Pad,
    RandomBackground, RandomCrop, RandomFlip, RandomRotate, RandomScale, Resize, Transform,
    TransformContext, TransformError, Transforms, rand::RngExt,
};

type AnyTransform = Box<dyn Transform>;

/// Every transform, with settings that fit images of one pixel, and a number of channels that it
/// takes.
fn all() -> Vec<(AnyTransform, usize)> {
    vec![
        (Box::new(Pad::new(3)), 2),
        (Box::new(Pad::new(3).border(Border::RandomGray)), 5),
        (Box::new(Pad::new(3).border(Border::RandomColor)), 5),
        (Box::new(Jitter::new(0)), 2),
        (Box::new(RandomScale::new(vec![0.8, 1.7])), 4),
        (Box::new(RandomRotate::new(vec![17.0, -40.0])), 1),
        (Box::new(Resize::new(9, 7)), 2),
        (Box::new(Resize::new(3, 2)), 1),
        (Box::new(CropOrPad::new(6, 8)), 5),
        (Box::new(RandomCrop::new()), 4),
        (Box::new(RandomCrop::new().size(5, 6)), 1),
        (Box::new(GaussianBlur::new(1.2)), 2),
        (Box::new(GaussianBlur::between(0.5, 3.0)), 5),
        (Box::new(Noise::new(0.05).uniform(0.02)), 2),
        (Box::new(RandomFlip::new()), 1),
        (Box::new(ColorJitter::new()), 3),
        (Box::new(ColorJitter::new().hue(0.3)), 4),
        (Box::new(RandomBackground::new()), 4),
        (
            Box::new(
                OneOf::new(Pad::new(2))
                    .or(RandomFlip::new())
                    .or(Noise::new(0.01)),
            ),
            2,
        ),
        (Box::new(Transforms::standard().then(RandomFlip::new())), 3),
        (
            Box::new(
                Transforms::none()
                    .then(RandomBackground::new())
                    .then(ColorJitter::new())
                    .then(Pad::new(2)),
            ),
            4,
        ),
    ]
}

#[test]
fn a_view_is_what_the_checks_say_and_within_its_range() {
    for (transform, channels) in all() {
        for size in [[1, 1], [1, 6], [6, 1], [5, 4], [13, 8]] {
            let smallest = transform.smallest_output(size).expect("fits");
            let out = transform.output_channels(channels).expect("fits");
            let image = about_gray([2, channels, size[0], size[1]], 0.5, 1);
            for seed in 0..6 {
                for (backend, view) in apply(transform.as_ref(), &image, seed) {
                    let what = format!("{backend} {transform:?} {size:?}");
                    assert_eq!(view.shape[..2], [2, out], "{what}");
                    assert!(view.shape[2] >= smallest[0], "{what}");
                    assert!(view.shape[3] >= smallest[1], "{what}");
                    let inside = |v: &f32| (-1e-6..=1.000_001).contains(v);
                    assert!(view.values.iter().all(inside), "{what}");
                }
            }
        }
    }
}

/// A photograph must be changed like the images of a step: random numbers do not depend on the
/// batch.
#[test]
fn what_is_drawn_does_not_depend_on_the_batch() {
    let device = devices().remove(0).1;
    for (transform, channels) in all() {
        let batch = about_gray([3, channels, 7, 6], 0.4, 1);
        let length = channels * 42;
        for seed in 0..4 {
            let mut batch_rng = rng(seed);
            let views = transform.apply(
                batch.tensor(&device),
                &mut TransformContext::new(&mut batch_rng),
            );
            let views = Array::of(views);
            for n in 0..3 {
                let image = batch.values[n * length..(n + 1) * length].to_vec();
                let image = Array::new([1, channels, 7, 6], image);
                let mut single_rng = rng(seed);
                let context = &mut TransformContext::new(&mut single_rng);
                let view = Array::of(transform.apply(image.tensor(&device), context));
                let part = view.values.len();
                let expected = views.values[n * part..(n + 1) * part].to_vec();
                let expected = Array::new(view.shape.clone(), expected);
                let what = format!("{transform:?} {n}");
                assert_close(&what, &view, &expected, Tolerance::ARITHMETIC);
                let mut after = batch_rng.clone();
                assert_eq!(after.random::<u64>(), single_rng.random::<u64>(), "{what}");
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    for (transform, channels) in all() {
        let image = about_gray([2, channels, 9, 14], 0.5, 1);
        let first = apply(transform.as_ref(), &image, 3);
        assert_eq!(first, apply(transform.as_ref(), &image, 3), "{transform:?}");
    }
}

#[test]
fn every_transform_has_the_gradient_of_finite_differences() {
    for (backend, device) in devices() {
        for (transform, channels) in all() {
            // Far from the values where images are clamped.
            let at = about_gray([2, channels, 8, 11], 0.15, 1);
            let what = format!("{backend} {transform:?}");
            assert_gradient(&what, &at, 3e-2, &device, |x| {
                let view = transform.apply(x, &mut TransformContext::new(&mut rng(4)));
                let weights = Array::noise(view.dims().to_vec(), 5);
                (view * weights.tensor(&device)).sum()
            });
        }
        let reflect = Pad::new(5).border(Border::Reflect);
        let at = Array::noise([2, 3, 6, 8], 1);
        assert_gradient("reflect", &at, 1e-1, &device, |x| {
            let view = reflect.apply(x, &mut TransformContext::new(&mut rng(4)));
            let weights = Array::noise(view.dims().to_vec(), 5);
            (view * weights.tensor(&device)).sum()
        });
    }
}

#[test]
fn maco_crops_and_adds_noise_that_is_not_cut() {
    let maco = Transforms::maco();
    assert_eq!(maco.smallest_output([32, 24]).expect("fits"), [32, 24]);
    let white = Array::new([1, 3, 32, 24], vec![1.0; 3 * 32 * 24]);
    for (_, view) in apply(&maco, &white, 1) {
        assert_eq!(view.shape, white.shape);
        let [mean, sd] = common::statistics(&view.values);
        // sqrt(0.08^2 + 0.04^2 / 3)
        assert!(
            (mean - 1.0).abs() < 0.008 && (sd - 0.0833).abs() < 0.005,
            "{mean} {sd}"
        );
    }
}

#[test]
fn one_of_several_is_as_likely_as_another() {
    let either = OneOf::new(Pad::new(1))
        .or(Pad::new(2))
        .or(CropOrPad::new(9, 2));
    assert_eq!(either.smallest_output([4, 4]).expect("fits"), [2, 6]);
    let mut counts = [0; 3];
    for seed in 0..90 {
        let view = apply(&either, &about_gray([1, 1, 4, 4], 0.5, 1), seed)
            .remove(0)
            .1;
        let sizes = [[6, 6], [8, 8], [2, 9]];
        let chosen = sizes.iter().position(|size| view.shape[2..] == *size);
        counts[chosen.expect("one of them")] += 1;
    }
    assert!(
        counts.iter().all(|count| (15..=45).contains(count)),
        "{counts:?}"
    );
    assert!(
        OneOf::new(Jitter::new(4))
            .or(Pad::new(1))
            .smallest_output([4, 4])
            .is_err()
    );
    let uneven = OneOf::new(RandomBackground::new()).or(Pad::new(1));
    let error = uneven.output_channels(4).expect_err("refused");
    assert!(matches!(
        error,
        TransformError::Channels { channels: 4, .. }
    ));
}

#[test]
fn a_function_is_a_transform() {
    let transforms = Transforms::none()
        .then(Pad::new(1))
        .then_with("fade", |images, context| {
            images.mul_scalar(context.rng.random::<f32>() * (1.0 - context.progress))
        });
    assert_eq!(transforms.smallest_output([2, 3]).expect("fits"), [4, 5]);
    assert_eq!(transforms.output_channels(6).expect("fits"), 6);
    let expected = 0.5 * rng(7).random::<f32>() * 0.75;
    let image = Array::new([1, 6, 2, 3], vec![0.5; 36]);
    for (_, view) in common::apply_at(0.25, &transforms, &image, 7) {
        assert!(view.values.iter().all(|v| (v - expected).abs() < 1e-6));
    }
}

/// A user-defined transform: the mean of the channels in every other row.
fn thinned() -> FnTransform {
    let thinned = FnTransform::new("thinned", |images, _| {
        images.slice(s![.., .., ..;2, ..]).mean_dim(1)
    });
    thinned
        .smallest(|[h, w]| (h >= 4).then_some([h.div_ceil(2), w]))
        .channels(|channels| (channels > 1).then_some(1))
}

#[test]
fn a_function_tells_its_sizes_and_channels() {
    let thinned = thinned();
    assert_eq!(thinned.smallest_output([5, 3]).expect("fits"), [3, 3]);
    assert_eq!(thinned.output_channels(3).expect("fits"), 1);
    let error = thinned.smallest_output([3, 3]).expect_err("refused");
    assert!(matches!(error, TransformError::TooSmall { .. }));
    assert!(error.to_string().starts_with("thinned "), "{error}");
    let error = thinned.output_channels(1).expect_err("refused");
    assert!(matches!(error, TransformError::Channels { .. }));
    let empty = FnTransform::new("empty", |images, _| images).smallest(|_| Some([0, 4]));
    assert!(matches!(
        empty.smallest_output([8, 8]),
        Err(TransformError::TooSmall { .. })
    ));
    for (_, view) in apply(&thinned, &about_gray([2, 3, 5, 4], 0.5, 1), 0) {
        assert_eq!(view.shape, [2, 1, 3, 4]);
    }
}

#[test]
#[should_panic(expected = "the transform \"liar\" made [1, 1, 3, 3] of images [1, 1, 4, 4]")]
fn a_function_that_does_something_else_is_named() {
    let liar = FnTransform::new("liar", |images, context| {
        Jitter::new(1).apply(images, context)
    });
    let _ = apply(&liar, &about_gray([1, 1, 4, 4], 0.5, 1), 0);
}
