//! The same class, two ways: pixels without transforms give noise that the network is certain
//! about; a Fourier image under transforms gives a picture.

mod common;

use common::{Args, Report, bar};
use oneiric::{Fourier, Objectives, Picture, Transforms, Visualizer, default_device, param::Pixel};

fn main() -> Result<(), Report> {
    let mut args = Args::new(
        "pixel_against_fourier [CLASS=flower] [PICTURE=pixel_against_fourier.png] \
         [SIZE=224] [STEPS=512]",
    );
    let class = args.or("CLASS", "flower".to_owned())?;
    let picture = args.or("PICTURE", "pixel_against_fourier.png".to_owned())?;
    let size: usize = args.or("SIZE", 224)?;
    let steps: usize = args.or("STEPS", 512)?;
    args.end()?;

    Picture::check_writable(&picture)?;
    let net = args.network(&default_device()?)?;
    let objective = net.class_logit(common::class(&class))?;

    let bar = bar(2 * steps);
    let visualizer = || Visualizer::new().steps(steps).observer(|_| bar.inc(1));
    let pixel = visualizer()
        .transforms(Transforms::none())
        .run(&objective, Pixel::new(size, size))?;
    let fourier = visualizer().run(objective, Fourier::new(size, size))?;
    bar.finish();

    for (name, visualization) in [("pixel", &pixel), ("Fourier", &fourier)] {
        let best = net.classify(visualization.picture())?.remove(0);
        let label = best.label.unwrap_or_else(|| best.class.to_string());
        let percent = best.probability * 100.0;
        println!("{name}: the network says {label}, {percent:.1} %");
    }
    let both = [pixel.picture().clone(), fourier.picture().clone()];
    Picture::sheet(&both)?.save(&picture)?;
    println!("{picture}: pixels on the left, Fourier on the right");
    Ok(())
}
