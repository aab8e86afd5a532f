//! The loop.

use std::time::Instant;

use burn::tensor::{Device, Tensor};
use oneiric_core::{Backend, Picture};
use oneiric_model::ReluGradient;
use oneiric_objective::Objective;
use oneiric_param::{Canvas, Parameterization};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::{Ending, Progress, RunError, Snapshot, Timings, Visualization, Visualizer};

/// Streams of the run's generator: the start does not depend on what the transforms draw.
const START_STREAM: u64 = 0;
const TRANSFORM_STREAM: u64 = 1;

pub(crate) fn run(
    mut settings: Visualizer<'_>,
    objective: &Objective,
    params: &dyn Parameterization,
) -> Result<Visualization, RunError> {
    let device = check(&settings, objective, params)?;
    let started = Instant::now();
    let mut start_rng = generator(settings.seed, START_STREAM);
    let mut transform_rng = generator(settings.seed, TRANSFORM_STREAM);
    let mut canvas = params.init(settings.batch, &mut start_rng, &device)?;
    let mut record = Record {
        started,
        seed: settings.seed,
        snapshots: Vec::new(),
        objective: Vec::new(),
        timings: Timings::default(),
        good_latent: canvas.latent().to_vec(),
    };
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
        let value = objective.value(&image, &activations);
        if !value.is_tracked() {
            return Err(RunError::Constant);
        }
        let mut gradients = value.clone().neg().backward();
        let number = read(value)?;
        if !number.is_finite() {
            return Err(record.not_finite(step, number, &mut canvas));
        }
        record.good_latent = plain(canvas.latent());
        canvas.update(&mut gradients, |index, value, gradient| {
            settings
                .optimizer
                .step(index, settings.learning_rate, value, gradient)
        });

        record.objective.push(number);
        record.timings.steps.push(step_started.elapsed());
        if settings.thresholds.contains(&step) {
            record.keep(step, &mut canvas)?;
        }
        let progress = Progress {
            step,
            steps: settings.steps,
            value: number,
            history: &record.objective,
            elapsed: started.elapsed(),
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

    let steps_made = record.objective.len();
    if record
        .snapshots
        .last()
        .is_none_or(|last| last.step != steps_made)
    {
        record.keep(steps_made, &mut canvas)?;
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
    let smallest_view = settings.transforms.smallest(params.size())?;
    objective.check(settings.batch.max(1), smallest_view)?;
    Ok(network_device)
}

fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

fn read(value: Tensor<1>) -> Result<f32, RunError> {
    let data = value
        .without_autodiff()
        .try_into_data()
        .map_err(|error| RunError::Readback {
            reason: error.to_string(),
        })?;
    let values: Vec<f32> = data.try_into_vec().map_err(|error| RunError::Readback {
        reason: format!("{error:?}"),
    })?;
    values.first().copied().ok_or_else(|| RunError::Readback {
        reason: "the objective is an empty tensor".to_owned(),
    })
}

fn plain(latent: &[Tensor<1>]) -> Vec<Tensor<1>> {
    latent
        .iter()
        .map(|tensor| tensor.clone().without_autodiff())
        .collect()
}

/// What a run has to show so far.
struct Record {
    started: Instant,
    seed: u64,
    snapshots: Vec<Snapshot>,
    objective: Vec<f32>,
    timings: Timings,
    /// The last latent whose objective was finite, or the start.
    good_latent: Vec<Tensor<1>>,
}

impl Record {
    /// Keeps the pictures after a step.
    fn keep(&mut self, step: usize, canvas: &mut Canvas) -> Result<(), RunError> {
        match Picture::from_tensor(canvas.image().without_autodiff()) {
            Ok(pictures) => {
                self.snapshots.push(Snapshot { step, pictures });
                Ok(())
            }
            Err(oneiric_core::PictureError::Value { value, .. }) => {
                let value = self.objective.last().copied().unwrap_or(value);
                Err(self.not_finite(step, value, canvas))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The error for a run that left the finite numbers, with what was there before.
    fn not_finite(&mut self, step: usize, value: f32, canvas: &mut Canvas) -> RunError {
        canvas.set_latent(self.good_latent.clone());
        let last_good = Picture::from_tensor(canvas.image()).ok().map(|pictures| {
            let mut snapshots = std::mem::take(&mut self.snapshots);
            snapshots.push(Snapshot {
                step: self.objective.len().saturating_sub(1),
                pictures,
            });
            Box::new(Visualization {
                snapshots,
                objective: self.objective.clone(),
                timings: self.timings(),
                seed: self.seed,
                ending: Ending::Stopped,
            })
        });
        RunError::NotFinite {
            step,
            value,
            last_good,
        }
    }

    fn timings(&self) -> Timings {
        Timings {
            total: self.started.elapsed(),
            ..self.timings.clone()
        }
    }

    fn finish(self, ending: Ending) -> Visualization {
        let timings = self.timings();
        Visualization {
            snapshots: self.snapshots,
            objective: self.objective,
            timings,
            seed: self.seed,
            ending,
        }
    }
}
