//! Colors in display RGB (gamma encoded, 0 to 1) and in Oklab.

use std::ops::{Add, Mul};

/// Gamma-encoded red, green and blue, each 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rgb(pub(crate) [f32; 3]);

impl Rgb {
    pub(crate) const BLACK: Self = Self([0.0; 3]);

    /// Interpolates linearly from this color at `t` = 0 to `other` at `t` = 1.
    #[inline]
    pub(crate) fn mix(self, other: Self, t: f32) -> Self {
        self * (1.0 - t) + other * t
    }
}

impl Add for Rgb {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self([
            self.0[0] + other.0[0],
            self.0[1] + other.0[1],
            self.0[2] + other.0[2],
        ])
    }
}

impl Mul<f32> for Rgb {
    type Output = Self;
    #[inline]
    fn mul(self, by: f32) -> Self {
        Self([self.0[0] * by, self.0[1] * by, self.0[2] * by])
    }
}

/// A color in Oklab: lightness 0 to 1, and two opponent axes of about -0.3 to 0.3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lab {
    pub(crate) l: f32,
    pub(crate) a: f32,
    pub(crate) b: f32,
}

impl Lab {
    /// Returns the perceived difference of two colors. Lightness counts more than hue, as it does
    /// for the perception of shapes.
    #[inline]
    pub(crate) fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.a - other.a, self.b - other.b);
        (self.l - other.l).abs() + 0.7 * (a * a + b * b).sqrt()
    }

    /// Converts to display RGB, clipped to the sRGB gamut.
    ///
    /// The matrices are those of Björn Ottosson, "A perceptual color space for image processing",
    /// 2020. Gamma is 16/7, computed by four square roots, and closely follows the sRGB curve.
    pub(crate) fn rgb(self) -> Rgb {
        let Self { l, a, b } = self;
        let [l, m, s] = [
            l + 0.396_337_78 * a + 0.215_803_76 * b,
            l - 0.105_561_346 * a - 0.063_854_17 * b,
            l - 0.089_484_18 * a - 1.291_485_5 * b,
        ]
        .map(|cone| cone * cone * cone);
        let linear = [
            4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_93 * s,
            -1.268_438 * l + 2.609_757_4 * m - 0.341_319_4 * s,
            -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
        ];
        Rgb(linear.map(|channel| {
            let quarter = channel.clamp(0.0, 1.0).sqrt().sqrt();
            let eighth = quarter.sqrt();
            quarter * eighth * eighth.sqrt()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grays_stay_gray() {
        for step in 0..=10 {
            let l = step as f32 / 10.0;
            let Rgb([r, g, b]) = Lab { l, a: 0.0, b: 0.0 }.rgb();
            assert!((r - g).abs() < 1e-3 && (g - b).abs() < 1e-3, "{r} {g} {b}");
            assert!((0.0..=1.0).contains(&r));
        }
    }
}
