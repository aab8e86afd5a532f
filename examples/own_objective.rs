//! An objective of one's own: two channels of a layer, excited side by side, the left half of
//! the picture by one and the right half by the other.
//! `own_objective WEIGHTS [LAYER] [LEFT] [RIGHT] [PICTURE]`

use std::{env, error::Error};

use indicatif::ProgressBar;
use oneiric::{Fourier, InceptionV1, Objectives, Visualizer, default_device};

const STEPS: usize = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let weights = args
        .next()
        .ok_or("usage: own_objective WEIGHTS [LAYER] [LEFT] [RIGHT] [PICTURE]")?;
    let layer = args.next().unwrap_or_else(|| "mixed4c".to_owned());
    let left: usize = args.next().map_or(Ok(1), |channel| channel.parse())?;
    let right: usize = args.next().map_or(Ok(2), |channel| channel.parse())?;
    let picture = args.next().unwrap_or_else(|| "halves.png".to_owned());

    let net = InceptionV1::load(weights, &default_device()?)?;
    // Making these checks both channels; the closure then only computes.
    let _ = (net.channel(&layer, left)?, net.channel(&layer, right)?);
    let halves = net.custom("halves", &[&layer], move |reading| {
        let acts = reading.layers[0].clone(); // [n, channels, height, width]
        let [_, _, _, width] = acts.dims();
        let half = width.div_ceil(2);
        let in_left = acts.clone().narrow(1, left, 1).narrow(3, 0, half);
        let in_right = acts.narrow(1, right, 1).narrow(3, width - half, half);
        in_left.mean() + in_right.mean()
    })?;

    let bar = ProgressBar::new(STEPS as u64);
    Visualizer::new()
        .steps(STEPS)
        .save_to(&picture)
        .observer(|_| bar.inc(1))
        .run(
            halves - 1e-4 * net.total_variation(),
            Fourier::new(320, 224),
        )?;
    bar.finish();
    println!("{picture}");
    Ok(())
}
