//! The same program on another device. Compile the backend in:
//! `cargo run --release --features wgpu --example device -- wgpu`

mod common;

use common::{Args, Report, bar};
use oneiric::{Backend, Fourier, Objectives, Visualizer};

fn main() -> Result<(), Report> {
    let mut args =
        Args::new("device flex|ndarray|wgpu [LAYER:CHANNEL=mixed4a:1] [SIZE=128] [STEPS=128]");
    let backend: Backend = args.required()?.parse()?;
    let (layer, channel) = common::unit(&args.or("the unit", "mixed4a:1".to_owned())?)?;
    let size: usize = args.or("SIZE", 128)?;
    let steps: usize = args.or("STEPS", 128)?;
    args.end()?;

    // Nothing else differs: the device that the network is loaded on is the device of the run.
    let net = args.network(&backend.device()?)?;

    println!("{layer}:{channel}, {size}x{size}, {steps} steps on {backend}");
    let bar = bar(steps);
    let picture = format!("{backend}.png");
    let visualization = Visualizer::new()
        .steps(steps)
        .save_to(&picture)
        .observer(|_| bar.inc(1))
        .run(net.channel(&layer, channel)?, Fourier::new(size, size))?;
    bar.finish();

    let mut times = visualization.timings().steps.clone();
    times.sort_unstable();
    let median = times[times.len() / 2].as_secs_f64() * 1e3;
    println!("{picture}: {median:.0} ms a step (median)");
    Ok(())
}
