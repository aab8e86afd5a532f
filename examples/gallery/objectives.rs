//! What is excited.

use oneiric::{Fourier, Objective, Objectives, Picture, Visualizer, objective::Difference};

use super::{Report, SIDE, Studio, row, rows};

fn fourier() -> Fourier {
    Fourier::new(SIDE, SIDE)
}

/// A channel, a neuron, a direction, a direction at one place, a layer, a class.
pub(crate) fn kinds(studio: &Studio) -> Result<Picture, Report> {
    let (net, layer) = (&studio.net, studio.layer);
    let channel = studio.channel(50);
    let mut direction = vec![0.0; studio.channels];
    direction[channel] = 1.0;
    direction[studio.channel(1)] = 1.0;
    rows(
        &[
            studio.picture(net.channel(layer, channel)?, fourier())?,
            studio.picture(net.neuron(layer, channel)?, fourier())?,
            studio.picture(net.direction(layer, direction.clone(), 1.0)?, fourier())?,
            studio.picture(net.direction_neuron(layer, direction, 1.0)?, fourier())?,
            studio.picture(net.deepdream(layer)?, fourier())?,
            studio.picture(net.class_logit(studio.class)?, fourier())?,
        ],
        3,
    )
}

/// A channel, another, their sum, and the first less total variation and boundary.
pub(crate) fn arithmetic(studio: &Studio) -> Result<Picture, Report> {
    let (net, layer) = (&studio.net, studio.layer);
    let [a, b] = [50, 1].map(|channel| net.channel(layer, studio.channel(channel)));
    let (a, b) = (a?, b?);
    let smooth = &a - 1e-4 * net.total_variation() + 1e-3 * net.penalize_boundary(8);
    row(&[
        studio.picture(&a, fourier())?,
        studio.picture(&b, fourier())?,
        studio.picture(a + b, fourier())?,
        studio.picture(smooth, fourier())?,
    ])
}

/// Four pictures of one channel, without and with a wish for diversity.
pub(crate) fn diversity(studio: &Studio) -> Result<Picture, Report> {
    let (net, layer) = (&studio.net, studio.layer);
    let channel = net.channel(layer, studio.channel(50))?;
    let diverse = &channel - 0.25 * studio.excitement * net.diversity(layer)?;
    let mut pictures = Vec::new();
    for objective in [channel, diverse] {
        let run = studio.run(Visualizer::new().batch(4), objective, fourier())?;
        pictures.extend_from_slice(run.pictures());
    }
    rows(&pictures, 4)
}

/// A photograph and what two layers make of it.
pub(crate) fn caricature(studio: &Studio) -> Result<Picture, Report> {
    let mut pictures = vec![studio.photograph.clone()];
    for layer in ["mixed3b", studio.layer] {
        let objective = studio
            .net
            .caricature(studio.photograph.clone(), layer, 1.0)?;
        pictures.push(studio.picture(objective, fourier())?);
    }
    row(&pictures)
}

/// What one photograph shows in the manner of another.
pub(crate) fn style(studio: &Studio) -> Result<Picture, Report> {
    let (net, absolute) = (&studio.net, Difference::Absolute);
    let (content, manner) = (studio.photograph.clone(), studio.texture.clone());
    let objective = -net.activation_difference(content.clone(), &["mixed3b"], absolute)?
        - 3.0 * net.style(manner.clone(), &["conv2d2", "mixed3a", "mixed3b"], absolute)?;
    let params = fourier().start_from(content.clone());
    row(&[content, manner, studio.picture(objective, params)?])
}

/// Sixteen channels in one run.
pub(crate) fn batch(studio: &Studio) -> Result<Picture, Report> {
    let channels = (0..16).map(|n| {
        let channel = studio.channel(n * 10);
        studio.net.channel(studio.layer, channel)
    });
    let objective = Objective::per_image(channels.collect::<Result<Vec<_>, _>>()?);
    let run = studio.run(Visualizer::new().batch(16), objective, Fourier::new(96, 96))?;
    rows(run.pictures(), 8)
}
