//! The same program on another device: `device WEIGHTS BACKEND [LAYER:CHANNEL] [PICTURE]`, where
//! BACKEND is flex, ndarray or wgpu. Compile the backend in:
//! `cargo run --release --features wgpu --example device -- WEIGHTS wgpu`

use std::{env, error::Error};

use indicatif::ProgressBar;
use oneiric::{Backend, Fourier, InceptionV1, Objectives, Visualizer};

const SIZE: usize = 128;
const STEPS: usize = 128;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let usage = "usage: device WEIGHTS BACKEND [LAYER:CHANNEL] [PICTURE]";
    let weights = args.next().ok_or(usage)?;
    let backend: Backend = args.next().ok_or(usage)?.parse()?;
    let unit = args.next().unwrap_or_else(|| "mixed4a:1".to_owned());
    let picture = args.next().unwrap_or_else(|| format!("{backend}.png"));
    let (layer, channel) = unit
        .rsplit_once(':')
        .ok_or("write the unit as LAYER:CHANNEL, such as mixed4a:1")?;

    // Nothing else differs: the device that the network is loaded on is the device of the run.
    let net = InceptionV1::load(weights, &backend.device()?)?;

    let bar = ProgressBar::new(STEPS as u64);
    let visualization = Visualizer::new()
        .steps(STEPS)
        .save_to(&picture)
        .observer(|_| bar.inc(1))
        .run(
            net.channel(layer, channel.parse()?)?,
            Fourier::new(SIZE, SIZE),
        )?;
    bar.finish();

    let steps = &visualization.timings().steps;
    let total: f64 = steps.iter().map(std::time::Duration::as_secs_f64).sum();
    println!(
        "{picture}: {:.0} ms a step on {backend}",
        total / steps.len() as f64 * 1e3
    );
    Ok(())
}
