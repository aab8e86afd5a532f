//! The networks that the repository holds, and the program that made them.

use std::path::Path;

use burn::tensor::Device;
use oneiric_core::Backend;
use oneiric_model::{InceptionV1, Network};
use oneiric_training::{Drawings, Recipe, accuracy, network, train};

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
