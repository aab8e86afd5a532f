//! What a class or a channel looks like to a network.

mod common;

use common::{Args, Report, bar};
use oneiric::{Fourier, NetworkExt, Objectives, Visualizer, default_device};

fn main() -> Result<(), Report> {
    let mut args =
        Args::new("visualize [CLASS or LAYER:CHANNEL=flower] [PICTURE] [SIZE=224] [STEPS=512]");
    let unit = args.or("the unit", "flower".to_owned())?;
    let picture = args.or("PICTURE", format!("{}.png", unit.replace(['/', ':'], "-")))?;
    let size: usize = args.or("SIZE", 224)?;
    let steps: usize = args.or("STEPS", 512)?;
    args.end()?;

    let net = args.network(&default_device()?)?;
    let objective = if unit.contains(':') || net.layer(&unit).is_ok() {
        let (layer, channel) = common::unit(&unit)?;
        net.channel(&layer, channel)?
    } else {
        net.class_logit(common::class(&unit))?
    };

    println!("{unit}, {size}x{size}, {steps} steps");
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
