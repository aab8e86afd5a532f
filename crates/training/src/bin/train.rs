//! Trains a network: `train SEED OUT.safetensors [PLAIN.safetensors]`, as [`Recipe`] has it. First
//! plainly, then hardened; PLAIN is a network that is hardened only. Writes the curve beside it.

use std::{error::Error, fs::File, io::Write as _, path::Path, time::Instant};

use indicatif::{ProgressBar, ProgressStyle};
use oneiric_core::default_device;
use oneiric_model::InceptionV1;
use oneiric_training::{Drawings, Recipe, Report, accuracy, harden, rounded_to_f16, train};

/// Seed of the images that no training sees.
const UNSEEN: u64 = 1 << 40;
/// How many of them decide.
const TEST_IMAGES: usize = 4800;
/// Steps between two lines of the curve.
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
        // Rounded, so that one that was saved hardens to the same network.
        None => rounded_to_f16(&train(&recipe, &device, |report| {
            curve.add("plain", report)
        })?)?,
    };
    curve.total = recipe.hardening.steps(recipe.batch);
    let net = harden(&plain, &recipe, |report| curve.add("hardened", report))?;
    curve.written?;

    let net = rounded_to_f16(&net)?
        .with_source(&format!(
            "oneiric-training, seed {seed}, {} images, {} more to harden it",
            recipe.images, recipe.hardening.images
        ))
        .with_labels(oneiric_procedural::labels())?;
    net.save(out)?;
    let net = InceptionV1::load(out, &device)?;
    let drawings = Drawings {
        seed: UNSEEN,
        side: recipe.side,
    };
    let right = accuracy(&net, &drawings, TEST_IMAGES)?;
    println!(
        "{} in {} s: {:.2} % of {TEST_IMAGES} unseen images named rightly",
        out.display(),
        start.elapsed().as_secs(),
        right * 100.0
    );
    Ok(())
}

/// The file with the curve, and the bar that shows it growing.
struct Curve {
    file: File,
    start: Instant,
    bar: ProgressBar,
    /// Steps of this phase.
    total: usize,
    loss: f32,
    right: f32,
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
            right: 0.0,
            written: Ok(()),
        })
    }

    fn add(&mut self, phase: &str, report: Report) {
        self.loss += report.loss / LINE as f32;
        self.right += report.accuracy / LINE as f32;
        self.bar.set_length(self.total as u64);
        self.bar.set_position(report.step as u64);
        if report.step.is_multiple_of(LINE) && self.written.is_ok() {
            let Self { loss, right, .. } = *self;
            let percent = right * 100.0;
            self.bar
                .set_message(format!("loss {loss:.3}, {percent:.1} % right"));
            let (step, seconds) = (report.step, self.start.elapsed().as_secs());
            let line = format!("{phase},{step},{seconds},{loss:.4},{right:.4}");
            self.written = writeln!(self.file, "{line}");
            (self.loss, self.right) = (0.0, 0.0);
        }
    }
}
