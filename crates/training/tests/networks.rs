//! The networks that the repository holds, and the program that made them.

use std::path::Path;

use burn::tensor::Device;
use oneiric_core::Backend;
use oneiric_model::{InceptionV1, Network};
use oneiric_training::{
    Drawings, Hardening, Method, Recipe, Verdict, accuracy, harden, network, share_named, train,
};

fn flex() -> Device {
    Backend::Flex.device().expect("flex is compiled in")
}

fn bundled() -> InceptionV1 {
    InceptionV1::bundled(&flex()).expect("it ships with the crate")
}

fn judge() -> InceptionV1 {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/judge.safetensors");
    InceptionV1::load(path, &flex()).expect("it lies in the repository")
}

#[test]
fn both_networks_name_images_that_no_training_saw() {
    for net in [bundled(), judge()] {
        assert_eq!(net.labels(), oneiric_procedural::labels());
        let side = Recipe::default().side;
        assert_eq!(net.config(), &network(side), "what the recipe says");
        let unseen = Drawings {
            seed: u64::MAX,
            side,
        };
        let right = accuracy(&net, &unseen, 960).expect("readable");
        println!("{:.1} % of 960 unseen images", right * 100.0);
        assert!(right >= 0.9, "{right}");
    }
}

#[test]
fn training_repeats_with_its_seed_and_learns() {
    let recipe = |seed| Recipe {
        seed,
        side: 32,
        images: 960,
        batch: 16,
        learning_rate: 0.002,
        ..Recipe::default()
    };
    let run = |seed| {
        let mut losses = Vec::new();
        let net = train(&recipe(seed), &flex(), |report| losses.push(report.loss));
        let net = net.expect("flex works");
        let bias = oneiric_core::read(net.weights()[0].bias.clone()).expect("readable");
        (losses, bias)
    };
    let first = run(1);
    assert_eq!(first, run(1));
    assert_ne!(first.1, run(2).1);
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    let losses = &first.0;
    assert!(mean(&losses[40..]) < mean(&losses[..20]), "{losses:?}");
}

#[test]
fn hardening_repeats_with_its_seed_and_withstands_pushes() {
    let recipe = Recipe {
        seed: 1,
        side: 64,
        hardening: Hardening {
            images: 96,
            ..Hardening::default()
        },
        ..Recipe::default()
    };
    let run = || {
        let mut reports = Vec::new();
        let net = harden(&bundled(), &recipe, |report| reports.push(report));
        let net = net.expect("flex works");
        let bias = oneiric_core::read(net.weights()[0].bias.clone()).expect("readable");
        (reports, bias)
    };
    let first = run();
    assert_eq!(first, run());
    let reports = first.0;
    assert_eq!(reports.len(), recipe.hardening.steps(recipe.batch));
    // Each image is seen as drawn, then pushed to where the network errs.
    for seen in reports.chunks_exact(2) {
        assert!(seen[1].loss > seen[0].loss, "{seen:?}");
    }
}

/// At the size that both networks know, in a quarter of the steps of the default.
#[test]
fn another_network_recognises_what_is_made_under_transforms_and_less_of_what_is_not() {
    let (net, judge) = (bundled(), judge());
    let share = |method| {
        let verdicts = (0..net.config().classes).map(|class| {
            Verdict::of(method, &net, &judge, class, 64, 128).expect("a run of the network inside")
        });
        share_named(&verdicts.collect::<Vec<_>>(), 1)
    };
    let [pixels, transforms] = [Method::Pixel, Method::FourierTransforms].map(share);
    println!("{pixels:.2} of pixels, {transforms:.2} of Fourier with transforms");
    assert!(transforms >= 0.8, "{transforms}");
    assert!(transforms - pixels >= 0.25, "{transforms} {pixels}");
}
