//! Has one network name what another network's classes look like:
//! `truth NETWORK JUDGE [GRID.jpg] [SIDE=128] [STEPS=512]`. Prints the table of `docs/network.md`.

use std::error::Error;

use indicatif::{ProgressBar, ProgressStyle};
use oneiric_core::{Picture, default_device};
use oneiric_model::{InceptionV1, Network};
use oneiric_training::{Drawings, Method, Verdict, share_named};

/// Classes side by side in the picture; under each an example and what every method shows.
const COLUMNS: usize = 12;
/// Side of a picture in the grid.
const CELL: usize = 96;
/// Seed of the examples in the grid.
const EXAMPLES: u64 = 1 << 41;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [net, judge, rest @ ..] = &args[..] else {
        return Err("usage: truth NETWORK JUDGE [GRID.jpg] [SIDE=128] [STEPS=512]".into());
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
        let verdicts = (0..classes).map(|class| {
            bar.inc(1);
            Verdict::of(method, &net, &judge, class, side, steps)
        });
        by_method.push(verdicts.collect::<Result<Vec<_>, _>>()?);
    }
    bar.finish();

    println!("| what is optimised | named rightly | among the first five | mean probability |");
    println!("| --- | --- | --- | --- |");
    for (method, verdicts) in Method::ALL.iter().zip(&by_method) {
        let mean = verdicts.iter().map(Verdict::probability).sum::<f32>() / classes as f32;
        println!(
            "| {} | {:.0} % | {:.0} % | {:.0} % |",
            method.name(),
            share_named(verdicts, 1) * 100.0,
            share_named(verdicts, 5) * 100.0,
            mean * 100.0
        );
    }
    println!();
    for verdict in &by_method[Method::ALL.len() - 1] {
        if !verdict.is_named(1) {
            let label = |class: usize| &judge.labels()[class];
            let taken = label(verdict.predictions[0].class);
            println!("{} is taken for {taken}", label(verdict.class));
        }
    }
    if let Some(path) = rest.first() {
        grid(&by_method)?.save(path)?;
    }
    Ok(())
}

/// Rows of an example, then one of each method's, for every `COLUMNS` classes.
fn grid(by_method: &[Vec<Verdict>]) -> Result<Picture, Box<dyn Error>> {
    let classes = by_method[0].len();
    let mut cells = Vec::new();
    for first in (0..classes).step_by(COLUMNS) {
        let band = first..first + COLUMNS;
        for class in band.clone() {
            let class = class.min(classes - 1);
            cells.push(Drawings::example(class, EXAMPLES, CELL)?);
        }
        for verdicts in by_method {
            for class in band.clone() {
                let picture = &verdicts[class.min(classes - 1)].picture;
                cells.push(picture.resize(CELL, CELL)?);
            }
        }
    }
    Picture::grid(&cells, COLUMNS).ok_or_else(|| "no pictures".into())
}
