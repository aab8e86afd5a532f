//! A network in an ONNX file: its layers, what it sees in a photograph, and pictures of its units.

mod common;

use std::{env, sync::Arc};

use common::{Report, bar};
use oneiric::{
    Fourier, NetworkExt, Objectives, Picture, Visualizer, default_device,
    model::{OnnxNetwork, Preprocessing},
};

const USAGE: &str = "usage: onnx FILE PREPROCESSING [list | CLASS | LAYER:CHANNEL | PHOTOGRAPH] \
                     [PICTURE] [SIZE=224] [STEPS=512] [LABELS]

PREPROCESSING is what a color in 0..=1 becomes: imagenet (torchvision, timm), half (2 x - 1), byte
(255 x), caffe, none, or SCALE,MEAN for SCALE x - MEAN. LABELS is a text file of a line each.";

fn preprocessing(text: &str) -> Result<Preprocessing, Report> {
    Ok(match text {
        "imagenet" => Preprocessing::imagenet(),
        "half" => Preprocessing::half(),
        "byte" => Preprocessing::byte(),
        "caffe" => Preprocessing::caffe(),
        "none" => Preprocessing::none(3),
        other => {
            let (scale, mean) = other.split_once(',').ok_or(USAGE)?;
            let mean: f32 = mean.parse()?;
            Preprocessing::uniform(scale.parse()?, [mean; 3])
        }
    })
}

fn main() -> Result<(), Report> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [file, normalization, rest @ ..] = &args[..] else {
        println!("{USAGE}");
        return Ok(());
    };
    let or = |at: usize, default: &str| rest.get(at).cloned().unwrap_or(default.to_owned());
    let what = or(0, "list");
    let picture = or(1, &format!("{}.png", what.replace(['/', ':'], "-")));
    let (size, steps): (usize, usize) = (or(2, "224").parse()?, or(3, "512").parse()?);

    let device = default_device()?;
    let mut net = OnnxNetwork::open(file, preprocessing(normalization)?, &device)?;
    if let Some(labels) = rest.get(4) {
        net = net.with_labels_from(labels)?;
    }
    for missing in net.missing() {
        eprintln!("{missing}");
    }
    if what == "list" {
        for (at, layer) in net.layers().iter().enumerate() {
            let id = oneiric::model::LayerId::new(at);
            let [height, width] = net.layer_size(id, [size; 2]).unwrap_or_default();
            let (kind, channels) = (net.kind(id), layer.channels());
            println!(
                "{layer}  {kind}  [n, {channels}, {height}, {width}]  {:?}",
                layer.aliases()
            );
        }
        return Ok(());
    }
    if let Ok(mut photograph) = Picture::open(&what) {
        if let Some([height, width]) = net.logits().and_then(|layer| net.only_size(layer)) {
            let shorter = photograph.width().min(photograph.height());
            photograph = photograph
                .crop_center(shorter, shorter)
                .resize(width, height)?;
        }
        for prediction in net.predict(photograph.to_tensor(&device))?[0]
            .iter()
            .take(5)
        {
            let label = prediction.label.as_deref().unwrap_or("");
            println!(
                "{:.3}  {} {label}",
                prediction.probability, prediction.class
            );
        }
        return Ok(());
    }
    let net = Arc::new(net);
    let objective = match what.rsplit_once(':') {
        Some((layer, channel)) if net.layer(layer).is_ok() => {
            net.channel(layer, channel.parse()?)?
        }
        _ => net.class_logit(common::class(&what))?,
    };
    println!("{what}, {size}x{size}, {steps} steps");
    let bar = bar(steps);
    let visualization = Visualizer::new()
        .steps(steps)
        .save_to(&picture)
        .observer(|progress| {
            bar.set_message(format!("{:.1}", progress.value));
            bar.inc(1);
        })
        .run(objective, Fourier::new(size, size))?;
    bar.finish();
    let seconds = visualization.timings().total.as_secs_f64();
    println!("{picture} in {seconds:.1} s");
    Ok(())
}
