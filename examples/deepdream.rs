//! DeepDream: a photograph, changed until a layer is excited by what it already saw there.

mod common;

use common::{Args, Report, bar};
use oneiric::{
    Fourier, Objectives, Picture, Transforms, Visualizer, default_device, transform::Jitter,
};

/// Longer side of the picture.
const SIDE: usize = 320;

fn main() -> Result<(), Report> {
    let mut args = Args::new("deepdream PHOTOGRAPH [LAYER=mixed4c] [PICTURE=dream.png] [STEPS=64]");
    let photograph = Picture::open(args.required()?)?;
    let layer = args.or("LAYER", "mixed4c".to_owned())?;
    let picture = args.or("PICTURE", "dream.png".to_owned())?;
    let steps: usize = args.or("STEPS", 64)?;
    args.end()?;

    let net = args.network(&default_device()?)?;
    let longer = photograph.width().max(photograph.height());
    let scaled = |n: usize| (n * SIDE / longer).max(1);
    let photograph = photograph.resize(scaled(photograph.width()), scaled(photograph.height()))?;

    let bar = bar(steps);
    Visualizer::new()
        .steps(steps)
        .transforms(Transforms::none().then(Jitter::new(16)))
        .save_to(&picture)
        .observer(|_| bar.inc(1))
        .run(
            net.deepdream(&layer)?,
            Fourier::new(photograph.width(), photograph.height()).start_from(photograph),
        )?;
    bar.finish();
    println!("{picture}");
    Ok(())
}
