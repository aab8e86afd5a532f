//! The loop.

use std::time::Instant;

use burn::tensor::{Device, Tensor};
use oneiric_core::{Backend, DeviceError, Picture, read};
use oneiric_model::ReluGradient;
use oneiric_objective::Objective;
use oneiric_param::{Canvas, ParamError, Parameterization};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::{
    Ending, Progress, RunError, Visualization, Visualizer,
    record::{Record, plain},
};

/// Streams of the run's generator: the start does not depend on what the transforms draw.
const START_STREAM: u64 = 0;
const TRANSFORM_STREAM: u64 = 1;

pub(crate) fn run(
    mut settings: Visualizer<'_>,
    objective: &Objective,
    params: &dyn Parameterization,
) -> Result<Visualization, RunError> {
    let device = check(&settings, objective, params)?;
    let mut start_rng = generator(settings.seed, START_STREAM);
    let mut transform_rng = generator(settings.seed, TRANSFORM_STREAM);
    let mut canvas = params.init(settings.batch, &mut start_rng, &device)?;
    let mut record = Record::new(settings.seed, &canvas, settings.batch, params.size())?;
    let mut ending = Ending::Completed;

    for step in 1..=settings.steps {
        if settings.cancel.is_cancelled() {
            ending = Ending::Cancelled;
            break;
        }
        let step_started = Instant::now();
        let relu = if step <= settings.redirected_steps {
            ReluGradient::Redirected
        } else {
            ReluGradient::Plain
        };

        canvas.record();
        let image = canvas.image();
        let view = settings.transforms.apply(image.clone(), &mut transform_rng);
        let activations = objective.forward(&view, relu);
        let value = objective
            .value(&image, &activations)
            .map_err(|error| record.broken(step, error.into(), &canvas))?;
        if !value.is_tracked() {
            return Err(RunError::Constant);
        }
        let mut gradients = value.clone().neg().backward();
        let [number, latent_sum] =
            numbers(value, &canvas).map_err(|error| record.broken(step, error.into(), &canvas))?;
        if !number.is_finite() || !latent_sum.is_finite() {
            return Err(record.not_finite(step, number, &canvas));
        }
        record.good_latent = plain(canvas.latent());
        let rate = settings.learning_rate * settings.schedule.factor(step, settings.steps);
        canvas.update(&mut gradients, |index, value, gradient| {
            settings.optimizer.step(index, rate, value, gradient)
        });

        record.values.push(number);
        record.timings.steps.push(step_started.elapsed());
        if settings.thresholds.contains(&step) {
            record.keep(step, &canvas)?;
        }
        let progress = Progress {
            step,
            steps: settings.steps,
            value: number,
            history: &record.values,
            elapsed: record.started.elapsed(),
            image: &image.without_autodiff(),
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
        record.keep(steps_made, &canvas)?;
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

/// Everything that can be found wrong before any work.
fn check(
    settings: &Visualizer<'_>,
    objective: &Objective,
    params: &dyn Parameterization,
) -> Result<Device, RunError> {
    if settings.steps == 0 {
        return Err(RunError::NoSteps);
    }
    let steps = settings.steps;
    if let Some(&threshold) = settings.thresholds.iter().find(|&&t| t == 0 || t > steps) {
        return Err(RunError::Threshold { threshold, steps });
    }
    let rate = settings.learning_rate;
    if !rate.is_finite() || rate <= 0.0 {
        return Err(RunError::LearningRate { rate });
    }
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
    if let Some(path) = &settings.save_to {
        Picture::check_writable(path)?;
    }
    let [height, width] = params.size();
    if width == 0 || height == 0 {
        return Err(ParamError::EmptyImage { width, height }.into());
    }
    let smallest_view = settings.transforms.smallest(params.size())?;
    objective.check(settings.batch.max(1), smallest_view)?;
    Ok(network_device)
}

fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// The value and the sum of the latent, in one trip to the device. The sum tells whether a number
/// of the latent broke, which a network can hide: a maximum may skip what is not a number.
fn numbers(value: Tensor<1>, canvas: &Canvas) -> Result<[f32; 2], DeviceError> {
    let latent = plain(canvas.latent()).into_iter().map(Tensor::sum);
    let sum = latent.reduce(|sum, next| sum + next);
    let value = value.without_autodiff();
    let both = match sum {
        Some(sum) => Tensor::cat(vec![value, sum], 0),
        None => value,
    };
    let numbers = read(both)?;
    Ok([numbers[0], numbers.get(1).copied().unwrap_or_default()])
}
