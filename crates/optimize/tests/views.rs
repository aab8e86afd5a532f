//! Several views of the images in each step.

mod common;

use common::{net, objective, run, short};
use oneiric_objective::Objectives;
use oneiric_optimize::{RunError, Visualizer};
use oneiric_param::Fourier;
use oneiric_testkit::devices;
use oneiric_transform::{Jitter, RandomScale, Transforms};

/// Settings whose steps leave the image as it is, to single precision.
fn still(steps: usize) -> Visualizer<'static> {
    short(3).steps(steps).learning_rate(1e-12)
}

#[test]
fn the_value_of_a_step_is_the_mean_over_its_draws() {
    let transforms = || {
        let scales = RandomScale::new(vec![0.8, 1.0, 1.25]);
        Transforms::none().then(Jitter::new(5)).then(scales)
    };
    for (backend, device) in devices() {
        // A step draws what as many steps of one view draw.
        const VIEWS: usize = 12;
        let single = run(still(VIEWS).transforms(transforms()), &device);
        let together = run(still(1).views(VIEWS).transforms(transforms()), &device);
        let mean = single.values().iter().sum::<f32>() / VIEWS as f32;
        let found = together.values()[0];
        let off = (found - mean).abs() / mean.abs();
        assert!(off < 1e-4, "{found} instead of {mean} on {backend}");
        let spread = single
            .values()
            .iter()
            .any(|value| (value - mean).abs() > 1e-3 * mean.abs());
        assert!(spread, "the draws differ");
    }
}

#[test]
fn equal_views_are_one_view_and_the_same_seed_gives_the_same_bits() {
    let (_, device) = devices().swap_remove(0);
    let of = |views: usize| {
        run(
            short(1).views(views).transforms(Transforms::none()),
            &device,
        )
    };
    let (one, four) = (of(1), of(4));
    for (a, b) in one.picture().values().iter().zip(four.picture().values()) {
        assert!((a - b).abs() < 1e-3, "{a} {b}");
    }
    let drawn = || run(short(1).views(3), &device);
    assert_eq!(drawn().picture(), drawn().picture());
    assert_ne!(drawn().picture(), run(short(1), &device).picture());
}

#[test]
fn an_objective_over_a_batch_compares_the_images_of_one_view() -> Result<(), RunError> {
    let (_, device) = devices().swap_remove(0);
    let net = net(&device);
    let diverse = net.diversity("mixed4a").expect("a layer");
    let values = |views: usize| -> Result<Vec<f32>, RunError> {
        let visualizer = still(1)
            .batch(2)
            .views(views)
            .transforms(Transforms::none());
        let run = visualizer.run(diverse.clone(), Fourier::new(40, 36))?;
        Ok(run.values().to_vec())
    };
    // Views that are equal change nothing: their images are not compared with one another.
    let (one, three) = (values(1)?[0], values(3)?[0]);
    assert!((one - three).abs() < 1e-4 * one.abs(), "{one} {three}");
    let none = short(1)
        .views(0)
        .run(objective(&device), Fourier::new(40, 36));
    assert!(matches!(none, Err(RunError::Setting(_))));
    Ok(())
}
