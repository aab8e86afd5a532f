//! Runs on a tiny network, on every backend compiled in: that they rise, repeat, stop and save.

mod common;

use std::time::Duration;

use burn::optim::SgdConfig;
use common::{LAYER, net, objective, run, short};
use oneiric_core::Picture;
use oneiric_model::{NetworkExt, ReluGradient};
use oneiric_objective::Objectives;
use oneiric_optimize::{CancelToken, Ending, Visualizer};
use oneiric_param::{Fourier, Pixel};
use oneiric_testkit::{Array, devices};
use oneiric_transform::Transforms;

#[test]
fn the_objective_rises() {
    for (backend, device) in devices() {
        for (name, visualization) in [
            (
                "Fourier",
                Visualizer::new()
                    .steps(20)
                    .run(objective(&device), Fourier::new(40, 36)),
            ),
            (
                "pixel",
                Visualizer::new()
                    .steps(20)
                    .run(objective(&device), Pixel::new(40, 36)),
            ),
        ] {
            let visualization = visualization.expect("a run that is fine");
            let values = visualization.values();
            assert_eq!(values.len(), 20);
            let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
            let (first, last) = (mean(&values[..5]), mean(&values[15..]));
            assert!(last > first, "{name} on {backend}: {first} to {last}");
            assert_eq!(visualization.ending(), Ending::Completed);
            assert_eq!(visualization.timings().steps.len(), 20);
            let steps: Duration = visualization.timings().steps.iter().sum();
            assert!(visualization.timings().total >= steps);
            let picture = visualization.picture();
            assert_eq!((picture.width(), picture.height()), (40, 36));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_other_pictures() {
    for (backend, device) in devices() {
        let (first, again, other) = (
            run(short(7), &device),
            run(short(7), &device),
            run(short(8), &device),
        );
        assert_eq!(first.pictures(), again.pictures(), "{backend}");
        assert_eq!(first.values(), again.values(), "{backend}");
        assert_ne!(first.pictures(), other.pictures(), "{backend}");
        assert_eq!((first.seed(), other.seed()), (7, 8));
    }
}

#[test]
fn thresholds_keep_the_pictures_of_their_steps() {
    let (_, device) = devices().remove(0);
    let kept = run(short(1).thresholds([2, 4, 6]), &device);
    let steps: Vec<usize> = kept
        .snapshots()
        .iter()
        .map(|snapshot| snapshot.step)
        .collect();
    assert_eq!(steps, [2, 4, 6], "the last step is there once");
    // The picture of step n is the one after n steps: a shorter run ends with it.
    let shorter = run(short(1).steps(4), &device);
    assert_eq!(kept.snapshots()[1].pictures, shorter.pictures());
    assert_eq!(kept.values()[..4], *shorter.values());
}

#[test]
fn an_observer_sees_every_step_as_it_is() {
    let (_, device) = devices().remove(0);
    let mut seen = Vec::new();
    let visualization = run(
        short(1).observer(|progress| {
            assert_eq!(progress.steps, 6);
            assert_eq!(progress.history.len(), progress.step);
            assert_eq!(progress.history[progress.step - 1], progress.value);
            assert_eq!(progress.pictures().expect("readable").len(), 1);
            seen.push((progress.step, progress.value));
        }),
        &device,
    );
    let expected: Vec<(usize, f32)> = visualization
        .values()
        .iter()
        .enumerate()
        .map(|(i, v)| (i + 1, *v))
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_run_stops_when_told_and_returns_what_there_is() {
    let (_, device) = devices().remove(0);
    let stopped = run(short(1).stop_when(|progress| progress.step == 3), &device);
    assert_eq!(stopped.ending(), Ending::Stopped);
    assert_eq!(stopped.values().len(), 3);
    assert_eq!(
        stopped.pictures(),
        run(short(1).steps(3), &device).pictures()
    );

    let token = CancelToken::new();
    let from_elsewhere = token.clone();
    let canceled = run(
        short(1).cancel(token).observer(move |progress| {
            if progress.step == 2 {
                let token = from_elsewhere.clone();
                std::thread::spawn(move || token.cancel())
                    .join()
                    .expect("no panic");
            }
        }),
        &device,
    );
    assert_eq!(canceled.ending(), Ending::Canceled);
    assert_eq!(canceled.values().len(), 2);

    let token = CancelToken::new();
    token.cancel();
    let at_once = run(short(1).cancel(token), &device);
    assert_eq!(
        (at_once.ending(), at_once.values().len()),
        (Ending::Canceled, 0)
    );
    assert_eq!(at_once.snapshots()[0].step, 0, "the start is there");
}

#[test]
fn every_image_of_a_batch_can_have_its_own_objective() {
    for (backend, device) in devices() {
        let net = net(&device);
        let own = net.channel(LAYER, 1).expect("a channel").on_image(0)
            + net.channel(LAYER, 4).expect("a channel").on_image(1);
        let batch = Visualizer::new()
            .steps(12)
            .batch(2)
            .run(own, Fourier::new(40, 36))
            .expect("a run that is fine");
        assert_eq!(batch.pictures().len(), 2);
        let layer = net.layer(LAYER).expect("a layer");
        let mean = |image: usize, channel: usize| {
            let view = batch.pictures()[image].to_tensor(&device);
            let acts = net
                .forward_to(view, &[layer], ReluGradient::Plain)
                .remove(0);
            acts.narrow(1, channel, 1).mean().into_scalar::<f32>()
        };
        assert!(mean(0, 1) > mean(1, 1), "{backend}");
        assert!(mean(1, 4) > mean(0, 4), "{backend}");
    }
}

#[test]
fn images_of_a_batch_do_not_touch_each_other() {
    let (_, device) = devices().remove(0);
    // A batch of one image limited to it, and the same as the first of two.
    let alone = Visualizer::new()
        .steps(3)
        .transforms(Transforms::none())
        .run(objective(&device), Fourier::new(40, 36))
        .expect("a run that is fine");
    let both = Visualizer::new()
        .steps(3)
        .batch(2)
        .transforms(Transforms::none())
        .run(objective(&device).on_image(0), Fourier::new(40, 36))
        .expect("a run that is fine");
    let apart = |a: &Picture, b: &Picture| {
        let pairs = a.values().iter().zip(b.values());
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    };
    assert!(apart(alone.picture(), &both.pictures()[0]) < 1e-4);
}

#[test]
fn a_unit_that_is_dead_at_the_start_wakes_up() {
    for (backend, device) in devices() {
        let net = net(&device);
        let before_relu = net.layer("mixed3b_pre_relu").expect("a layer");
        let start = || Fourier::new(40, 36);
        let at_once = CancelToken::new();
        at_once.cancel();
        let flat = Visualizer::new()
            .cancel(at_once)
            .run(net.channel("mixed3b", 0).expect("a channel"), start())
            .expect("a start");
        // Of the channels that are 0 everywhere for the starting image, the one nearest to life.
        let view = flat.picture().to_tensor(&device);
        let acts = Array::of(
            net.forward_to(view, &[before_relu], ReluGradient::Plain)
                .remove(0),
        );
        let plane = acts.shape[2] * acts.shape[3];
        let largest = acts
            .values
            .chunks(plane)
            .map(|p| p.iter().copied().fold(f32::MIN, f32::max));
        let (dead, _) = largest
            .enumerate()
            .filter(|(_, largest)| *largest < 0.0)
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .expect("random weights leave a channel dead");
        let run = |redirected| {
            Visualizer::new()
                .steps(24)
                .transforms(Transforms::none())
                .redirected_relu(redirected)
                .max_restarts(0)
                .run(net.channel("mixed3b", dead).expect("a channel"), start())
                .expect("a run that is fine")
        };
        let plain = run(0);
        assert!(
            plain.values().iter().all(|v| *v == 0.0),
            "{backend}: dead stays dead"
        );
        assert_eq!(plain.picture(), flat.picture(), "{backend}");
        let woken = run(16).values()[23];
        assert!(woken > 0.0, "{backend}: {woken}");
    }
}

#[test]
fn any_optimizer_of_burn_does() {
    let (_, device) = devices().remove(0);
    let visualization = run(
        Visualizer::new()
            .steps(8)
            .optimizer(SgdConfig::new().build())
            .learning_rate(10.0),
        &device,
    );
    let values = visualization.values();
    assert!(values[7] > values[0], "{values:?}");
}

#[test]
fn the_picture_is_saved_where_it_was_asked_for() {
    let (_, device) = devices().remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("picture.png");
    let visualization = run(short(1).batch(2).save_to(&path), &device);
    let sheet = Picture::open(&path).expect("saved");
    assert_eq!((sheet.width(), sheet.height()), (40 * 2 + 2, 36));
    let corner = visualization.pictures()[0].pixel(0, 0);
    let saved = sheet.pixel(0, 0);
    assert!(
        corner
            .iter()
            .zip(saved)
            .all(|(a, b)| (a - b).abs() <= 0.5 / 255.0 + 1e-6)
    );
}
