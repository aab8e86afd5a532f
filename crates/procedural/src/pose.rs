//! The pose of a drawing in the picture: translation, rotation, shear, perspective and warp.

use crate::{
    drawing::SamplePoint,
    math::{PI, sin},
    random::Random,
    vec2::{Vec2, vec2},
};

/// The kind of a class, which determines the range of its poses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A texture that fills the picture, at any angle.
    Texture,
    /// A shape that winds around a center and may fill the picture, at any angle.
    Whorl,
    /// A single shape, at any angle.
    Emblem,
    /// A single object with an upright orientation.
    Object,
}

impl Kind {
    /// Returns half the side of the square that bounds a drawing, or infinity.
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
    /// The units of the drawing per unit of the picture, along x and y.
    scale: Vec2,
    shear: f32,
    /// The perspective: the growth of the scale across the picture.
    tilt: Vec2,
    warp: Warp,
}

/// A wave of low frequency that bends straight lines.
#[derive(Clone, Copy, Debug)]
struct Warp {
    depth: f32,
    pitch: f32,
    phase: Vec2,
}

impl Pose {
    /// Creates a random pose for a kind of class.
    pub(crate) fn random(rng: &mut Random, kind: Kind) -> Self {
        // The reciprocal of the fraction of the picture that a shape fills, or the number of a
        // texture's features in half of the picture.
        let (scale, angle) = match kind {
            Kind::Texture => (rng.range(1.9, 3.6), rng.angle()),
            Kind::Whorl | Kind::Emblem => (1.0 / rng.range(0.6, 1.05), rng.angle()),
            Kind::Object => (1.0 / rng.range(0.65, 1.08), rng.range(-PI, PI) / 6.0),
        };
        let room = match kind {
            Kind::Texture => 0.8,
            _ => (1.1 - 1.0 / scale).max(0.08),
        };
        let flip = rng.sign();
        let stretch = rng.range(0.87, 1.15);
        Self {
            shift: rng.around(room),
            direction: Vec2::at_angle(angle),
            scale: vec2(flip * scale * stretch, scale / stretch),
            shear: rng.range(-0.15, 0.15),
            tilt: rng.around(0.16),
            warp: Warp {
                depth: rng.range(0.0, 0.045),
                pitch: rng.range(1.5, 4.0),
                phase: rng.around(PI),
            },
        }
    }

    /// Returns the warp's offset upward for an x coordinate, or to the right for a y coordinate.
    pub(crate) fn bend(&self, along: f32, is_y: bool) -> f32 {
        let Warp {
            depth,
            pitch,
            phase,
        } = self.warp;
        depth * sin(pitch * along + if is_y { phase.x } else { phase.y })
    }

    /// Maps a sample point of the picture to the drawing. `bend` holds the results of
    /// [`bend`](Self::bend) for the point's y and for the point's x.
    #[inline]
    pub(crate) fn map(&self, at: SamplePoint, bend: Vec2) -> SamplePoint {
        let bent = at.p + bend;
        let zoom = 1.0 / (1.0 + self.tilt.dot(bent));
        let q = ((bent - self.shift) * zoom).rotated_back(self.direction);
        SamplePoint {
            p: vec2((q.x + self.shear * q.y) * self.scale.x, q.y * self.scale.y),
            px: at.px * zoom * self.scale.y,
        }
    }
}
