//! Each transform, compared with values worked out by hand and finite differences, on every backend
//! that is compiled in.

mod common;

use burn::tensor::Tensor;
use common::{apply, counting, rng};
use oneiric_testkit::{Array, Tolerance, assert_close, assert_gradient, devices};
use oneiric_transform::{
    Jitter, Pad, RandomRotate, RandomScale, Resampling, Transform, TransformContext,
    TransformError, Transforms, resample,
};

#[test]
fn padding_puts_a_border_of_one_value_around() {
    let expected = [
        [0.25; 4],
        [0.25, 0.0, 1.0, 0.25],
        [0.25, 2.0, 3.0, 0.25],
        [0.25; 4],
    ];
    let expected = Array::new([1, 1, 4, 4], expected.concat());
    for (backend, view) in apply(&Pad::new(1).value(0.25), &counting(2, 2), 0) {
        assert_close(&backend, &view, &expected, Tolerance::ARITHMETIC);
    }
}

#[test]
fn jitter_crops_at_every_place_and_brings_nothing_in() {
    let image = counting(5, 6);
    let mut corners = std::collections::BTreeSet::new();
    for seed in 0..60 {
        for (_, view) in apply(&Jitter::new(2), &image, seed) {
            assert_eq!(view.shape, [1, 1, 3, 4]);
            let corner = view.values[0] as usize;
            let (top, left) = (corner / 6, corner % 6);
            for y in 0..3 {
                for x in 0..4 {
                    assert_eq!(view.at(&[0, 0, y, x]), image.at(&[0, 0, top + y, left + x]));
                }
            }
            corners.insert((top, left));
        }
    }
    let all = (0..3).flat_map(|y| (0..3).map(move |x| (y, x))).collect();
    assert_eq!(corners, all);
}

#[test]
fn a_quarter_turn_moves_pixels_exactly() {
    // Counterclockwise: pixels on the right come to the top.
    let expected = Array::new([1, 1, 3, 3], vec![2., 5., 8., 1., 4., 7., 0., 3., 6.]);
    let quarter = RandomRotate::new(vec![90.0]).fill(0.0);
    for (backend, view) in apply(&quarter, &counting(3, 3), 0) {
        assert_close(&backend, &view, &expected, Tolerance::ARITHMETIC);
    }
    let half = RandomRotate::new(vec![180.0]);
    let expected = Array::new([1, 1, 2, 4], (0..8).rev().map(|v| v as f32).collect());
    for (backend, view) in apply(&half, &counting(2, 4), 0) {
        assert_close(&backend, &view, &expected, Tolerance::ARITHMETIC);
    }
}

#[test]
fn an_eighth_turn_is_bilinear_by_hand() {
    // The corner (0, 0) of a 3x3 image is read in row 1, column 1 - sqrt 2, which lies left of the
    // image, so that the share of the fill is sqrt 2 - 1.
    let share = 2.0_f32.sqrt() - 1.0;
    let image = Array::new([1, 1, 3, 3], vec![1., 2., 3., 4., 5., 6., 7., 8., 9.]);
    for (backend, view) in apply(&RandomRotate::new(vec![-45.0]).fill(0.5), &image, 0) {
        // Clockwise: the corner at the top left shows the middle of the left side.
        let expected = (1.0 - share) * 4.0 + share * 0.5;
        assert!(
            (view.values[0] - expected).abs() < 1e-5,
            "{backend} {:?}",
            view.values
        );
        assert!((view.values[4] - 5.0).abs() < 1e-5, "the center stays");
    }
}

#[test]
fn what_comes_in_from_outside_is_gray() {
    let gray = Array::new([1, 3, 9, 11], vec![0.5; 3 * 99]);
    for degrees in [7.0, -31.0, 45.0] {
        for (backend, view) in apply(&RandomRotate::new(vec![degrees]), &gray, 0) {
            assert_close(&backend, &view, &gray, Tolerance::ARITHMETIC);
        }
    }
}

#[test]
fn scaling_is_bilinear_between_the_centers_of_pixels() {
    // PyTorch's F.interpolate(mode="bilinear", align_corners=False) of [0, 1, 2, 3] to 8 columns.
    let row = Array::new([1, 1, 1, 4], vec![0.0, 1.0, 2.0, 3.0]);
    let expected = vec![0.0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.0];
    let doubled = [expected.clone(), expected].concat();
    for (backend, view) in apply(&RandomScale::new(vec![2.0]), &row, 0) {
        let expected = Array::new([1, 1, 2, 8], doubled.clone());
        assert_close(&backend, &view, &expected, Tolerance::ARITHMETIC);
    }
    for (backend, view) in apply(&RandomScale::new(vec![0.5]), &counting(2, 4), 0) {
        // The mean of each 2x2 square.
        let expected = Array::new([1, 1, 1, 2], vec![2.5, 4.5]);
        assert_close(&backend, &view, &expected, Tolerance::ARITHMETIC);
    }
}

#[test]
fn sizes_are_exact() {
    for (factor, expected) in [(0.9, [90, 54]), (1.02, [102, 61]), (1.1, [110, 66])] {
        for (_, view) in apply(&RandomScale::new(vec![factor]), &counting(100, 60), 0) {
            assert_eq!(view.shape[2..], expected);
        }
    }
}

#[test]
fn every_transform_has_the_gradient_of_finite_differences() {
    let transforms: [Box<dyn Transform>; 6] = [
        Box::new(Pad::new(2)),
        Box::new(Jitter::new(3)),
        Box::new(RandomScale::new(vec![0.8])),
        Box::new(RandomScale::new(vec![1.3])),
        Box::new(RandomRotate::new(vec![17.0])),
        Box::new(Transforms::standard()),
    ];
    for (backend, device) in devices() {
        for transform in &transforms {
            let at = Array::noise([2, 3, 11, 13], 1);
            assert_gradient(
                &format!("{backend} {transform:?}"),
                &at,
                1e-1,
                &device,
                |x| {
                    let view = transform.apply(x, &mut TransformContext::new(&mut rng(4)));
                    let weights = Array::noise(view.dims().to_vec(), 5);
                    (view * weights.tensor(&device)).sum()
                },
            );
        }
    }
}

#[test]
fn the_gradient_of_a_resampling_is_its_adjoint() {
    for (backend, device) in devices() {
        for map in [
            Resampling::scale([9, 8], [5, 13]),
            Resampling::rotation([9, 8], 33.0),
            Resampling::new([9, 8], [3, 3], |_, _| [2.5, 3.25]),
            Resampling::new([9, 8], [2, 2], |_, _| [-7.0, 3.25]),
        ] {
            let x = Array::noise([1, 2, 9, 8], 1);
            let input = x.tensor::<4>(&device).autodiff().require_grad();
            let output = resample(input.clone(), map.clone());
            let y = Array::noise(output.dims().to_vec(), 2);
            let forward = Array::of(output.clone()).dot(&y);
            let mut gradients = (output * y.tensor::<4>(&device)).sum().backward();
            let adjoint = Array::of(input.grad_remove(&mut gradients).expect("a gradient"));
            let apart = (forward - x.dot(&adjoint)).abs();
            assert!(apart < 1e-5 * x.dot(&x), "{backend}: {apart}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_view_and_another_seed_another() {
    let image = Array::noise([1, 3, 40, 40], 1);
    let standard = Transforms::standard();
    for (first, second) in apply(&standard, &image, 1)
        .iter()
        .zip(&apply(&standard, &image, 1))
    {
        assert_eq!(first, second);
    }
    let views: Vec<Array> = (0..8)
        .map(|seed| apply(&standard, &image, seed).remove(0).1)
        .collect();
    assert!(views.iter().skip(1).any(|view| view != &views[0]));
}

#[test]
fn the_standard_list_moves_scales_and_turns_within_its_bounds() {
    let standard = Transforms::standard();
    let smallest = standard.smallest_output([64, 48]).expect("fits");
    // (n + 24 - 8) * 0.9 - 4
    assert_eq!(smallest, [68, 54]);
    let mut sizes = std::collections::BTreeSet::new();
    for seed in 0..80 {
        let image = Array::new([1, 1, 64, 48], vec![0.5; 64 * 48]);
        for (_, view) in apply(&standard, &image, seed).into_iter().take(1) {
            assert!(view.shape[2] >= smallest[0] && view.shape[3] >= smallest[1]);
            sizes.insert((view.shape[2], view.shape[3]));
            assert!(
                view.values.iter().all(|v| (v - 0.5).abs() < 1e-6),
                "gray stays gray"
            );
        }
    }
    assert_eq!(sizes.len(), 11, "{sizes:?}");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refused =
        |transform: &dyn Transform| transform.smallest_output([8, 8]).expect_err("refused");
    assert!(matches!(
        refused(&Jitter::new(8)),
        TransformError::TooSmall { .. }
    ));
    assert!(matches!(
        refused(&RandomScale::new(vec![])),
        TransformError::NoChoice { .. }
    ));
    assert!(matches!(
        refused(&RandomRotate::new(vec![])),
        TransformError::NoChoice { .. }
    ));
    assert!(matches!(
        refused(&RandomScale::new(vec![0.01])),
        TransformError::TooSmall { .. }
    ));
    for bad in [0.0, -1.0, f32::NAN, 90.0] {
        let scale = refused(&RandomScale::new(vec![1.0, bad]));
        assert!(matches!(scale, TransformError::Setting(_)));
    }
    let rotate = RandomRotate::new(vec![f32::INFINITY]);
    assert_eq!(
        refused(&rotate).to_string(),
        "the angle of RandomRotate { degrees: [inf], fill: 0.5 } is inf, but must be finite"
    );
    assert!(matches!(
        refused(&Pad::new(1).value(2.0)),
        TransformError::Setting(_)
    ));
    // With padding first there is room to jitter.
    assert!(
        Transforms::none()
            .then(Pad::new(4))
            .then(Jitter::new(8))
            .smallest_output([8, 8])
            .is_ok()
    );
}

#[test]
fn no_transform_changes_nothing() {
    for (_, device) in devices() {
        let image = Array::noise([1, 3, 4, 4], 1);
        let view: Tensor<4> = Transforms::none().apply(
            image.tensor(&device),
            &mut TransformContext::new(&mut rng(0)),
        );
        assert_eq!(Array::of(view), image);
    }
}
