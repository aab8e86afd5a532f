//! What a run learns from the gradient of the image itself: the transparency map, and when to begin
//! anew.

mod common;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use burn::tensor::{Device, Tensor, TensorData};
use common::{net, objective, short};
use oneiric_core::PictureError;
use oneiric_objective::{Objective, Objectives};
use oneiric_optimize::{RunError, Visualizer};
use oneiric_param::{Fourier, LatentImage, ParamError, Parameterization, Pixel};
use oneiric_testkit::devices;
use oneiric_transform::Transforms;
use rand::Rng;

/// Mean over channels and pixels of image times weights that grow from pixel to pixel.
fn weighted(device: &Device) -> Objective {
    let function = |reading: &oneiric_objective::Reading| {
        let [_, _, h, w] = reading.image.dims();
        let weights = (0..h * w).map(|at| at as f32 - 1.0).collect();
        let device = reading.image.device().without_autodiff();
        let weights = Tensor::<4>::from_data(TensorData::new(weights, [1, 1, h, w]), &device);
        (reading.image.clone() * weights).sum()
    };
    net(device)
        .custom("weighted", &[], function)
        .expect("no layers")
}

#[test]
fn the_transparency_map_is_the_sum_of_the_gradients() -> Result<(), RunError> {
    for (backend, device) in devices() {
        let run = short(1)
            .transforms(Transforms::none())
            .transparency(true)
            .run(weighted(&device), Pixel::new(3, 2))?;
        // The gradient is -1, 0, 1, ... 4 in every step and channel: its size as a share of 4.
        let expected = [1.0, 0.0, 1.0, 2.0, 3.0, 4.0].map(|size| size / 4.0);
        let map = &run.transparency()[0];
        assert_eq!((map.channels(), map.width(), map.height()), (1, 3, 2));
        assert_eq!(map.values(), expected, "{backend}");

        // The percentile 80 of six values is the fifth: 3.
        let cut_out = &run.cut_out(80.0)?[0];
        let alpha: Vec<f32> = cut_out.values().chunks(4).map(|pixel| pixel[3]).collect();
        let expected = [1.0, 0.0, 1.0, 2.0, 3.0, 3.0].map(|size| size / 3.0);
        assert_eq!(alpha, expected, "{backend}");
        assert_eq!(cut_out.pixel(2, 1)[..3], *run.picture().pixel(2, 1));
        // The largest of all, and nothing beyond it.
        let whole = &run.cut_out(100.0)?[0];
        assert_eq!(whole.pixel(2, 1)[3], 1.0);
        for percentile in [0.0, -1.0, 101.0, f32::NAN] {
            assert!(matches!(run.cut_out(percentile), Err(RunError::Setting(_))));
        }
    }
    Ok(())
}

#[test]
fn there_is_no_map_unless_asked_for() -> Result<(), RunError> {
    let (_, device) = devices().remove(0);
    let without = short(1).run(objective(&device), Fourier::new(40, 36))?;
    assert!(without.transparency().is_empty() && without.cut_out(80.0)?.is_empty());
    let with = short(1)
        .transparency(true)
        .run(objective(&device), Fourier::new(40, 36))?;
    assert_eq!(with.picture(), without.picture(), "it changes nothing");
    assert_eq!(with.values(), without.values());
    Ok(())
}

#[test]
fn a_picture_without_colors_is_not_cut_out() -> Result<(), RunError> {
    let (_, device) = devices().remove(0);
    let run = short(1)
        .transparency(true)
        .transforms(Transforms::none())
        .run(weighted(&device), Pixel::new(3, 2).channels(1))?;
    let refused = run.cut_out(80.0);
    assert!(matches!(
        refused,
        Err(RunError::Picture(PictureError::NoSuchChannel { .. }))
    ));
    Ok(())
}

#[test]
fn what_no_file_can_hold_is_refused_before_any_work() {
    let (_, device) = devices().remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let run = short(1)
        .transforms(Transforms::none())
        .observer(|_| panic!("no step is made"))
        .save_to(folder.path().join("five.png"))
        .run(weighted(&device), Pixel::new(3, 2).channels(5));
    let refused = matches!(
        run,
        Err(RunError::Picture(PictureError::Channels { channels: 5 }))
    );
    assert!(refused);
}

/// One gray level, which each start draws anew: -1, then 0, then 1.
#[derive(Debug)]
struct Level {
    starts: Arc<AtomicUsize>,
}

impl Parameterization for Level {
    fn shape(&self) -> [usize; 3] {
        [3, 2, 2]
    }

    fn init(
        &self,
        batch: usize,
        _: &mut dyn Rng,
        device: &Device,
    ) -> Result<LatentImage, ParamError> {
        let level = self.starts.fetch_add(1, Ordering::Relaxed) as f32 - 1.0;
        let latent = Tensor::full([1], level, device);
        Ok(LatentImage::new(vec![latent], move |latent| {
            let level = latent[0].clone() * 0.1 + 0.5;
            level.reshape([1, 1, 1, 1]).expand([batch, 3, 2, 2])
        }))
    }
}

/// Above 0 only for images that are brighter than 0.55.
fn bright(device: &Device) -> Objective {
    let function =
        |reading: &oneiric_objective::Reading| (reading.image.clone() - 0.55).clamp_min(0.0).mean();
    net(device)
        .custom("bright", &[], function)
        .expect("no layers")
}

#[test]
fn what_stays_dead_begins_anew() -> Result<(), RunError> {
    let (_, device) = devices().remove(0);
    let run = |starts: usize, redirected: usize| {
        let begun = Arc::new(AtomicUsize::new(0));
        let level = Level {
            starts: Arc::clone(&begun),
        };
        let run = Visualizer::new()
            .steps(12)
            .transforms(Transforms::none())
            .redirected_relu(redirected)
            .max_restarts(starts)
            .run(bright(&device), level)?;
        Ok::<_, RunError>((run, begun.load(Ordering::Relaxed)))
    };
    // The third start lives: it is there after two times three dead steps.
    let (woken, begun) = run(3, 2)?;
    assert_eq!(begun, 3);
    let first_alive = woken.values().iter().position(|value| *value > 0.0);
    assert_eq!(first_alive, Some(6), "{:?}", woken.values());
    assert!(woken.values()[11] > woken.values()[6]);
    // A map is of the picture that it comes with, and none of what was thrown away.
    let level = Level {
        starts: Arc::new(AtomicUsize::new(1)),
    };
    let settings = || {
        Visualizer::new()
            .transforms(Transforms::none())
            .redirected_relu(2)
            .transparency(true)
    };
    let map = settings().steps(9).run(bright(&device), level)?;
    assert!(
        map.transparency()[0]
            .values()
            .iter()
            .all(|share| *share == 1.0)
    );
    // No start is made that no step follows.
    let begun = Arc::new(AtomicUsize::new(0));
    let level = Level {
        starts: Arc::clone(&begun),
    };
    settings().steps(3).run(bright(&device), level)?;
    assert_eq!(begun.load(Ordering::Relaxed), 1);
    // Not often enough, and not at all.
    for starts in [1, 0] {
        let (dead, begun) = run(starts, 2)?;
        assert_eq!(begun, starts + 1);
        assert!(dead.values().iter().all(|value| *value == 0.0));
    }
    Ok(())
}
