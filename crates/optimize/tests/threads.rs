//! Runs in other threads, and pointers to what a run takes.

mod common;

use std::{sync::Arc, thread};

use common::{objective, run, short};
use oneiric_objective::Objective;
use oneiric_optimize::{CancelToken, NAdam, RunError, Schedule, Visualization, Visualizer};
use oneiric_param::{Fourier, Parameterization};
use oneiric_testkit::devices;
use oneiric_transform::{Jitter, Transform, Transforms};

fn assert_send<T: Send>() {}

fn assert_send_and_sync<T: Send + Sync>() {}

#[test]
fn all_that_a_run_takes_and_gives_can_be_sent() {
    assert_send::<Visualizer<'static>>();
    assert_send_and_sync::<Objective>();
    assert_send_and_sync::<Box<dyn Parameterization>>();
    assert_send_and_sync::<Transforms>();
    assert_send_and_sync::<CancelToken>();
    assert_send_and_sync::<Visualization>();
    assert_send_and_sync::<RunError>();
}

#[test]
fn a_run_in_another_thread_gives_the_same_bits() {
    for (backend, device) in devices() {
        let here = run(short(7), &device);
        let (visualizer, objective) = (short(7), objective(&device));
        let there = thread::spawn(move || visualizer.run(objective, Fourier::new(40, 36)));
        let there = there.join().expect("no panic").expect("a run that is fine");
        assert_eq!(here.pictures(), there.pictures(), "{backend}");
        assert_eq!(here.values(), there.values(), "{backend}");
    }
}

#[test]
fn every_setting_leaves_a_visualizer_that_can_be_sent() {
    let (_, device) = devices().remove(0);
    let mut values = Vec::new();
    let visualizer = Visualizer::new()
        .steps(2)
        .schedule(Schedule::Cosine)
        .optimizer(NAdam::new())
        .transforms(Transforms::none())
        .device(device.clone())
        .observer(|progress| values.push(progress.value))
        .stop_when(|progress| progress.step == 2)
        .cancel(CancelToken::new());
    let objective = objective(&device);
    let visualization = thread::scope(|scope| {
        let run = scope.spawn(|| visualizer.run(objective, Fourier::new(40, 36)));
        run.join().expect("no panic").expect("a run that is fine")
    });
    assert_eq!(values, visualization.values());
}

#[test]
fn pointers_to_a_parameterization_and_a_transform_are_ones() {
    let (_, device) = devices().remove(0);
    let objective = &objective(&device);
    let pictures = |visualizer: Visualizer<'_>, params: &dyn Parameterization| {
        let run = visualizer
            .run(objective, params)
            .expect("a run that is fine");
        run.pictures().to_vec()
    };
    let params = Fourier::new(40, 36);
    let transforms = Transforms::none().then(Jitter::new(4));
    let boxed: Box<dyn Transform> = Box::new(transforms.clone());
    let shared: Arc<dyn Transform> = Arc::new(transforms.clone());
    let expected = run(short(1).transforms(transforms.clone()), &device);
    let expected = expected.pictures();

    let by_reference = short(1).transforms(&transforms);
    assert_eq!(expected, pictures(by_reference, &&params));
    let box_of_params: Box<dyn Parameterization> = Box::new(params.clone());
    assert_eq!(
        expected,
        pictures(short(1).transforms(boxed), &box_of_params)
    );
    let arc_of_params: Arc<dyn Parameterization> = Arc::new(params);
    assert_eq!(
        expected,
        pictures(short(1).transforms(shared), &arc_of_params)
    );
}
