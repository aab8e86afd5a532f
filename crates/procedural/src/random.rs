//! The random generator of one picture.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    math::TAU,
    vec2::{Vec2, vec2},
};

/// A random generator with methods for ranges, counts and angles.
#[derive(Debug)]
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    /// Creates the generator of one picture.
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Returns a uniform number in low..high.
    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.0.random::<f32>()
    }

    /// Returns a uniform integer in low..=high.
    pub(crate) fn count(&mut self, low: i32, high: i32) -> i32 {
        self.0.random_range(low..=high)
    }

    /// Returns true with the given probability.
    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.0.random::<f32>() < probability
    }

    /// Returns 1 or -1 with equal probability.
    pub(crate) fn sign(&mut self) -> f32 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }

    /// Returns a uniform angle in radians, 0 to 2π.
    pub(crate) fn angle(&mut self) -> f32 {
        self.range(0.0, TAU)
    }

    /// Returns a uniform point of the square around the origin with half the side `half`.
    pub(crate) fn around(&mut self, half: f32) -> Vec2 {
        vec2(self.range(-half, half), self.range(-half, half))
    }

    /// Returns a random seed for noise.
    pub(crate) fn seed(&mut self) -> u32 {
        self.0.random()
    }
}
