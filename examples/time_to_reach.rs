//! How long it takes until the picture excites a unit as much as another program's picture does:
//! the value is that of the clean picture, without transforms.

mod common;

use std::time::Duration;

use common::{Args, Report, bar};
use oneiric::{
    Fourier, NetworkExt, Objectives, Visualizer, default_device, model::ReluGradient,
    optimize::RunProgress,
};

fn main() -> Result<(), Report> {
    let mut args =
        Args::new("time_to_reach LAYER:CHANNEL VALUE [SIZE=224] [STEPS=512] [LEARNING_RATE=0.05]");
    let unit = args.required()?;
    let value: f32 = args.or("VALUE", f32::NAN)?;
    let size: usize = args.or("SIZE", 224)?;
    let steps: usize = args.or("STEPS", 512)?;
    let rate: f64 = args.or("LEARNING_RATE", 0.05)?;
    args.end()?;
    if value.is_nan() {
        return Err("give the value to reach".into());
    }

    let net = args.network(&default_device()?)?;
    let (layer, channel) = common::unit(&unit)?;
    let objective = net.channel(&layer, channel)?;
    let clean = {
        let (objective, device) = (&objective, net.device());
        move |progress: &RunProgress<'_>| {
            let image = progress.pictures().ok()?[0].to_tensor(device);
            let acts = objective.forward(&image, ReluGradient::Plain);
            let value = objective.value(&image, &acts).ok()?;
            Some(value.into_scalar::<f32>())
        }
    };

    let bar = bar(steps);
    let mut best = f32::NEG_INFINITY;
    let run = Visualizer::new()
        .steps(steps)
        .learning_rate(rate)
        .stop_when(|progress| {
            bar.inc(1);
            let clean = clean(progress).unwrap_or(f32::NEG_INFINITY);
            best = best.max(clean);
            clean >= value
        })
        .run(&objective, Fourier::new(size, size))?;
    bar.finish_and_clear();
    // Looking is not counted, only the steps.
    let made = &run.timings().steps;
    let seconds = made.iter().sum::<Duration>().as_secs_f64();
    println!(
        "{unit}: {best:.1} of {value} in {} steps, {seconds:.2} s",
        made.len()
    );
    Ok(())
}
