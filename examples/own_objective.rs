//! An objective of one's own: two channels of a layer, excited side by side, the left half of
//! the picture by one and the right half by the other.

mod common;

use common::{Args, Report, bar};
use oneiric::{Fourier, Objectives, Visualizer, default_device};

fn main() -> Result<(), Report> {
    let mut args = Args::new(
        "own_objective [LAYER=mixed4c] [LEFT=1] [RIGHT=50] [PICTURE=halves.png] \
         [STEPS=256]",
    );
    let layer = args.or("LAYER", "mixed4c".to_owned())?;
    let left: usize = args.or("LEFT", 1)?;
    let right: usize = args.or("RIGHT", 50)?;
    let picture = args.or("PICTURE", "halves.png".to_owned())?;
    let steps: usize = args.or("STEPS", 256)?;
    args.end()?;

    let net = args.network(&default_device()?)?;
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

    let bar = bar(steps);
    Visualizer::new()
        .steps(steps)
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
