//! What is optimized, and what happens to it before the network sees it.

use oneiric::{
    Fourier, Objectives, Picture, Transforms, Visualizer,
    param::{Cppn, Inpaint, Maco, Pixel, Pyramid, Shared},
    transform::{ColorJitter, GaussianBlur, Noise, RandomBackground, RandomFlip},
};

use super::{Report, SIDE, Studio, row, rows};

/// Learning rate of a small network that paints (Lucid's).
const CPPN_RATE: f64 = 5e-3;

/// Pixels, spectrum, pyramid, small network, phases, and the spectrum of a photograph.
pub(crate) fn all(studio: &Studio) -> Result<Picture, Report> {
    let objective = || studio.net.class_logit(studio.class);
    let cppn = Visualizer::new().learning_rate(CPPN_RATE);
    let started = Fourier::new(SIDE, SIDE).start_from(studio.photograph.clone());
    rows(
        &[
            studio.picture(objective()?, Pixel::new(SIDE, SIDE))?,
            studio.picture(objective()?, Fourier::new(SIDE, SIDE))?,
            studio.picture(objective()?, Pyramid::new(SIDE, SIDE))?,
            studio
                .run(cppn, objective()?, Cppn::new(SIDE, SIDE))?
                .picture()
                .clone(),
            studio
                .run(Visualizer::maco(), objective()?, Maco::new(SIDE, SIDE))?
                .picture()
                .clone(),
            studio.picture(objective()?, started)?,
        ],
        3,
    )
}

/// Colors and alpha: over white, and the alpha channel.
pub(crate) fn alpha(studio: &Studio) -> Result<Picture, Report> {
    let transforms = Transforms::none()
        .then(RandomBackground::new())
        .then(Transforms::standard());
    let alpha = studio.net.custom("little alpha", &[], |reading| {
        reading.image.clone().narrow(1, 3, 1).mean()
    })?;
    let objective = studio.net.class_logit(studio.class)? * (1.0 - alpha);
    let run = studio.run(
        Visualizer::new().transforms(transforms),
        objective,
        Fourier::new(SIDE, SIDE).channels(4),
    )?;
    let alpha = run.picture().select(&[3, 3, 3])?;
    row(&[over_white(run.picture())?, alpha])
}

/// MACO's picture, what was asked for in it, and both together over white. Larger, for its crops
/// are a small part of it in the end.
pub(crate) fn maco(studio: &Studio) -> Result<Picture, Report> {
    let params = Maco::new(2 * SIDE, 2 * SIDE);
    let objective = studio.net.class_logit(studio.class)?;
    let run = studio.run(Visualizer::maco(), objective, params)?;
    let map = run.transparency()[0].select(&[0, 0, 0])?;
    row(&[
        run.picture().clone(),
        map,
        over_white(&run.cut_out(80.0)?[0])?,
    ])
}

/// A photograph, and the class in a disc of it.
pub(crate) fn mask(studio: &Studio) -> Result<Picture, Report> {
    let center = (SIDE as f32 - 1.0) / 2.0;
    let inside = (0..SIDE * SIDE).map(|at| {
        let [x, y] = [at % SIDE, at / SIDE].map(|n| n as f32 - center);
        (SIDE as f32 / 3.0 - x.hypot(y)).clamp(0.0, 1.0)
    });
    let mask = Picture::with_channels(SIDE, SIDE, 1, inside.collect())?;
    let photograph = studio.photograph.clone();
    let params = Inpaint::new(Fourier::new(SIDE, SIDE), photograph.clone(), mask);
    let filled = studio.picture(studio.net.class_logit(studio.class)?, params)?;
    row(&[photograph, filled])
}

/// From one channel to another in six pictures that share what is coarse.
pub(crate) fn interpolation(studio: &Studio) -> Result<Picture, Report> {
    let (net, layer) = (&studio.net, studio.layer);
    let objective = net.channel_interpolate(layer, studio.channel(1), layer, studio.channel(50))?;
    let [half, quarter, eighth] = [2, 4, 8].map(|part| Shared::new(SIDE / part, SIDE / part));
    let params = Fourier::new(SIDE, SIDE)
        .shared(half)
        .shared(quarter)
        .shared(eighth);
    let run = studio.run(Visualizer::new().batch(6), objective, params)?;
    row(run.pictures())
}

/// No transforms, the standard ones, MACO's crops, and one of everything else.
pub(crate) fn transforms(studio: &Studio) -> Result<Picture, Report> {
    let more = Transforms::standard()
        .then(RandomFlip::new())
        .then(ColorJitter::new())
        .then(GaussianBlur::between(0.1, 1.0))
        .then(Noise::new(0.05));
    let lists = [
        Transforms::none(),
        Transforms::standard(),
        Transforms::maco(),
        more,
    ];
    let pictures = lists.into_iter().map(|transforms| {
        let objective = studio.net.channel(studio.layer, studio.channel(50))?;
        let settings = Visualizer::new().transforms(transforms);
        let run = studio.run(settings, objective, Fourier::new(SIDE, SIDE))?;
        Ok(run.picture().clone())
    });
    row(&pictures.collect::<Result<Vec<_>, Report>>()?)
}

/// A picture of colors and alpha over white.
fn over_white(picture: &Picture) -> Result<Picture, Report> {
    let pixels = picture.values().chunks(4);
    let values = pixels.flat_map(|p| [0, 1, 2].map(|color| p[color] * p[3] + 1.0 - p[3]));
    Ok(Picture::new(
        picture.width(),
        picture.height(),
        values.collect(),
    )?)
}
