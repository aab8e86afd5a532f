//! What one channel responds to: `channel WEIGHTS [LAYER:CHANNEL] [PICTURE] [SIZE] [STEPS]`.
//!
//! WEIGHTS is a safetensors file of BVLC GoogLeNet or inception5h; the README says where from.

use std::{env, error::Error};

use indicatif::{ProgressBar, ProgressStyle};
use oneiric::{Fourier, InceptionV1, Objectives, Visualizer, default_device};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let weights = args
        .next()
        .ok_or("usage: channel WEIGHTS [LAYER:CHANNEL] [PICTURE] [SIZE] [STEPS]")?;
    let unit = args.next().unwrap_or_else(|| "mixed4c:1".to_owned());
    let picture = args.next().unwrap_or_else(|| "eyes.png".to_owned());
    let size: usize = args.next().map_or(Ok(224), |size| size.parse())?;
    let steps: usize = args.next().map_or(Ok(512), |steps| steps.parse())?;
    let (layer, channel) = unit
        .rsplit_once(':')
        .ok_or("write the unit as LAYER:CHANNEL, such as mixed4c:1")?;

    let net = InceptionV1::load(weights, &default_device()?)?;
    let objective = net.channel(layer, channel.parse()?)?;

    let bar = ProgressBar::new(steps as u64).with_style(ProgressStyle::with_template(
        "{wide_bar} {pos}/{len} {msg} {eta}",
    )?);
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
    println!("{unit}: {picture} in {seconds:.1} s");
    Ok(())
}
