//! Random colors of a picture: distinguishable from one another, and independent of the class.

use crate::{
    color::{Lab, Rgb},
    math::{cos, sin},
    random::Random,
};

/// The contrast required of a new color with the colors already chosen.
const MIN_CONTRAST: f32 = 0.3;

/// The number of attempts to find a better color, after which the best one is taken.
const ATTEMPTS: usize = 24;

/// Five distinct colors and a highlight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    /// The color of the background.
    pub(crate) ground: Rgb,
    /// The color of most of the drawing.
    pub(crate) main: Rgb,
    /// The second color of the drawing.
    pub(crate) accent: Rgb,
    /// The third color of the drawing.
    pub(crate) extra: Rgb,
    /// The color of outlines and small marks.
    pub(crate) line: Rgb,
    /// The color of highlights on wet or polished surfaces.
    pub(crate) glint: Rgb,
}

impl Palette {
    /// Creates five random colors of any hue, from nearly gray to vivid.
    pub(crate) fn random(rng: &mut Random) -> Self {
        let vivid = rng.range(0.02, 0.2);
        let mut taken = Vec::with_capacity(5);
        let mut colors = [Rgb::BLACK; 5];
        for color in &mut colors {
            let lab = distinct_color(rng, vivid, &taken);
            taken.push(lab);
            *color = lab.rgb();
        }
        let [ground, main, line, accent, extra] = colors;
        let glint = Lab {
            l: 0.97,
            a: 0.0,
            b: rng.range(-0.03, 0.03),
        }
        .rgb();
        Self {
            ground,
            main,
            accent,
            extra,
            line,
            glint,
        }
    }
}

/// Returns a random color that need not differ from the palette, for clutter.
pub(crate) fn random_color(rng: &mut Random) -> Rgb {
    candidate(rng, 0.18).rgb()
}

/// Returns the first random color with enough contrast to those taken, or the one with the most
/// contrast of all attempts.
fn distinct_color(rng: &mut Random, vivid: f32, taken: &[Lab]) -> Lab {
    let mut best = candidate(rng, vivid);
    let mut best_contrast = min_contrast(best, taken);
    for _ in 0..ATTEMPTS {
        if best_contrast >= MIN_CONTRAST {
            break;
        }
        let next = candidate(rng, vivid);
        let contrast = min_contrast(next, taken);
        if contrast > best_contrast {
            (best, best_contrast) = (next, contrast);
        }
    }
    best
}

fn candidate(rng: &mut Random, vivid: f32) -> Lab {
    let hue = rng.angle();
    let chroma = vivid * rng.range(0.2, 1.0);
    Lab {
        l: rng.range(0.18, 0.97),
        a: chroma * cos(hue),
        b: chroma * sin(hue),
    }
}

/// Returns the contrast of a color with the most similar one taken. The contrast with the first two
/// colors, those of the background and of most of the drawing, must be larger and is weighted.
fn min_contrast(lab: Lab, taken: &[Lab]) -> f32 {
    let mut nearest = f32::INFINITY;
    for (index, other) in taken.iter().enumerate() {
        let weight = if index < 2 { 0.75 } else { 1.0 };
        nearest = nearest.min(weight * lab.contrast(*other));
    }
    nearest
}
