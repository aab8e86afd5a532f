//! The same class, two ways: pixels without transforms give noise that the network is certain
//! about; a Fourier image under transforms gives a picture.
//! `pixel_against_fourier WEIGHTS [CLASS] [PICTURE]`

use std::{env, error::Error};

use indicatif::ProgressBar;
use oneiric::{
    Fourier, InceptionV1, Objectives, Picture, Pixel, Transforms, Visualizer, default_device,
};

const SIZE: usize = 224;
const STEPS: usize = 512;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let usage = "usage: pixel_against_fourier WEIGHTS [CLASS] [PICTURE]";
    let net = InceptionV1::load(args.next().ok_or(usage)?, &default_device()?)?;
    let class = args.next().unwrap_or_else(|| "flamingo".to_owned());
    let picture = args
        .next()
        .unwrap_or_else(|| "pixel_against_fourier.png".to_owned());
    Picture::check_writable(&picture)?;
    let objective = match class.parse::<usize>() {
        Ok(number) => net.class_logit(number)?,
        Err(_) => net.class_logit(class.as_str())?,
    };

    let bar = ProgressBar::new(2 * STEPS as u64);
    let visualizer = || Visualizer::new().steps(STEPS).observer(|_| bar.inc(1));
    let pixel = visualizer()
        .transforms(Transforms::none())
        .run(objective.clone(), Pixel::new(SIZE, SIZE))?;
    let fourier = visualizer().run(objective, Fourier::new(SIZE, SIZE))?;
    bar.finish();

    for (name, visualization) in [("pixel", &pixel), ("Fourier", &fourier)] {
        let best = net.classify(visualization.picture())?.remove(0);
        let label = best.label.unwrap_or_else(|| best.class.to_string());
        println!(
            "{name}: the network says {label}, {:.1} %",
            best.probability * 100.0
        );
    }
    let both = [pixel.picture().clone(), fourier.picture().clone()];
    if let Some(sheet) = Picture::sheet(&both) {
        sheet.save(&picture)?;
        println!("{picture}: pixels on the left, Fourier on the right");
    }
    Ok(())
}
