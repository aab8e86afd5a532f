//! Uneven lighting of a picture.

use crate::{noise::Field, random::Random, vec2::Vec2};

/// The lighting of a picture: a gradient from one side, a vignette, and dappled noise.
#[derive(Clone, Debug)]
pub(crate) struct Light {
    slope: Vec2,
    vignette: f32,
    dapple: f32,
    field: Field,
}

impl Light {
    /// Creates random lighting.
    pub(crate) fn random(rng: &mut Random) -> Self {
        let pitch = rng.range(1.0, 8.0);
        Self {
            slope: Vec2::at_angle(rng.angle()) * rng.range(0.0, 0.25),
            vignette: rng.range(0.0, 0.15),
            dapple: rng.range(0.0, 0.25),
            field: Field::random(rng, pitch),
        }
    }

    /// Returns the factor for the color at a point of the picture.
    #[inline]
    pub(crate) fn at(&self, p: Vec2) -> f32 {
        let dapple = self.dapple * (self.field.at(p) - 0.5);
        1.0 + p.dot(self.slope) - self.vignette * p.dot(p) + dapple
    }
}
