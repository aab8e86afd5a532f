//! A network of one's own: SqueezeNet 1.1, in `network.rs` as a user would write it.
//!
//! With torchvision's weights (`squeezenet1_1-b8a52dc0.pth`) it is theirs; without, a narrow one is
//! first trained on drawings, for about a minute, and then looked into. So little training shows:
//! its "checks" can be recognized, of its "eye" only that something is dark and round.

#[path = "../common/mod.rs"]
mod common;
mod network;
mod train;

use std::{env, sync::Arc, time::Instant};

use common::{Report, bar, unit};
use network::SCORES;
use oneiric::{Fourier, NetworkExt, Objectives, Picture, Visualizer, default_device};

const USAGE: &str = "usage: squeezenet [CLASS or LAYER:CHANNEL=checks] [PICTURE] [SIZE=96] \
                     [TRAINING STEPS, or squeezenet1_1-b8a52dc0.pth=1500]";
/// The classes of ImageNet, in the order of their numbers.
const IMAGENET: &str = include_str!("../../crates/model/labels/imagenet1k.txt");
/// Drawings that the trained network is asked about.
const QUESTIONS: usize = 600;

fn main() -> Result<(), Report> {
    let mut args = env::args().skip(1);
    let what = args.next().unwrap_or_else(|| "checks".to_owned());
    if what.starts_with('-') {
        println!("{USAGE}");
        return Ok(());
    }
    let picture = args.next();
    let picture = picture.unwrap_or_else(|| format!("{}.png", what.replace(['/', ':'], "-")));
    Picture::check_writable(&picture)?;
    let size: usize = args.next().map_or(Ok(96), |size| size.parse())?;
    let source = args.next().unwrap_or_else(|| "1500".to_owned());

    let device = default_device()?;
    let net = match source.parse() {
        Ok(steps) => {
            let bar = bar(steps);
            let started = Instant::now();
            let net = train::train(steps, &device, &bar)?;
            bar.finish();
            let seconds = started.elapsed().as_secs_f64();
            let right = train::accuracy(&net, QUESTIONS) * 100.0;
            println!("trained in {seconds:.0} s, names {right:.0} % of new drawings rightly");
            net
        }
        Err(_) => {
            let labels = IMAGENET.lines().map(str::to_owned).collect();
            network::torchvision(oneiric_weights::read(&source)?.tensors, labels, &device)?
        }
    };
    net.verify([size, size])?;
    match net.burn_reason() {
        None => println!("computed by {:?}", net.kernels()),
        Some(reason) => println!("computed by burn's operations: {reason}"),
    }
    let net = Arc::new(net);
    let objective = match unit(&what) {
        Ok((layer, channel)) => net.channel(&layer, channel)?,
        // A class before the last ReLU, which holds back what the network is sure is not there.
        Err(_) => net.channel(SCORES, net.class(&what)?)?,
    };

    let steps = 512;
    let bar = bar(steps);
    let visualization = Visualizer::new()
        .steps(steps)
        .save_to(&picture)
        .observer(|_| bar.inc(1))
        .run(objective, Fourier::new(size, size))?;
    bar.finish();
    let shown = visualization.picture().to_tensor(net.device());
    for guess in net.predict(shown)?[0].iter().take(2) {
        let label = guess.label.as_deref().unwrap_or_default();
        println!("{picture}: {:.1} % {label}", guess.probability * 100.0);
    }
    Ok(())
}
