//! Drawings, which composite layers of ink at each sampled point.

use crate::{color::Rgb, palette::Palette, random::Random, vec2::Vec2};

/// A drawing with fixed random proportions: a function from a sample point to the ink there.
/// Emblems and objects fill the unit circle; textures fill the plane, with features of about size
/// one.
pub(crate) type Drawing = Box<dyn Fn(SamplePoint) -> Ink>;

/// A point at which a drawing is sampled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SamplePoint {
    /// The point.
    pub(crate) p: Vec2,
    /// The width of a pixel at the point. Edges are antialiased over it.
    pub(crate) px: f32,
}

impl SamplePoint {
    /// Returns transparent ink, to which layers are added.
    #[inline]
    pub(crate) fn ink(self) -> Ink {
        Ink {
            rgb: Rgb::BLACK,
            alpha: 0.0,
            per_px: 1.0 / self.px,
        }
    }

    /// Scales the coordinates, which makes the features of a drawing `by` times smaller.
    #[inline]
    pub(crate) fn scaled(self, by: f32) -> Self {
        Self {
            p: self.p * by,
            px: self.px * by,
        }
    }
}

/// The composited layers at one sample point: a premultiplied color with alpha.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ink {
    /// The color times [`alpha`](Self::alpha).
    pub(crate) rgb: Rgb,
    /// The opacity, 0 to 1.
    pub(crate) alpha: f32,
    /// The reciprocal of the pixel's width.
    per_px: f32,
}

impl Ink {
    /// Paints the inside of a shape, given by its signed distance, in an opaque color.
    #[inline]
    pub(crate) fn fill(&mut self, distance: f32, rgb: Rgb) {
        self.blend(distance, rgb, 1.0);
    }

    /// Paints the inside of a shape, given by its signed distance, in a translucent color.
    #[inline]
    pub(crate) fn blend(&mut self, distance: f32, rgb: Rgb, opacity: f32) {
        let cover = (0.5 - distance * self.per_px).clamp(0.0, 1.0) * opacity;
        if cover > 0.0 {
            self.rgb = self.rgb.mix(rgb, cover);
            self.alpha += (1.0 - self.alpha) * cover;
        }
    }

    /// Paints the sample point in an opaque color.
    #[inline]
    pub(crate) fn cover(&mut self, rgb: Rgb) {
        self.rgb = rgb;
        self.alpha = 1.0;
    }

    /// Multiplies the brightness by a factor.
    #[inline]
    pub(crate) fn shade(&mut self, by: f32) {
        self.rgb = self.rgb * by;
    }

    /// Composites the ink over an opaque color.
    #[inline]
    pub(crate) fn over(self, behind: Rgb) -> Rgb {
        self.rgb + behind * (1.0 - self.alpha)
    }
}

/// The style of an object's parts: plain, or with an outline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen {
    outline: f32,
    line: Rgb,
}

impl Pen {
    /// Creates a pen with a random style.
    pub(crate) fn random(rng: &mut Random, palette: &Palette) -> Self {
        let outline = if rng.chance(0.5) {
            rng.range(0.025, 0.07)
        } else {
            0.0
        };
        Self {
            outline,
            line: palette.line,
        }
    }

    /// Paints a shape, with its outline if the pen has one.
    #[inline]
    pub(crate) fn draw(self, ink: &mut Ink, distance: f32, rgb: Rgb) {
        if self.outline > 0.0 {
            ink.fill(distance - self.outline, self.line);
        }
        ink.fill(distance, rgb);
    }
}
