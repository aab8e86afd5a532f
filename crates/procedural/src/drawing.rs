//! What a class draws with: ink laid over ink at one point.

use crate::{color::Rgb, dice::Dice, palette::Palette, vec2::Vec2};

/// A drawing with its proportions thrown: what lies at each point of the plane. Emblems and objects
/// fill the unit circle; textures fill the plane, with features of about size one.
pub(crate) type Drawing = Box<dyn Fn(Spot) -> Ink>;

/// Where a drawing is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    /// The point.
    pub(crate) p: Vec2,
    /// How wide a pixel is there, to smooth edges over.
    pub(crate) px: f32,
}

impl Spot {
    /// No ink yet.
    #[inline]
    pub(crate) fn ink(self) -> Ink {
        Ink {
            rgb: Rgb::BLACK,
            alpha: 0.0,
            per_px: 1.0 / self.px,
        }
    }

    /// The same drawing `by` times finer.
    #[inline]
    pub(crate) fn finer(self, by: f32) -> Self {
        Self {
            p: self.p * by,
            px: self.px * by,
        }
    }
}

/// The ink at one spot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ink {
    /// Colour times [`alpha`](Self::alpha).
    pub(crate) rgb: Rgb,
    /// How much it hides what is behind, 0 to 1.
    pub(crate) alpha: f32,
    per_px: f32,
}

impl Ink {
    /// Lays a colour over the inside of a shape, given its signed distance.
    #[inline]
    pub(crate) fn fill(&mut self, distance: f32, rgb: Rgb) {
        self.glaze(distance, rgb, 1.0);
    }

    /// The same with a colour that lets some of what is below through.
    #[inline]
    pub(crate) fn glaze(&mut self, distance: f32, rgb: Rgb, opacity: f32) {
        let cover = (0.5 - distance * self.per_px).clamp(0.0, 1.0) * opacity;
        if cover > 0.0 {
            self.rgb = self.rgb.mix(rgb, cover);
            self.alpha += (1.0 - self.alpha) * cover;
        }
    }

    /// Covers all of it.
    #[inline]
    pub(crate) fn flood(&mut self, rgb: Rgb) {
        self.rgb = rgb;
        self.alpha = 1.0;
    }

    /// Makes what is there lighter or darker.
    #[inline]
    pub(crate) fn shade(&mut self, by: f32) {
        self.rgb = self.rgb * by;
    }

    /// This ink on that colour.
    #[inline]
    pub(crate) fn over(self, behind: Rgb) -> Rgb {
        self.rgb + behind * (1.0 - self.alpha)
    }
}

/// How the pieces of an object are put down: plain, or with an outline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen {
    outline: f32,
    line: Rgb,
}

impl Pen {
    /// A pen of any manner.
    pub(crate) fn throw(dice: &mut Dice, palette: &Palette) -> Self {
        let outline = if dice.chance(0.5) {
            dice.range(0.025, 0.07)
        } else {
            0.0
        };
        Self {
            outline,
            line: palette.line,
        }
    }

    /// Fills a shape, on its outline where there is one.
    #[inline]
    pub(crate) fn piece(self, ink: &mut Ink, distance: f32, rgb: Rgb) {
        if self.outline > 0.0 {
            ink.fill(distance - self.outline, self.line);
        }
        ink.fill(distance, rgb);
    }
}
