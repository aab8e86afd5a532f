//! What a run hands to its transforms, and a run with an optimizer of ours.

mod common;

use std::sync::{Arc, Mutex};

use common::{objective, run, short};
use oneiric_optimize::{NAdam, Visualizer};
use oneiric_param::Fourier;
use oneiric_testkit::devices;
use oneiric_transform::Transforms;

#[test]
fn transforms_learn_how_far_the_run_is() {
    for (backend, device) in devices() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let transforms = Transforms::none().then_with("progress", move |images, context| {
            log.lock().expect("a lock").push(context.progress);
            images
        });
        run(short(1).steps(4).transforms(transforms), &device);
        let seen = seen.lock().expect("a lock");
        assert_eq!(*seen, [0.0, 0.25, 0.5, 0.75], "{backend}");
    }
}

#[test]
fn nadam_raises_the_objective() {
    for (backend, device) in devices() {
        let visualization = Visualizer::new()
            .steps(20)
            .optimizer(NAdam::new())
            .run(objective(&device), Fourier::new(40, 36))
            .expect("a run that is fine");
        let values = visualization.values();
        let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
        let (first, last) = (mean(&values[..5]), mean(&values[15..]));
        assert!(last > first, "{backend}: {first} to {last}");
    }
}
