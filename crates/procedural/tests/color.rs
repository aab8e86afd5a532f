//! Colors must not identify a class, so that a network learns shape and texture.

use oneiric_procedural::{classes, draw};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

const TRAIN: usize = 40;
const TEST: usize = 20;
const SIZE: usize = 32;

/// The fraction of test pictures that a nearest-mean classifier of the features classifies
/// correctly.
fn nearest_mean_accuracy(features: impl Fn(&[f32]) -> Vec<f32>) -> f32 {
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let mut means = Vec::new();
    let mut tests = Vec::new();
    for class in 0..classes().len() {
        let mut next = || features(&draw(class, SIZE, &mut rng));
        let mut mean = next();
        for _ in 1..TRAIN {
            for (sum, value) in mean.iter_mut().zip(next()) {
                *sum += value;
            }
        }
        means.push(
            mean.iter()
                .map(|sum| sum / TRAIN as f32)
                .collect::<Vec<_>>(),
        );
        tests.extend((0..TEST).map(|_| (class, next())));
    }
    let distance =
        |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum() };
    let right = tests.iter().filter(|(class, picture)| {
        let nearest = (0..means.len())
            .min_by(|&a, &b| distance(&means[a], picture).total_cmp(&distance(&means[b], picture)));
        nearest == Some(*class)
    });
    right.count() as f32 / tests.len() as f32
}

fn chance() -> f32 {
    1.0 / classes().len() as f32
}

#[test]
fn mean_colors_do_not_identify_classes() {
    let area = (SIZE * SIZE) as f32;
    let accuracy = nearest_mean_accuracy(|picture| {
        picture
            .chunks_exact(SIZE * SIZE)
            .map(|plane| plane.iter().sum::<f32>() / area)
            .collect()
    });
    println!("mean color: {accuracy:.4}, chance {:.4}", chance());
    assert!(accuracy < 2.5 * chance(), "{accuracy}");
}

#[test]
fn color_histograms_hardly_identify_classes() {
    let accuracy = nearest_mean_accuracy(|picture| {
        let mut bins = vec![0.0; 64];
        for pixel in 0..SIZE * SIZE {
            let level = |c: usize| ((4.0 * picture[c * SIZE * SIZE + pixel]) as usize).min(3);
            bins[16 * level(0) + 4 * level(1) + level(2)] += 1.0 / (SIZE * SIZE) as f32;
        }
        bins
    });
    println!("histogram: {accuracy:.4}, chance {:.4}", chance());
    assert!(accuracy < 3.0 * chance(), "{accuracy}");
}
