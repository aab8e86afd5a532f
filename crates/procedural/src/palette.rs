//! The colours of a picture, thrown so that they can be told apart and tell nothing.

use crate::{
    color::{Lab, Rgb},
    dice::Dice,
    math::{cos, sin},
};

/// The contrast that a new colour is to have with all that it may touch.
const ENOUGH: f32 = 0.3;

/// How often a better colour is looked for before the best so far is taken.
const TRIES: usize = 24;

/// Five colours, each at a distance from the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    /// What is behind.
    pub(crate) ground: Rgb,
    /// What most of the drawing is.
    pub(crate) main: Rgb,
    /// Its second part.
    pub(crate) accent: Rgb,
    /// A third, where there is one.
    pub(crate) extra: Rgb,
    /// Outlines and small marks.
    pub(crate) line: Rgb,
    /// A light spot on something wet or polished.
    pub(crate) glint: Rgb,
}

impl Palette {
    /// Five colours of any hue, from nearly grey to vivid.
    pub(crate) fn throw(dice: &mut Dice) -> Self {
        let vivid = dice.range(0.02, 0.2);
        let mut taken = Vec::with_capacity(5);
        let mut colours = [Rgb::BLACK; 5];
        for colour in &mut colours {
            let lab = apart(dice, vivid, &taken);
            taken.push(lab);
            *colour = lab.rgb();
        }
        let [ground, main, line, accent, extra] = colours;
        let glint = Lab {
            l: 0.97,
            a: 0.0,
            b: dice.range(-0.03, 0.03),
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

/// Any colour at all, for what is in the way.
pub(crate) fn any_colour(dice: &mut Dice) -> Rgb {
    candidate(dice, 0.18).rgb()
}

/// The first colour far enough from those taken, or the farthest of those tried.
fn apart(dice: &mut Dice, vivid: f32, taken: &[Lab]) -> Lab {
    let mut best = candidate(dice, vivid);
    let mut best_gap = gap(best, taken);
    for _ in 0..TRIES {
        if best_gap >= ENOUGH {
            break;
        }
        let next = candidate(dice, vivid);
        let next_gap = gap(next, taken);
        if next_gap > best_gap {
            (best, best_gap) = (next, next_gap);
        }
    }
    best
}

fn candidate(dice: &mut Dice, vivid: f32) -> Lab {
    let hue = dice.angle();
    let chroma = vivid * dice.range(0.2, 1.0);
    Lab {
        l: dice.range(0.18, 0.97),
        a: chroma * cos(hue),
        b: chroma * sin(hue),
    }
}

/// The contrast with the nearest colour taken. The first two, what is behind and most of what is
/// before it, must stand off the most.
fn gap(lab: Lab, taken: &[Lab]) -> f32 {
    let mut nearest = f32::INFINITY;
    for (index, other) in taken.iter().enumerate() {
        let weight = if index < 2 { 0.75 } else { 1.0 };
        nearest = nearest.min(weight * lab.contrast(*other));
    }
    nearest
}
