//! How a drawing lies in the picture: moved, turned, sheared, tilted and warped.

use crate::{
    dice::Dice,
    drawing::Spot,
    math::{PI, sin},
    vec2::{Vec2, vec2},
};

/// What a class is, as far as its pose goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Fills the picture, at any angle.
    Texture,
    /// Something that winds around a centre and may fill the picture, at any angle.
    Whorl,
    /// One thing, at any angle.
    Emblem,
    /// One thing with an up.
    Object,
}

impl Kind {
    /// Half the side of the square that a drawing keeps to, where it keeps to one.
    pub(crate) fn extent(self) -> f32 {
        match self {
            Self::Texture | Self::Whorl => f32::INFINITY,
            Self::Emblem | Self::Object => 1.1,
        }
    }
}

/// The map from the picture, where x and y run from -1 to 1, to the plane of a drawing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pose {
    shift: Vec2,
    direction: Vec2,
    /// Units of the drawing for a unit of the picture, along x and y.
    scale: Vec2,
    shear: f32,
    /// Perspective: how fast the scale grows across the picture.
    tilt: Vec2,
    warp: Warp,
}

/// A slow wave that bends what is straight.
#[derive(Clone, Copy, Debug)]
struct Warp {
    depth: f32,
    pitch: f32,
    phase: Vec2,
}

impl Pose {
    /// A pose for that kind of class.
    pub(crate) fn throw(dice: &mut Dice, kind: Kind) -> Self {
        // The share of the picture that a thing fills, or the number of features in half of it.
        let (scale, angle) = match kind {
            Kind::Texture => (dice.range(1.9, 3.6), dice.angle()),
            Kind::Whorl | Kind::Emblem => (1.0 / dice.range(0.6, 1.05), dice.angle()),
            Kind::Object => (1.0 / dice.range(0.65, 1.08), dice.range(-PI, PI) / 6.0),
        };
        let room = match kind {
            Kind::Texture => 0.8,
            _ => (1.1 - 1.0 / scale).max(0.08),
        };
        let flip = dice.sign();
        let stretch = dice.range(0.87, 1.15);
        Self {
            shift: dice.around(room),
            direction: Vec2::at_angle(angle),
            scale: vec2(flip * scale * stretch, scale / stretch),
            shear: dice.range(-0.15, 0.15),
            tilt: dice.around(0.16),
            warp: Warp {
                depth: dice.range(0.0, 0.045),
                pitch: dice.range(1.5, 4.0),
                phase: dice.around(PI),
            },
        }
    }

    /// How far the warp moves what is at that x (upwards) or at that y (to the right).
    pub(crate) fn bend(&self, along: f32, is_y: bool) -> f32 {
        let Warp {
            depth,
            pitch,
            phase,
        } = self.warp;
        depth * sin(pitch * along + if is_y { phase.x } else { phase.y })
    }

    /// The spot of the drawing that is seen at a point of the picture, for pixels of that size.
    /// `bend` is what [`bend`](Self::bend) says of the point's y and of its x.
    #[inline]
    pub(crate) fn spot(&self, at: Spot, bend: Vec2) -> Spot {
        let bent = at.p + bend;
        let zoom = 1.0 / (1.0 + self.tilt.dot(bent));
        let q = ((bent - self.shift) * zoom).unturned(self.direction);
        Spot {
            p: vec2((q.x + self.shear * q.y) * self.scale.x, q.y * self.scale.y),
            px: at.px * zoom * self.scale.y,
        }
    }
}
