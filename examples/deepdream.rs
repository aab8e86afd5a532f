//! DeepDream: a photograph, changed until a layer is excited by what it already saw there.
//! `deepdream WEIGHTS PHOTOGRAPH [LAYER] [PICTURE] [STEPS]`

use std::{env, error::Error};

use indicatif::ProgressBar;
use oneiric::{
    Fourier, InceptionV1, Jitter, Objectives, Picture, Transforms, Visualizer, default_device,
};

/// Longer side of the picture.
const SIDE: usize = 320;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let usage = "usage: deepdream WEIGHTS PHOTOGRAPH [LAYER] [PICTURE] [STEPS]";
    let weights = args.next().ok_or(usage)?;
    let photograph = Picture::open(args.next().ok_or(usage)?)?;
    let layer = args.next().unwrap_or_else(|| "mixed4c".to_owned());
    let picture = args.next().unwrap_or_else(|| "dream.png".to_owned());
    let steps: usize = args.next().map_or(Ok(64), |steps| steps.parse())?;

    let net = InceptionV1::load(weights, &default_device()?)?;
    let longer = photograph.width().max(photograph.height());
    let scaled = |n: usize| (n * SIDE / longer).max(1);
    let photograph = photograph.resize(scaled(photograph.width()), scaled(photograph.height()))?;

    let bar = ProgressBar::new(steps as u64);
    Visualizer::new()
        .steps(steps)
        .transforms(Transforms::none().then(Jitter::new(16)))
        .save_to(&picture)
        .observer(|_| bar.inc(1))
        .run(
            net.deepdream(&layer)?,
            Fourier::new(photograph.width(), photograph.height()).starting_from(photograph),
        )?;
    bar.finish();
    println!("{picture}");
    Ok(())
}
