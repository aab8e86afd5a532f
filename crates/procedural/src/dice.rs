//! What a picture's chances are thrown with.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    math::TAU,
    vec2::{Vec2, vec2},
};

/// A random generator that speaks in ranges, counts and angles.
#[derive(Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The dice of one picture.
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Evenly in low..high.
    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.0.random::<f32>()
    }

    /// A whole number in low..=high.
    pub(crate) fn count(&mut self, low: i32, high: i32) -> i32 {
        self.0.random_range(low..=high)
    }

    /// True with the given probability.
    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.0.random::<f32>() < probability
    }

    /// 1 or -1.
    pub(crate) fn sign(&mut self) -> f32 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }

    /// Any angle, in radians.
    pub(crate) fn angle(&mut self) -> f32 {
        self.range(0.0, TAU)
    }

    /// A point of the square of that half side around the origin.
    pub(crate) fn around(&mut self, half: f32) -> Vec2 {
        vec2(self.range(-half, half), self.range(-half, half))
    }

    /// The seed of a noise field.
    pub(crate) fn seed(&mut self) -> u32 {
        self.0.random()
    }
}
