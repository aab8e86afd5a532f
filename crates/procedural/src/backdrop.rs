//! What is behind: it must tell nothing about what stands before it.

use crate::{
    color::Rgb,
    dice::Dice,
    math::{sin, smoothstep},
    noise::Field,
    palette::{Palette, any_colour},
    pose::Kind,
    vec2::Vec2,
};

/// The colours behind a drawing.
#[derive(Clone, Debug)]
pub(crate) struct Backdrop {
    ground: Rgb,
    second: Rgb,
    manner: Manner,
}

/// How the two colours of a backdrop are mixed.
#[derive(Clone, Debug)]
enum Manner {
    Plain,
    /// From one to the other along a direction.
    Gradient(Vec2),
    /// A soft horizon across the direction, at an offset.
    Horizon(Vec2, f32),
    /// Clouds with smaller clouds on them.
    Mottled(Field, Field),
    /// Soft stripes across the direction.
    Banded(Vec2),
}

impl Backdrop {
    /// A backdrop for that kind of class: plain behind textures, anything faint behind things.
    pub(crate) fn throw(dice: &mut Dice, palette: &Palette, kind: Kind) -> Self {
        let direction = Vec2::at_angle(dice.angle());
        let manner = match (kind, dice.count(0, 5)) {
            (Kind::Texture, 0..4) | (_, 0) => Manner::Plain,
            (_, 1) | (Kind::Texture, _) => Manner::Gradient(direction * 0.5),
            (_, 2) => Manner::Horizon(direction, dice.range(-0.5, 0.5)),
            (_, 3) => Manner::Banded(direction * dice.range(6.0, 16.0)),
            _ => {
                let pitch = dice.range(1.0, 5.0);
                Manner::Mottled(Field::throw(dice, pitch), Field::throw(dice, 2.1 * pitch))
            }
        };
        // The second colour is a hint of another, so that no backdrop outshouts its drawing.
        let hint = any_colour(dice);
        let share = dice.range(0.1, 0.35);
        Self {
            ground: palette.ground,
            second: palette.ground.mix(hint, share),
            manner,
        }
    }

    /// Its colour at a point of the picture.
    #[inline]
    pub(crate) fn at(&self, p: Vec2) -> Rgb {
        let t = match &self.manner {
            Manner::Plain => return self.ground,
            Manner::Gradient(direction) => 0.5 + p.dot(*direction),
            Manner::Horizon(direction, offset) => {
                smoothstep(-0.08, 0.08, p.dot(*direction) + *offset)
            }
            Manner::Mottled(large, small) => (2.0 * large.at(p) + small.at(p)) / 3.0,
            Manner::Banded(direction) => 0.5 + 0.35 * sin(p.dot(*direction)),
        };
        self.ground.mix(self.second, t.clamp(0.0, 1.0))
    }
}
