//! Signed distances: negative inside, positive outside, zero on the edge.
//!
//! Most of the functions follow Inigo Quilez, "2D distance functions". The documentation of a
//! function says if the distance is approximate away from the edge. Edges are antialiased over one
//! pixel, so an approximation is sufficient.

use crate::{
    math::{PI, TAU, atan2, floor},
    vec2::{Vec2, vec2},
};

/// A circle around the origin.
#[inline]
pub(crate) fn circle(p: Vec2, radius: f32) -> f32 {
    p.length() - radius
}

/// An axis-aligned ellipse. The distance is exact at the edge, and approximate elsewhere.
#[inline]
pub(crate) fn ellipse(p: Vec2, radii: Vec2) -> f32 {
    let q = vec2(p.x / radii.x, p.y / radii.y);
    let k = q.length();
    let slope = vec2(q.x / radii.x, q.y / radii.y).length();
    k * (k - 1.0) / slope.max(1e-6)
}

/// An axis-aligned rectangle with rounded corners.
#[inline]
pub(crate) fn rectangle(p: Vec2, half: Vec2, round: f32) -> f32 {
    let q = vec2(p.x.abs() - half.x + round, p.y.abs() - half.y + round);
    vec2(q.x.max(0.0), q.y.max(0.0)).length() + q.x.max(q.y).min(0.0) - round
}

/// A straight stroke of the given half width with round ends.
#[inline]
pub(crate) fn stroke(p: Vec2, a: Vec2, b: Vec2, half: f32) -> f32 {
    let (to, along) = (p - a, b - a);
    let t = (to.dot(along) / along.dot(along)).clamp(0.0, 1.0);
    (to - along * t).length() - half
}

/// A straight stroke with round ends that narrows from one half width to another.
#[inline]
pub(crate) fn taper(p: Vec2, a: Vec2, b: Vec2, half: (f32, f32)) -> f32 {
    let (to, along) = (p - a, b - a);
    let t = (to.dot(along) / along.dot(along)).clamp(0.0, 1.0);
    (to - along * t).length() - (half.0 + (half.1 - half.0) * t)
}

/// A polygon, given by its corners in order.
pub(crate) fn polygon<const N: usize>(p: Vec2, corners: &[Vec2; N]) -> f32 {
    let mut nearest = f32::INFINITY;
    let mut inside = false;
    let mut b = corners[N - 1];
    for &a in corners {
        let (along, to) = (b - a, p - a);
        let t = (to.dot(along) / along.dot(along)).clamp(0.0, 1.0);
        let off = to - along * t;
        nearest = nearest.min(off.dot(off));
        let left = along.x * to.y > along.y * to.x;
        let above = p.y >= a.y;
        if above != (p.y >= b.y) && above == left {
            inside = !inside;
        }
        b = a;
    }
    let d = nearest.sqrt();
    if inside { -d } else { d }
}

/// A star with `points` tips at radius 1, the first on the x axis, and valleys at radius `valley`.
#[inline]
pub(crate) fn star(p: Vec2, points: f32, valley: f32) -> f32 {
    let q = fold(p, points).point;
    let half = PI / points;
    let low = Vec2::at_angle(half) * valley;
    let edge = low - vec2(1.0, 0.0);
    let to = vec2(q.x, q.y.abs()) - vec2(1.0, 0.0);
    // The edge runs from the tip to the valley; the right side of the edge is outside.
    (to.x * edge.y - to.y * edge.x) / edge.length()
}

/// A lens, the intersection of two equal circles, with corners at (±1, 0). `height` is half the
/// height of the lens.
#[inline]
pub(crate) fn lens(p: Vec2, height: f32) -> f32 {
    let radius = (1.0 + height * height) / (2.0 * height);
    circle(vec2(p.x, p.y.abs() + radius - height), radius)
}

/// An arc around the origin with the given radius and half width, which extends `reach` radians to
/// either side of the y axis.
#[inline]
pub(crate) fn arc(p: Vec2, radius: f32, half: f32, reach: f32) -> f32 {
    let q = p.mirrored();
    let tip = Vec2::at_angle(0.5 * PI - reach);
    let beyond = tip.y * q.x - tip.x * q.y > 0.0;
    if beyond {
        (q - tip * radius).length() - half
    } else {
        (q.length() - radius).abs() - half
    }
}

/// The smooth union of two shapes, which blends them over about `width`.
#[inline]
pub(crate) fn smooth_union(a: f32, b: f32, width: f32) -> f32 {
    let h = (width - (a - b).abs()).max(0.0) / width;
    a.min(b) - 0.25 * h * h * width
}

/// A point folded into one sector of `n` around the origin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fold {
    /// The point in a sector around the x axis.
    pub(crate) point: Vec2,
    /// The index of the sector that held the point, 0..n.
    pub(crate) sector: i32,
}

/// Folds the plane into one of `n` equal sectors, so that a shape drawn there appears `n` times.
#[inline]
pub(crate) fn fold(p: Vec2, n: f32) -> Fold {
    let sector = floor(atan2(p.y, p.x) * n / TAU + 0.5);
    let point = p.rotated_back(Vec2::at_angle(sector * TAU / n));
    Fold {
        point,
        sector: (sector as i32).rem_euclid(n as i32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_distances() {
        let origin = vec2(0.0, 0.0);
        let box_corners = [
            vec2(-1.0, -1.0),
            vec2(1.0, -1.0),
            vec2(1.0, 1.0),
            vec2(-1.0, 1.0),
        ];
        for p in [origin, vec2(0.3, 0.9), vec2(1.5, 0.2), vec2(2.0, 2.0)] {
            let (a, b) = (polygon(p, &box_corners), rectangle(p, vec2(1.0, 1.0), 0.0));
            assert!((a - b).abs() < 1e-6, "{p:?} {a} {b}");
        }
        assert!((ellipse(vec2(2.0, 0.0), vec2(2.0, 1.0))).abs() < 1e-6);
        assert!(star(origin, 5.0, 0.5) < 0.0 && star(vec2(1.1, 0.0), 5.0, 0.5) > 0.0);
        assert!(star(Vec2::at_angle(PI / 5.0) * 0.6, 5.0, 0.5) > 0.0);
        assert!(lens(origin, 0.5) < 0.0 && lens(vec2(0.0, 0.6), 0.5) > 0.0);
        assert!(lens(vec2(1.05, 0.0), 0.5) > 0.0);
        assert!(arc(vec2(0.0, 1.0), 1.0, 0.1, 0.5) < 0.0);
        assert!(arc(vec2(0.0, -1.0), 1.0, 0.1, 0.5) > 0.0);
    }
}
