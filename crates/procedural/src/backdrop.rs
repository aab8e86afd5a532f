//! The background of a picture. It must not depend on the class of the drawing in front of it.

use crate::{
    color::Rgb,
    math::{sin, smoothstep},
    noise::Field,
    palette::{Palette, random_color},
    pose::Kind,
    random::Random,
    vec2::Vec2,
};

/// The background behind a drawing.
#[derive(Clone, Debug)]
pub(crate) struct Backdrop {
    ground: Rgb,
    second: Rgb,
    pattern: Pattern,
}

/// The pattern that mixes the two colors of a backdrop.
#[derive(Clone, Debug)]
enum Pattern {
    Plain,
    /// A linear gradient between the colors along a direction.
    Gradient(Vec2),
    /// A soft horizon perpendicular to the direction, at an offset.
    Horizon(Vec2, f32),
    /// Noise of two scales.
    Mottled(Field, Field),
    /// Soft stripes perpendicular to the direction.
    Banded(Vec2),
}

impl Backdrop {
    /// Creates a random backdrop for a kind of class: mostly plain behind textures, and any faint
    /// pattern behind emblems and objects.
    pub(crate) fn random(rng: &mut Random, palette: &Palette, kind: Kind) -> Self {
        let direction = Vec2::at_angle(rng.angle());
        let pattern = match (kind, rng.count(0, 5)) {
            (Kind::Texture, 0..4) | (_, 0) => Pattern::Plain,
            (_, 1) | (Kind::Texture, _) => Pattern::Gradient(direction * 0.5),
            (_, 2) => Pattern::Horizon(direction, rng.range(-0.5, 0.5)),
            (_, 3) => Pattern::Banded(direction * rng.range(6.0, 16.0)),
            _ => {
                let pitch = rng.range(1.0, 5.0);
                Pattern::Mottled(Field::random(rng, pitch), Field::random(rng, 2.1 * pitch))
            }
        };
        // The second color is close to the first, so that the backdrop does not dominate the
        // drawing.
        let hint = random_color(rng);
        let share = rng.range(0.1, 0.35);
        Self {
            ground: palette.ground,
            second: palette.ground.mix(hint, share),
            pattern,
        }
    }

    /// Returns the backdrop's color at a point of the picture.
    #[inline]
    pub(crate) fn at(&self, p: Vec2) -> Rgb {
        let t = match &self.pattern {
            Pattern::Plain => return self.ground,
            Pattern::Gradient(direction) => 0.5 + p.dot(*direction),
            Pattern::Horizon(direction, offset) => {
                smoothstep(-0.08, 0.08, p.dot(*direction) + *offset)
            }
            Pattern::Mottled(large, small) => (2.0 * large.at(p) + small.at(p)) / 3.0,
            Pattern::Banded(direction) => 0.5 + 0.35 * sin(p.dot(*direction)),
        };
        self.ground.mix(self.second, t.clamp(0.0, 1.0))
    }
}
