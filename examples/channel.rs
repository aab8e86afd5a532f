//! What one channel responds to. WEIGHTS is a safetensors file; docs/weights.md says where from.

mod common;

use common::{Args, Report, bar};
use oneiric::{Fourier, InceptionV1, Objectives, Visualizer, default_device};

fn main() -> Result<(), Report> {
    let mut args =
        Args::new("channel WEIGHTS [LAYER:CHANNEL=mixed4c:1] [PICTURE] [SIZE=224] [STEPS=512]");
    let weights = args.required()?;
    let (layer, channel) = args.unit("mixed4c:1")?;
    let name = format!("{}-{channel}.png", layer.replace('/', "_"));
    let picture = args.or("PICTURE", name)?;
    let size: usize = args.or("SIZE", 224)?;
    let steps: usize = args.or("STEPS", 512)?;

    let net = InceptionV1::load(weights, &default_device()?)?;
    let objective = net.channel(&layer, channel)?;

    println!("{layer}:{channel}, {size}x{size}, {steps} steps");
    let bar = bar(steps);
    let visualization = Visualizer::new()
        .steps(steps)
        .save_to(&picture)
        .observer(|progress| {
            bar.set_message(format!("{:.1}", progress.value));
            bar.inc(1);
        })
        .run(objective, Fourier::new(size, size))?;
    bar.finish();

    let seconds = visualization.timings().total.as_secs_f64();
    println!("{picture} in {seconds:.1} s");
    Ok(())
}
