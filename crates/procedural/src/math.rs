//! Elementary functions for drawings.
//!
//! The sine of the standard library may differ in its last bit between platforms. The functions of
//! this module use only additions, products and divisions, whose results are the same everywhere.
//! Their error is about 1e-3, less than a pixel, and they are faster.

pub(crate) use std::f32::consts::{PI, TAU};

/// The square root of three, the ratio of a hexagon's dimensions.
pub(crate) const SQRT_3: f32 = 1.732_050_8;

/// Returns the largest integer not above `x`, for |x| < 2^31. It avoids `f32::floor`, which is a
/// library call on baseline `x86_64`.
#[inline]
pub(crate) fn floor(x: f32) -> f32 {
    let whole = x as i32 as f32;
    if whole > x { whole - 1.0 } else { whole }
}

/// Returns the sine of `x` radians, approximated by a parabola through the zeros and extrema and a
/// correction by its square.
#[inline]
pub(crate) fn sin(x: f32) -> f32 {
    let turns = x * (1.0 / TAU);
    let t = turns - floor(turns + 0.5);
    let y = 8.0 * t - 16.0 * t * t.abs();
    y + 0.225 * (y * y.abs() - y)
}

/// Returns the cosine of `x` radians.
#[inline]
pub(crate) fn cos(x: f32) -> f32 {
    sin(x + 0.5 * PI)
}

/// Returns the angle of the point (x, y) in -π..=π, by an odd polynomial on the first eighth of a
/// turn (Abramowitz and Stegun, Handbook of Mathematical Functions, 4.4.47).
#[inline]
pub(crate) fn atan2(y: f32, x: f32) -> f32 {
    let (ax, ay) = (x.abs(), y.abs());
    let t = ax.min(ay) / ax.max(ay).max(1e-20);
    let s = t * t;
    let eighth =
        t * (0.999_866 + s * (-0.330_299_5 + s * (0.180_141 + s * (-0.085_133 + s * 0.020_835_1))));
    let quarter = if ay > ax { 0.5 * PI - eighth } else { eighth };
    let half = if x < 0.0 { PI - quarter } else { quarter };
    if y < 0.0 { -half } else { half }
}

/// Interpolates linearly from `a` at `t` = 0 to `b` at `t` = 1, and extrapolates beyond.
#[inline]
pub(crate) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// Returns 0 up to `low`, 1 from `high` on, and a smooth step between them.
#[inline]
pub(crate) fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_match_the_standard_library() {
        for step in -200..200 {
            let x = step as f32 * 0.07;
            assert!((sin(x) - x.sin()).abs() < 2e-3, "sin {x}");
            assert!((cos(x) - x.cos()).abs() < 2e-3, "cos {x}");
            assert_eq!(floor(x), x.floor());
            let (y, x) = (x.sin() * 3.0, x.cos() * 2.0);
            assert!((atan2(y, x) - y.atan2(x)).abs() < 1e-3, "atan2 {y} {x}");
        }
    }
}
