//! The loop.

use std::time::Instant;

use burn::tensor::{Device, Tensor};
use oneiric_core::{Backend, DeviceError, Picture, read};
use oneiric_objective::Objective;
use oneiric_param::{LatentImage, ParamError, Parameterization};
use oneiric_support::SettingError;
use oneiric_transform::{Resize, Transform, Transforms};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::{
    Ending, RunError, RunProgress, Visualization, Visualizer,
    record::{Record, plain},
    restart::Restarts,
    transparency::Transparency,
    views::{Seen, Views},
};

/// Streams of the run's generator: the start does not depend on what the transforms draw.
const START_STREAM: u64 = 0;
const TRANSFORM_STREAM: u64 = 1;

pub(crate) fn run(
    mut settings: Visualizer<'_>,
    objective: &Objective,
    params: &dyn Parameterization,
) -> Result<Visualization, RunError> {
    let only_size = objective.only_size();
    let transforms = settings.transforms.take().unwrap_or_else(|| {
        let standard = Transforms::standard();
        Box::new(match only_size {
            Some([height, width]) => standard.then(Resize::new(width, height)),
            None => standard,
        })
    });
    let device = check(&settings, &transforms, objective, params)?;
    let mut start_rng = generator(settings.seed, START_STREAM);
    let mut transform_rng = generator(settings.seed, TRANSFORM_STREAM);
    let mut latent_image = params.init(settings.batch, &mut start_rng, &device)?;
    let [channels, height, width] = params.shape();
    let shape = [settings.batch, channels, height, width];
    let mut record = Record::new(settings.seed, &latent_image, shape)?;
    let mut transparency = settings.transparency.then(Transparency::default);
    let mut ending = Ending::Completed;
    let views = Views {
        objective,
        transforms: &transforms,
        count: settings.views,
        is_only_size: only_size.is_some(),
    };
    let mut restarts = Restarts::new(settings.redirected_steps, settings.max_restarts);

    for step in 1..=settings.steps {
        if settings.cancel.is_canceled() {
            ending = Ending::Canceled;
            break;
        }
        let step_started = Instant::now();
        if restarts.take(step) {
            latent_image = params
                .init(settings.batch, &mut start_rng, &device)
                .map_err(|error| record.broken(step, error.into(), &latent_image))?;
            settings.optimizer.forget();
            transparency = settings.transparency.then(Transparency::default);
        }
        let progress = (step - 1) as f32 / settings.steps as f32;
        latent_image.record();
        let decoded = latent_image.image();
        // Detach, so that the gradient with respect to the image can be read.
        let image = decoded.clone().without_autodiff();
        let seen = views.see(&image, restarts.relu(step), progress, &mut transform_rng);
        let Seen { value, gradient } = seen.map_err(|error| match error {
            RunError::Constant => error,
            other => record.broken(step, other, &latent_image),
        })?;
        // The chain rule from the image on to the latent.
        let mut gradients = (decoded * gradient.clone()).sum().backward();
        let [number, latent_sum, gradient_l1] = numbers(value, &latent_image, &gradient)
            .map_err(|error| record.broken(step, error.into(), &latent_image))?;
        if !number.is_finite() || !latent_sum.is_finite() {
            return Err(record.not_finite(step, number, &latent_image));
        }
        record.good_latent = plain(latent_image.latent());
        if let Some(transparency) = &mut transparency {
            transparency.add(gradient);
        }
        restarts.record(step, gradient_l1);
        let rate = settings.learning_rate * settings.schedule.factor(step, settings.steps);
        latent_image.update(&mut gradients, |index, value, gradient| {
            settings.optimizer.step(index, rate, value, gradient)
        });

        record.values.push(number);
        record.timings.steps.push(step_started.elapsed());
        if settings.thresholds.contains(&step) {
            record.keep(step, &latent_image)?;
        }
        let progress = RunProgress {
            step,
            steps: settings.steps,
            value: number,
            history: &record.values,
            elapsed: record.started.elapsed(),
            image: &image,
        };
        if let Some(observer) = &mut settings.observer {
            observer(&progress);
        }
        if settings.stop.as_mut().is_some_and(|stop| stop(&progress)) {
            if step < settings.steps {
                ending = Ending::Stopped;
            }
            break;
        }
    }

    let steps_made = record.values.len();
    if record
        .snapshots
        .last()
        .is_none_or(|last| last.step != steps_made)
    {
        record.keep(steps_made, &latent_image)?;
    }
    if let Some(transparency) = transparency {
        let pictures = transparency.pictures();
        record.transparency =
            pictures.map_err(|error| record.broken(steps_made, error.into(), &latent_image))?;
    }
    let finished = record.finish(ending);
    match settings.save_to {
        Some(path) => match finished.save(&path) {
            Ok(()) => Ok(finished),
            Err(source) => Err(RunError::Save {
                source,
                finished: Box::new(finished),
            }),
        },
        None => Ok(finished),
    }
}

/// Checks all settings before any work.
fn check(
    settings: &Visualizer<'_>,
    transforms: &dyn Transform,
    objective: &Objective,
    params: &dyn Parameterization,
) -> Result<Device, RunError> {
    let steps = settings.steps;
    SettingError::require("the number of steps", steps, steps > 0, "at least 1")?;
    let views = settings.views;
    SettingError::require("the number of views", views, views > 0, "at least 1")?;
    if let Some(&threshold) = settings.thresholds.iter().find(|&&t| t == 0 || t > steps) {
        return Err(RunError::Threshold { threshold, steps });
    }
    let rate = settings.learning_rate;
    let good = rate.is_finite() && rate > 0.0;
    let allowed = "finite and above 0 (the default is 0.05)";
    SettingError::require("the learning rate", rate, good, allowed)?;
    let network_device = objective.device()?;
    if let Some(device) = &settings.device {
        Backend::of(device)?;
        if *device != network_device {
            return Err(RunError::OtherDevice {
                run: format!("{device:?}"),
                network: format!("{network_device:?}"),
            });
        }
    }
    Backend::of(&network_device)?;
    let [channels, height, width] = params.shape();
    if let Some(path) = &settings.save_to {
        Picture::check_writable(path)?;
        Picture::check_channels(channels)?;
    }
    if width == 0 || height == 0 {
        return Err(ParamError::EmptyImage { width, height }.into());
    }
    let [view_height, view_width] = transforms.smallest_output([height, width])?;
    let view_channels = transforms.output_channels(channels)?;
    let view = [view_channels, view_height, view_width];
    objective.check(settings.batch.max(1), [channels, height, width], view)?;
    Ok(network_device)
}

fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// Reads the value, the sum of the latent and the L1 norm of the image's gradient, in one trip to
/// the device. The sum of the latent tells whether a number of it stopped being finite, which a
/// network can hide: a maximum may skip what is not a number.
fn numbers(
    value: Tensor<1>,
    latent_image: &LatentImage,
    image_gradient: &Tensor<4>,
) -> Result<[f32; 3], DeviceError> {
    let latent = plain(latent_image.latent()).into_iter().map(Tensor::sum);
    let latent = latent.reduce(|sum, next| sum + next);
    let latent = latent.unwrap_or_else(|| value.zeros_like());
    let gradient_l1 = image_gradient.clone().abs().sum();
    let numbers = read(Tensor::cat(vec![value, latent, gradient_l1], 0))?;
    Ok([numbers[0], numbers[1], numbers[2]])
}
