//! The networks in the repository, and the code that trains them.

use std::path::Path;

use burn::tensor::Device;
use oneiric_core::Backend;
use oneiric_model::{InceptionV1, NetworkExt};
use oneiric_training::{
    Drawings, Hardening, Method, Recipe, Recognition, accuracy, harden, network, top_k_accuracy,
    train,
};

fn flex() -> Device {
    Backend::Flex.device().expect("flex is compiled in")
}

fn bundled() -> InceptionV1 {
    InceptionV1::bundled(&flex()).expect("the crate contains the network")
}

fn judge() -> InceptionV1 {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/judge.safetensors");
    InceptionV1::load(path, &flex()).expect("the repository contains the network")
}

#[test]
fn both_networks_classify_unseen_images() {
    for net in [bundled(), judge()] {
        assert_eq!(net.labels(), oneiric_procedural::labels());
        let side = Recipe::default().side;
        assert_eq!(
            net.config(),
            &network(side),
            "the configuration of the recipe"
        );
        let unseen = Drawings {
            seed: u64::MAX,
            side,
        };
        let accuracy = accuracy(&net, &unseen, 960).expect("readable");
        println!("accuracy {:.1} % on 960 unseen images", accuracy * 100.0);
        assert!(accuracy >= 0.9, "{accuracy}");
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
        let bias = oneiric_core::read(net.weights().get::<1>("conv2d0.bias").expect("there"))
            .expect("readable");
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
fn hardening_repeats_with_its_seed_and_perturbs_images() {
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
        let bias = oneiric_core::read(net.weights().get::<1>("conv2d0.bias").expect("there"))
            .expect("readable");
        (reports, bias)
    };
    let first = run();
    assert_eq!(first, run());
    let reports = first.0;
    assert_eq!(reports.len(), recipe.hardening.steps(recipe.batch));
    // Each batch is used unchanged first, then perturbed, which increases the loss.
    for seen in reports.chunks_exact(2) {
        assert!(seen[1].loss > seen[0].loss, "{seen:?}");
    }
}

/// Measures at the image size of the training, with a quarter of the default's steps.
#[test]
fn another_network_recognizes_more_visualizations_with_transforms() {
    let (net, judge) = (bundled(), judge());
    let accuracy = |method| {
        let recognitions = (0..net.config().classes).map(|class| {
            Recognition::measure(method, &net, &judge, class, 64, 128)
                .expect("a run of the network inside")
        });
        top_k_accuracy(&recognitions.collect::<Vec<_>>(), 1)
    };
    let [pixels, transforms] = [Method::Pixel, Method::FourierTransforms].map(accuracy);
    println!("pixels {pixels:.2}, Fourier with transforms {transforms:.2}");
    assert!(transforms >= 0.8, "{transforms}");
    assert!(transforms - pixels >= 0.25, "{transforms} {pixels}");
}
