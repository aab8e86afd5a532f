//! Trains a network with the default [`Recipe`]: `train SEED OUT.safetensors [PLAIN.safetensors]`.
//!
//! Plain training comes first, then adversarial training. If a network PLAIN is given, the program
//! starts from it and skips the plain training. The learning curve is written beside OUT as CSV.

use std::{error::Error, fs::File, io::Write as _, path::Path, time::Instant};

use indicatif::{ProgressBar, ProgressStyle};
use oneiric_core::default_device;
use oneiric_model::InceptionV1;
use oneiric_training::{Drawings, Recipe, Report, accuracy, harden, rounded_to_f16, train};

/// The seed of the test images, which no training uses.
const UNSEEN: u64 = 1 << 40;
/// The number of test images.
const TEST_IMAGES: usize = 4800;
/// The number of steps between two lines of the curve.
const LINE: usize = 50;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [seed, out, rest @ ..] = &args[..] else {
        return Err("usage: train SEED OUT.safetensors [PLAIN.safetensors]".into());
    };
    let recipe = Recipe {
        seed: seed.parse()?,
        ..Recipe::default()
    };
    let device = default_device()?;
    let out = Path::new(out);
    let start = Instant::now();
    let mut curve = Curve::new(File::create(out.with_extension("csv"))?, start, &recipe)?;
    let plain = match rest.first() {
        Some(path) => InceptionV1::load(path, &device)?,
        // Round the weights, so that a saved plain network gives the same final network.
        None => rounded_to_f16(&train(&recipe, &device, |report| {
            curve.add("plain", report)
        })?)?,
    };
    curve.total = recipe.hardening.steps(recipe.batch);
    let net = harden(&plain, &recipe, |report| curve.add("hardened", report))?;
    curve.written?;

    let net = rounded_to_f16(&net)?
        .with_source(&format!(
            "oneiric-training, seed {seed}, {} images, {} more for adversarial training",
            recipe.images, recipe.hardening.images
        ))
        .with_labels(oneiric_procedural::labels())?;
    net.save(out)?;
    let net = InceptionV1::load(out, &device)?;
    let drawings = Drawings {
        seed: UNSEEN,
        side: recipe.side,
    };
    let accuracy = accuracy(&net, &drawings, TEST_IMAGES)?;
    println!(
        "{} in {} s: accuracy {:.2} % on {TEST_IMAGES} test images",
        out.display(),
        start.elapsed().as_secs(),
        accuracy * 100.0
    );
    Ok(())
}

/// The file of the learning curve, and the progress bar.
struct Curve {
    file: File,
    start: Instant,
    bar: ProgressBar,
    /// The number of steps of this phase.
    total: usize,
    loss: f32,
    accuracy: f32,
    written: std::io::Result<()>,
}

impl Curve {
    fn new(mut file: File, start: Instant, recipe: &Recipe) -> Result<Self, Box<dyn Error>> {
        writeln!(file, "phase,step,seconds,loss,accuracy")?;
        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg} {eta}")?;
        Ok(Self {
            file,
            start,
            bar: ProgressBar::new(0).with_style(style),
            total: recipe.steps(),
            loss: 0.0,
            accuracy: 0.0,
            written: Ok(()),
        })
    }

    fn add(&mut self, phase: &str, report: Report) {
        self.loss += report.loss / LINE as f32;
        self.accuracy += report.accuracy / LINE as f32;
        self.bar.set_length(self.total as u64);
        self.bar.set_position(report.step as u64);
        if report.step.is_multiple_of(LINE) && self.written.is_ok() {
            let Self { loss, accuracy, .. } = *self;
            let percent = accuracy * 100.0;
            self.bar
                .set_message(format!("loss {loss:.3}, accuracy {percent:.1} %"));
            let (step, seconds) = (report.step, self.start.elapsed().as_secs());
            let line = format!("{phase},{step},{seconds},{loss:.4},{accuracy:.4}");
            self.written = writeln!(self.file, "{line}");
            (self.loss, self.accuracy) = (0.0, 0.0);
        }
    }
}
