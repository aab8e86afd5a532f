//! Classifies the visualizations of one network's classes with another network:
//! `recognize NETWORK JUDGE [GRID.jpg] [SIDE=128] [STEPS=512]`. Prints the table of
//! `docs/network.md`.

use std::error::Error;

use indicatif::{ProgressBar, ProgressStyle};
use oneiric_core::{Picture, default_device};
use oneiric_model::{InceptionV1, NetworkExt};
use oneiric_training::{Drawings, Method, Recognition, top_k_accuracy};

/// The number of classes side by side in the grid. Each column has an example and the picture of
/// each method.
const COLUMNS: usize = 12;
/// The height and width of a picture in the grid, in pixels.
const CELL: usize = 96;
/// The seed of the examples in the grid.
const EXAMPLES: u64 = 1 << 41;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [net, judge, rest @ ..] = &args[..] else {
        return Err("usage: recognize NETWORK JUDGE [GRID.jpg] [SIDE=128] [STEPS=512]".into());
    };
    let side: usize = rest.get(1).map_or(Ok(128), |side| side.parse())?;
    let steps: usize = rest.get(2).map_or(Ok(512), |steps| steps.parse())?;
    let device = default_device()?;
    let net = InceptionV1::load(net, &device)?;
    let judge = InceptionV1::load(judge, &device)?;
    let classes = net.config().classes;

    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {eta}")?;
    let bar = ProgressBar::new((Method::ALL.len() * classes) as u64).with_style(style);
    let mut by_method = Vec::new();
    for method in Method::ALL {
        let recognitions = (0..classes).map(|class| {
            bar.inc(1);
            Recognition::measure(method, &net, &judge, class, side, steps)
        });
        by_method.push(recognitions.collect::<Result<Vec<_>, _>>()?);
    }
    bar.finish();

    println!("| method | top-1 accuracy | top-5 accuracy | mean probability |");
    println!("| --- | --- | --- | --- |");
    for (method, recognitions) in Method::ALL.iter().zip(&by_method) {
        let sum: f32 = recognitions.iter().map(Recognition::probability).sum();
        let mean = sum / classes as f32;
        println!(
            "| {} | {:.0} % | {:.0} % | {:.0} % |",
            method.name(),
            top_k_accuracy(recognitions, 1) * 100.0,
            top_k_accuracy(recognitions, 5) * 100.0,
            mean * 100.0
        );
    }
    println!();
    for recognition in &by_method[Method::ALL.len() - 1] {
        if !recognition.is_in_top(1) {
            let label = |class: usize| &judge.labels()[class];
            let predicted = label(recognition.predictions[0].class);
            println!("{} is classified as {predicted}", label(recognition.class));
        }
    }
    if let Some(path) = rest.first() {
        grid(&by_method)?.save(path)?;
    }
    Ok(())
}

/// Builds the grid: for every `COLUMNS` classes a row of examples, then a row for each method.
fn grid(by_method: &[Vec<Recognition>]) -> Result<Picture, Box<dyn Error>> {
    let classes = by_method[0].len();
    let mut cells = Vec::new();
    for first in (0..classes).step_by(COLUMNS) {
        let band = first..first + COLUMNS;
        for class in band.clone() {
            let class = class.min(classes - 1);
            cells.push(Drawings::example(class, EXAMPLES, CELL)?);
        }
        for recognitions in by_method {
            for class in band.clone() {
                let picture = &recognitions[class.min(classes - 1)].picture;
                cells.push(picture.resize(CELL, CELL)?);
            }
        }
    }
    Ok(Picture::grid(&cells, COLUMNS)?)
}
