//! Properties of the pictures of every class.

use std::collections::BTreeSet;

use oneiric_procedural::{classes, draw, labels};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

#[test]
fn labels_are_many_and_unique() {
    let names = labels();
    assert!(names.len() >= 40);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    for (class, name) in classes().iter().zip(&names) {
        assert_eq!(class.name(), name);
    }
}

#[test]
fn values_are_finite_and_in_range() {
    for class in 0..classes().len() {
        for size in [1, 17, 48] {
            for seed in 0..12 {
                let picture = draw(class, size, &mut rng(seed));
                assert_eq!(picture.len(), 3 * size * size);
                for value in picture {
                    // The range does not contain NaN.
                    assert!((0.0..=1.0).contains(&value), "{value} in class {class}");
                }
            }
        }
    }
}

#[test]
fn a_seed_gives_the_same_bits() {
    for class in 0..classes().len() {
        assert_eq!(draw(class, 24, &mut rng(3)), draw(class, 24, &mut rng(3)));
    }
}

#[test]
fn pictures_do_not_depend_on_previous_pictures() {
    let mut after_small = rng(5);
    draw(0, 8, &mut after_small);
    let mut after_large = rng(5);
    draw(40, 64, &mut after_large);
    assert_eq!(draw(7, 24, &mut after_small), draw(7, 24, &mut after_large));
}

#[test]
fn seeds_differ_in_every_class() {
    for class in 0..classes().len() {
        let (a, b) = (draw(class, 24, &mut rng(1)), draw(class, 24, &mut rng(2)));
        let apart: f32 = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum();
        assert!(apart / a.len() as f32 > 0.03, "class {class}: {apart}");
    }
}

#[test]
fn classes_differ_under_one_seed() {
    for class in 1..classes().len() {
        let (a, b) = (
            draw(class - 1, 24, &mut rng(9)),
            draw(class, 24, &mut rng(9)),
        );
        assert_ne!(a, b, "classes {} and {class}", class - 1);
    }
}

/// Compares with known bits. Other bits mean that every training set has changed.
#[test]
fn bits_match_other_machines() {
    let mut sum = 0_u64;
    for class in 0..classes().len() {
        for value in draw(class, 16, &mut rng(11)) {
            sum = sum.rotate_left(7) ^ u64::from(value.to_bits());
        }
    }
    assert_eq!(sum, 0x806d_e383_dd18_ac2d, "{sum:#x}");
}

#[test]
#[should_panic(expected = "class 9999")]
fn unknown_classes_panic() {
    draw(9999, 8, &mut rng(0));
}
