//! Light that falls unevenly.

use crate::{dice::Dice, noise::Field, vec2::Vec2};

/// How bright each point of a picture is lit: from one side, less in the corners, and dappled.
#[derive(Clone, Debug)]
pub(crate) struct Light {
    slope: Vec2,
    vignette: f32,
    dapple: f32,
    field: Field,
}

impl Light {
    /// Any light.
    pub(crate) fn throw(dice: &mut Dice) -> Self {
        let pitch = dice.range(1.0, 8.0);
        Self {
            slope: Vec2::at_angle(dice.angle()) * dice.range(0.0, 0.25),
            vignette: dice.range(0.0, 0.15),
            dapple: dice.range(0.0, 0.25),
            field: Field::throw(dice, pitch),
        }
    }

    /// What to multiply the colour at a point of the picture with.
    #[inline]
    pub(crate) fn at(&self, p: Vec2) -> f32 {
        let dapple = self.dapple * (self.field.at(p) - 0.5);
        1.0 + p.dot(self.slope) - self.vignette * p.dot(p) + dapple
    }
}
