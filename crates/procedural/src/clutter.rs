//! Clutter behind and in front of a drawing: specks, bars, and sometimes a large occluder at the
//! side.

use crate::{
    color::Rgb,
    drawing::{Ink, SamplePoint},
    palette::random_color,
    random::Random,
    shape::{circle, rectangle},
    vec2::{Vec2, vec2},
};

/// A disc or a bar of one color. A disc has equal half sides.
#[derive(Clone, Copy, Debug)]
struct ClutterShape {
    center: Vec2,
    direction: Vec2,
    half: Vec2,
    /// An upper bound of the distance from the center to any point of the shape.
    reach: f32,
    rgb: Rgb,
}

impl ClutterShape {
    fn new(rng: &mut Random, center: Vec2, half: Vec2) -> Self {
        Self {
            center,
            direction: Vec2::at_angle(rng.angle()),
            half,
            reach: half.x + half.y,
            rgb: random_color(rng),
        }
    }

    fn distance(&self, p: Vec2) -> f32 {
        let q = p - self.center;
        if self.half.x == self.half.y {
            circle(q, self.half.x)
        } else {
            rectangle(q.rotated_back(self.direction), self.half, 0.4 * self.half.y)
        }
    }
}

/// The shapes behind and in front of a drawing.
#[derive(Debug)]
pub(crate) struct Clutter {
    back: Vec<ClutterShape>,
    front: Vec<ClutterShape>,
}

impl Clutter {
    /// Creates random specks, and in one of four pictures an occluder that hides up to a fifth of
    /// the picture.
    pub(crate) fn random(rng: &mut Random) -> Self {
        let specks = rng.count(0, 4);
        let back = (0..specks).map(|_| speck(rng, 0.22)).collect();
        let specks = rng.count(-1, 3);
        let mut front: Vec<_> = (0..specks).map(|_| speck(rng, 0.1)).collect();
        if rng.chance(0.25) {
            front.push(occluder(rng));
        }
        Self { back, front }
    }

    /// Returns the shapes that may overlap the row of pixels at height `y`.
    pub(crate) fn row(&self, y: f32, px: f32) -> ClutteredRow<'_> {
        let near = |shape: &&ClutterShape| (y - shape.center.y).abs() < shape.reach + px;
        ClutteredRow {
            back: self.back.iter().filter(near).collect(),
            front: self.front.iter().filter(near).collect(),
        }
    }
}

/// The shapes that may overlap one row of pixels.
#[derive(Debug)]
pub(crate) struct ClutteredRow<'a> {
    back: Vec<&'a ClutterShape>,
    front: Vec<&'a ClutterShape>,
}

impl ClutteredRow<'_> {
    /// Returns the ink between the backdrop and the drawing.
    #[inline]
    pub(crate) fn back(&self, at: SamplePoint) -> Ink {
        paint(&self.back, at)
    }

    /// Returns the ink in front of the drawing.
    #[inline]
    pub(crate) fn front(&self, at: SamplePoint) -> Ink {
        paint(&self.front, at)
    }
}

fn speck(rng: &mut Random, max_size: f32) -> ClutterShape {
    let center = rng.around(1.0);
    let small = rng.range(0.03, max_size);
    let half = if rng.chance(0.5) {
        vec2(small, small)
    } else {
        vec2(rng.range(0.15, 0.6), 0.3 * small)
    };
    ClutterShape::new(rng, center, half)
}

/// A disc or a bar near the edge of the picture, so that the middle stays mostly visible.
fn occluder(rng: &mut Random) -> ClutterShape {
    let center = Vec2::at_angle(rng.angle()) * rng.range(0.7, 1.0);
    let half = if rng.chance(0.5) {
        let radius = rng.range(0.25, 0.48);
        vec2(radius, radius)
    } else {
        vec2(rng.range(0.6, 1.4), rng.range(0.08, 0.16))
    };
    ClutterShape::new(rng, center, half)
}

#[inline]
fn paint(shapes: &[&ClutterShape], at: SamplePoint) -> Ink {
    let mut ink = at.ink();
    for shape in shapes {
        let off = at.p - shape.center;
        let reach = shape.reach + at.px;
        if off.dot(off) < reach * reach {
            ink.fill(shape.distance(at.p), shape.rgb);
        }
    }
    ink
}
