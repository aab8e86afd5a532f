//! The same program on another device:
//! `device WEIGHTS BACKEND [LAYER:CHANNEL] [SIZE] [STEPS]`, where BACKEND is flex, ndarray or
//! wgpu. Compile the backend in:
//! `cargo run --release --features wgpu --example device -- WEIGHTS wgpu`

use std::{env, error::Error};

use indicatif::ProgressBar;
use oneiric::{Backend, Fourier, InceptionV1, Objectives, Visualizer};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let usage = "usage: device WEIGHTS BACKEND [LAYER:CHANNEL] [SIZE] [STEPS]";
    let weights = args.next().ok_or(usage)?;
    let backend: Backend = args.next().ok_or(usage)?.parse()?;
    let unit = args.next().unwrap_or_else(|| "mixed4a:1".to_owned());
    let size: usize = args.next().map_or(Ok(128), |size| size.parse())?;
    let steps: usize = args.next().map_or(Ok(128), |steps| steps.parse())?;
    let (layer, channel) = unit
        .rsplit_once(':')
        .ok_or("write the unit as LAYER:CHANNEL, such as mixed4a:1")?;

    // Nothing else differs: the device that the network is loaded on is the device of the run.
    let net = InceptionV1::load(weights, &backend.device()?)?;

    let bar = ProgressBar::new(steps as u64);
    let picture = format!("{backend}.png");
    let visualization = Visualizer::new()
        .steps(steps)
        .save_to(&picture)
        .observer(|_| bar.inc(1))
        .run(
            net.channel(layer, channel.parse()?)?,
            Fourier::new(size, size),
        )?;
    bar.finish();

    let mut times = visualization.timings().steps.clone();
    times.sort_unstable();
    let median = times[times.len() / 2].as_secs_f64() * 1e3;
    println!("{picture}: {median:.0} ms a step (median) on {backend}");
    Ok(())
}
