//! Trains a network: `train SEED OUT.safetensors [IMAGES] [BATCH] [LEARNING_RATE]`; what is left out
//! is as [`Recipe`] has it. Writes the curve beside it.

use std::{error::Error, fs::File, io::Write as _, path::Path, time::Instant};

use indicatif::{ProgressBar, ProgressStyle};
use oneiric_core::default_device;
use oneiric_model::InceptionV1;
use oneiric_training::{Drawings, Recipe, accuracy, rounded_to_f16, train};

/// Seed of the images that no training sees.
const UNSEEN: u64 = 1 << 40;
/// How many of them decide.
const TEST_IMAGES: usize = 4800;
/// Steps between two lines of the curve.
const LINE: usize = 50;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [seed, out, rest @ ..] = &args[..] else {
        return Err("usage: train SEED OUT.safetensors [IMAGES] [BATCH] [LEARNING_RATE]".into());
    };
    let mut recipe = Recipe {
        seed: seed.parse()?,
        ..Recipe::default()
    };
    if let Some(images) = rest.first() {
        recipe.images = images.parse()?;
    }
    if let Some(batch) = rest.get(1) {
        recipe.batch = batch.parse()?;
    }
    if let Some(rate) = rest.get(2) {
        recipe.learning_rate = rate.parse()?;
    }
    let device = default_device()?;
    let out = Path::new(out);
    let mut curve = File::create(out.with_extension("csv"))?;
    writeln!(curve, "images,seconds,loss,accuracy")?;

    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg} {eta}")?;
    let bar = ProgressBar::new(recipe.steps() as u64).with_style(style);
    let start = Instant::now();
    let (mut loss, mut right, mut written) = (0.0, 0.0, Ok(()));
    let net = train(&recipe, &device, |report| {
        loss += report.loss / LINE as f32;
        right += report.accuracy / LINE as f32;
        bar.inc(1);
        if report.step % LINE == 0 && written.is_ok() {
            bar.set_message(format!("loss {loss:.3}, {:.1} % right", right * 100.0));
            let images = report.step * recipe.batch;
            let seconds = start.elapsed().as_secs();
            written = writeln!(curve, "{images},{seconds},{loss:.4},{right:.4}");
            (loss, right) = (0.0, 0.0);
        }
    })?;
    bar.finish();
    written?;

    let net = rounded_to_f16(&net)?
        .with_source(&format!(
            "oneiric-training, seed {seed}, {} images",
            recipe.images
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
