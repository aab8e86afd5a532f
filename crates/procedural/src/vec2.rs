//! Points and vectors of the plane. The y axis points up.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::math::{cos, sin};

/// A point or a direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Vec2 {
    pub(crate) x: f32,
    pub(crate) y: f32,
}

/// The point (x, y).
#[inline]
pub(crate) const fn vec2(x: f32, y: f32) -> Vec2 {
    Vec2 { x, y }
}

impl Vec2 {
    /// The unit vector at `angle` radians, counter-clockwise from the x axis.
    #[inline]
    pub(crate) fn at_angle(angle: f32) -> Self {
        vec2(cos(angle), sin(angle))
    }

    /// Returns the dot product.
    #[inline]
    pub(crate) fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y
    }

    /// Returns the Euclidean length.
    #[inline]
    pub(crate) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// Rotates by the angle from the x axis to `direction`, a unit vector.
    #[inline]
    pub(crate) fn rotated(self, direction: Self) -> Self {
        vec2(
            self.x * direction.x - self.y * direction.y,
            self.x * direction.y + self.y * direction.x,
        )
    }

    /// Rotates back: the inverse of [`rotated`](Self::rotated).
    #[inline]
    pub(crate) fn rotated_back(self, direction: Self) -> Self {
        vec2(
            self.x * direction.x + self.y * direction.y,
            self.y * direction.x - self.x * direction.y,
        )
    }

    /// Reflects the left half of the plane onto the right half, for symmetric drawings.
    #[inline]
    pub(crate) fn mirrored(self) -> Self {
        vec2(self.x.abs(), self.y)
    }
}

impl Add for Vec2 {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        vec2(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Vec2 {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        vec2(self.x - other.x, self.y - other.y)
    }
}

impl Neg for Vec2 {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        vec2(-self.x, -self.y)
    }
}

impl Mul<f32> for Vec2 {
    type Output = Self;
    #[inline]
    fn mul(self, by: f32) -> Self {
        vec2(self.x * by, self.y * by)
    }
}

impl Div<f32> for Vec2 {
    type Output = Self;
    #[inline]
    fn div(self, by: f32) -> Self {
        self * (1.0 / by)
    }
}
