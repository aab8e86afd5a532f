//! Runs that break keep what there is; settings that make no sense are refused before any work.

mod common;

use burn::tensor::{Device, Tensor, TensorData};
use common::{LAYER, net, objective, short};
use oneiric_core::PictureError;
use oneiric_objective::{LayerError, Objective, ObjectiveError, Objectives};
use oneiric_optimize::{Ending, RunError, Visualizer};
use oneiric_param::{Fourier, LatentImage, ParamError, Parameterization, Pixel};
use oneiric_testkit::devices;
use oneiric_transform::{Jitter, TransformError, Transforms};

/// Becomes infinite after some steps.
fn explosive(device: &Device, after: usize) -> Objective {
    let steps = std::sync::atomic::AtomicUsize::new(0);
    net(device)
        .custom("explosive", &[], move |reading| {
            let step = steps.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let factor = if step == after { f32::INFINITY } else { 1.0 };
            reading.image.clone().mean() * factor
        })
        .expect("no layers")
}

#[test]
fn an_objective_that_is_not_finite_ends_the_run_with_the_last_good_picture() {
    let (_, device) = devices().remove(0);
    let error = short(1)
        .run(explosive(&device, 3), Pixel::new(8, 8))
        .expect_err("infinite");
    let message = error.to_string();
    assert!(
        message.contains("inf") && message.contains("step 4"),
        "{message}"
    );
    let RunError::NotFinite {
        step: 4,
        last_good: good,
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(good.values().len(), 3);
    // The last picture whose objective was finite is the one that step 3 began with.
    let steady = short(1)
        .steps(2)
        .run(explosive(&device, 99), Pixel::new(8, 8))
        .expect("steady");
    assert_eq!(good.pictures(), steady.pictures());

    // Kept pictures stay, those after the last good one do not.
    let kept = short(1)
        .thresholds([1, 2, 3])
        .run(explosive(&device, 3), Pixel::new(8, 8));
    let Err(RunError::NotFinite {
        last_good: kept, ..
    }) = kept
    else {
        panic!("{kept:?}")
    };
    let steps: Vec<usize> = kept.snapshots().iter().map(|s| s.step).collect();
    assert_eq!(steps, [1, 2]);
    assert_eq!(
        (kept.pictures(), kept.ending()),
        (good.pictures(), Ending::Failed)
    );

    let at_once = short(1)
        .run(explosive(&device, 0), Pixel::new(8, 8))
        .expect_err("infinite");
    let RunError::NotFinite {
        step: 1,
        last_good: start,
        ..
    } = at_once
    else {
        panic!("{at_once:?}")
    };
    assert_eq!(start.pictures().len(), 1);
}

/// A latent whose image is not a number after the first update.
#[derive(Debug)]
struct Breaking;

impl Parameterization for Breaking {
    fn shape(&self) -> [usize; 3] {
        [3, 4, 4]
    }

    fn init(
        &self,
        _: usize,
        _: &mut dyn rand::Rng,
        device: &Device,
    ) -> Result<LatentImage, ParamError> {
        let latent = Tensor::from_data(TensorData::new(vec![0.0_f32; 48], [48]), device);
        // The root of what becomes negative.
        Ok(LatentImage::new(vec![latent], |latent| {
            (latent[0].clone().neg() + 0.01)
                .sqrt()
                .reshape([1, 3, 4, 4])
        }))
    }
}

#[test]
fn a_picture_that_breaks_in_the_last_step_is_told_too() {
    let (_, device) = devices().remove(0);
    let darker = net(&device)
        .custom("darker", &[], |reading| reading.image.clone().mean().neg())
        .expect("no layers");
    let error = Visualizer::new()
        .steps(1)
        .transforms(Transforms::none())
        .run(darker, Breaking)
        .expect_err("not a number");
    let RunError::NotFinite {
        step: 1,
        last_good: good,
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert!(
        (good.picture().pixel(0, 0)[0] - 0.1).abs() < 1e-6,
        "the start"
    );
}

/// A latent in a corner that the network never sees: its numbers break, the objective does not.
#[test]
fn numbers_that_break_where_the_objective_does_not_look_are_told() {
    let (_, device) = devices().remove(0);
    let hidden = net(&device)
        .custom("hidden", &[], |reading| {
            // The gradient of the root at 0 is infinite, and its product with 0 not a number.
            let corner = reading.image.clone().narrow(2, 0, 1).narrow(3, 0, 1);
            let zero = corner.clone().without_autodiff() - corner;
            reading.image.clone().mean() + (zero.sqrt() * 0.0).sum()
        })
        .expect("no layers");
    let error = short(1)
        .run(hidden, Pixel::new(8, 8))
        .expect_err("not a number");
    let RunError::NotFinite {
        step: 2,
        last_good: good,
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!(good.snapshots()[0].step, 0);
}

/// A latent_image of its own size, whatever it is asked for.
#[test]
fn a_parameterization_that_paints_something_else_is_refused() {
    let (_, device) = devices().remove(0);
    let error = short(1)
        .batch(2)
        .run(objective(&device), Breaking)
        .expect_err("one image");
    assert!(
        matches!(
            error,
            RunError::ImageShape {
                expected: [2, 3, 4, 4],
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn bad_settings_are_refused_before_any_work() {
    let (_, device) = devices().remove(0);
    let refused = |visualizer: Visualizer<'_>, params: Fourier| {
        let observed = visualizer.observer(|_| panic!("no step is made"));
        observed
            .run(objective(&device), params)
            .expect_err("refused")
    };
    let size = || Fourier::new(40, 36);
    let error = refused(Visualizer::new().steps(0), size());
    assert_eq!(
        error.to_string(),
        "the number of steps is 0, but must be at least 1"
    );
    for threshold in [0, 7] {
        let error = refused(short(0).thresholds([threshold]), size());
        assert!(matches!(error, RunError::Threshold { steps: 6, .. }));
    }
    for rate in [0.0, -0.05, f64::NAN] {
        let error = refused(short(0).learning_rate(rate), size());
        let RunError::Setting(error) = error else {
            panic!("{error}");
        };
        assert_eq!(error.setting, "the learning rate");
        assert_eq!(error.value, rate.to_string());
    }
    let error = refused(short(0).batch(0), size());
    assert!(matches!(error, RunError::Param(ParamError::EmptyBatch)));
    let error = refused(short(0), Fourier::new(0, 36));
    assert!(
        matches!(error, RunError::Param(ParamError::EmptyImage { .. })),
        "{error:?}"
    );
    let error = refused(short(0).transforms(Jitter::new(36)), size());
    assert!(matches!(
        error,
        RunError::Transform(TransformError::TooSmall { .. })
    ));
    let error = refused(short(0).save_to("no/such/folder/a.png"), size());
    assert!(matches!(
        error,
        RunError::Picture(PictureError::NotWritable { .. })
    ));
    let error = refused(short(0).save_to("picture"), size());
    assert!(matches!(
        error,
        RunError::Picture(PictureError::Format { .. })
    ));

    let image = objective(&device).on_image(3);
    let error = short(0).run(image, size()).expect_err("refused");
    assert!(matches!(
        error,
        RunError::Objective(ObjectiveError::Image { image: 3, batch: 1 })
    ));
    let corner = net(&device).neuron_at(LAYER, 0, 3, 0).expect("a channel");
    let error = short(0).run(corner, size()).expect_err("refused");
    assert!(matches!(
        error,
        RunError::Objective(ObjectiveError::Layer(LayerError::Position { x: 3, .. }))
    ));
    let constant = net(&device).custom("constant", &[], |reading| {
        Tensor::ones([1], &reading.image.device().without_autodiff())
    });
    let error = short(0)
        .run(constant.expect("no layers"), size())
        .expect_err("refused");
    assert!(matches!(error, RunError::Constant));
}

#[test]
fn a_device_other_than_the_networks_is_refused() {
    let devices = devices();
    let network = &devices[0].1;
    let same = short(0).steps(1).device(network.clone());
    assert!(same.run(objective(network), Fourier::new(40, 36)).is_ok());
    for (_, other) in &devices[1..] {
        let run = short(0)
            .device(other.clone())
            .run(objective(network), Fourier::new(40, 36));
        assert!(matches!(run, Err(RunError::OtherDevice { .. })));
        let both = objective(network) + objective(other);
        let run = short(0).run(both, Fourier::new(40, 36));
        assert!(matches!(
            run,
            Err(RunError::Objective(ObjectiveError::Devices { .. }))
        ));
    }
}

#[test]
fn a_finished_picture_is_not_lost_when_it_cannot_be_saved() {
    let (_, device) = devices().remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("gone");
    std::fs::create_dir(&inside).expect("writable");
    let path = inside.join("picture.png");
    // The folder vanishes while the run goes on.
    let visualizer = short(1).save_to(&path).observer(|progress| {
        if progress.step == 1 {
            std::fs::remove_dir(&inside).expect("empty");
        }
    });
    let error = visualizer
        .run(objective(&device), Fourier::new(40, 36))
        .expect_err("no folder");
    let RunError::Save { finished, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(finished.values().len(), 6);
}
