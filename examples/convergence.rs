//! How fast which settings raise an objective, over twelve units from shallow to deep:
//! `convergence [SIZE=128] [STEPS=512]`. The table that the defaults are chosen from.

mod common;

use common::{Args, Report, bar};
use oneiric::{
    Fourier, InceptionV1, NetworkExt, Objective, Objectives, Picture, Transforms, Visualizer,
    burn::optim::{RmsPropConfig, SgdConfig, momentum::MomentumConfig},
    default_device,
    model::ReluGradient,
    optimize::{NAdam, Schedule},
    transform::{Transform, TransformContext},
};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// Layers with channels (of the public networks; counted round in smaller ones).
const UNITS: [(&str, usize); 12] = [
    ("mixed3a", 20),
    ("mixed3b", 100),
    ("mixed4a", 50),
    ("mixed4a", 300),
    ("mixed4b", 30),
    ("mixed4b", 300),
    ("mixed4c", 1),
    ("mixed4c", 200),
    ("mixed4d", 50),
    ("mixed4d", 300),
    ("mixed4e", 100),
    ("mixed4e", 500),
];

/// What makes the steps.
#[derive(Debug, Clone, Copy)]
enum By {
    Adam,
    NAdam,
    RmsProp,
    Momentum,
}

/// Optimizers, learning rates and schedules; the first is Lucid's. (A step of Adam's kind is as
/// large as its rate, one of plain momentum as the gradient times its rate, which is small.)
const SETTINGS: [(By, f64, Schedule); 11] = [
    (By::Adam, 0.05, Schedule::Constant),
    (By::Adam, 0.02, Schedule::Constant),
    (By::Adam, 0.1, Schedule::Constant),
    (By::Adam, 0.2, Schedule::Constant),
    (By::Adam, 0.05, Schedule::Cosine),
    (By::Adam, 0.1, Schedule::Cosine),
    (By::NAdam, 0.05, Schedule::Constant),
    (By::NAdam, 0.1, Schedule::Constant),
    (By::RmsProp, 0.02, Schedule::Constant),
    (By::Momentum, 0.01, Schedule::Constant),
    (By::Momentum, 0.1, Schedule::Constant),
];

/// Views that a picture is judged under, which no run saw.
const VIEWS: usize = 8;

fn main() -> Result<(), Report> {
    let mut args = Args::new("convergence [SIZE=128] [STEPS=512]");
    let size: usize = args.or("SIZE", 128)?;
    let most: usize = args.or("STEPS", 512)?;
    args.end()?;
    let net = args.network(&default_device()?)?;
    let lengths = [most / 8, most / 4, most / 2, most];

    let bar = bar(UNITS.len() * SETTINGS.len());
    // By setting and length, of every unit: under fresh transforms, and on the clean picture.
    let mut values = vec![[const { Vec::new() }; 4]; SETTINGS.len()];
    for (layer, channel) in UNITS {
        let channels = net.describe(net.layer(layer)?).channels();
        let objective = net.channel(layer, channel % channels)?;
        for ((by, rate, schedule), values) in SETTINGS.into_iter().zip(&mut values) {
            let setting = (by, rate, schedule);
            let pictures = match schedule {
                // One run passes through all lengths.
                Schedule::Constant => run(&objective, size, setting, &lengths)?,
                _ => {
                    let runs = lengths.map(|steps| run(&objective, size, setting, &[steps]));
                    runs.into_iter().collect::<Result<Vec<_>, _>>()?.concat()
                }
            };
            for (picture, values) in pictures.iter().zip(values) {
                values.push(judge(&net, &objective, picture)?);
            }
            bar.inc(1);
        }
    }
    bar.finish();

    let reference = values[0][3].clone();
    println!(
        "Medians over {} units of the objective, as a share of what Lucid's setting has",
        UNITS.len()
    );
    println!("after {most} steps: under fresh transforms (on the clean picture), {size}x{size}.\n");
    print!("| optimizer | learning rate | schedule |");
    lengths.iter().for_each(|steps| print!(" {steps} steps |"));
    println!("\n| --- | --- | --- | --- | --- | --- | --- |");
    for ((by, rate, schedule), values) in SETTINGS.into_iter().zip(&values) {
        print!("| {by:?} | {rate} | {schedule:?} |");
        for values in values {
            let share = |which: usize| {
                let shares = values
                    .iter()
                    .zip(&reference)
                    .map(|(a, b)| a[which] / b[which]);
                median(shares.collect()) * 100.0
            };
            print!(" {:.0} % ({:.0} %) |", share(0), share(1));
        }
        println!();
    }
    Ok(())
}

/// The pictures after these numbers of steps.
fn run(
    objective: &Objective,
    size: usize,
    (by, rate, schedule): (By, f64, Schedule),
    lengths: &[usize],
) -> Result<Vec<Picture>, Report> {
    let settings = match by {
        By::Adam => Visualizer::new(),
        By::NAdam => Visualizer::new().optimizer(NAdam::new()),
        By::RmsProp => Visualizer::new().optimizer(RmsPropConfig::new().build()),
        By::Momentum => {
            let momentum = MomentumConfig::new().with_momentum(0.9);
            let config = SgdConfig::new().with_momentum(Some(momentum));
            Visualizer::new().optimizer(config.build())
        }
    };
    let visualization = settings
        .learning_rate(rate)
        .schedule(schedule)
        .steps(lengths[lengths.len() - 1])
        .thresholds(lengths.iter().copied())
        .run(objective, Fourier::new(size, size))?;
    let snapshots = visualization.snapshots().iter();
    Ok(snapshots.map(|s| s.pictures[0].clone()).collect())
}

/// The objective under fresh transforms, and on the clean picture.
fn judge(net: &InceptionV1, objective: &Objective, picture: &Picture) -> Result<[f32; 2], Report> {
    let image = picture.to_tensor(net.device());
    let value = |view| -> Result<f32, Report> {
        let acts = objective.forward(&view, ReluGradient::Plain);
        Ok(objective.value(&view, &acts)?.into_scalar::<f32>())
    };
    let mut rng = ChaCha8Rng::seed_from_u64(u64::MAX);
    let mut sum = 0.0;
    for _ in 0..VIEWS {
        sum += value(
            Transforms::standard().apply(image.clone(), &mut TransformContext::new(&mut rng)),
        )?;
    }
    Ok([sum / VIEWS as f32, value(image)?])
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}
