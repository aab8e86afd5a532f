//! Things that are in the way: specks and bars, and at times something large at the side.

use crate::{
    color::Rgb,
    dice::Dice,
    drawing::{Ink, Spot},
    palette::any_colour,
    shape::{circle, rectangle},
    vec2::{Vec2, vec2},
};

/// A blob or a bar of one colour. A blob is a bar as long as it is wide.
#[derive(Clone, Copy, Debug)]
struct Scrap {
    centre: Vec2,
    direction: Vec2,
    half: Vec2,
    /// Nothing of it is farther from the centre.
    reach: f32,
    rgb: Rgb,
}

impl Scrap {
    fn new(dice: &mut Dice, centre: Vec2, half: Vec2) -> Self {
        Self {
            centre,
            direction: Vec2::at_angle(dice.angle()),
            half,
            reach: half.x + half.y,
            rgb: any_colour(dice),
        }
    }

    fn distance(&self, p: Vec2) -> f32 {
        let q = p - self.centre;
        if self.half.x == self.half.y {
            circle(q, self.half.x)
        } else {
            rectangle(q.unturned(self.direction), self.half, 0.4 * self.half.y)
        }
    }
}

/// Scraps behind and before a drawing.
#[derive(Debug)]
pub(crate) struct Clutter {
    behind: Vec<Scrap>,
    before: Vec<Scrap>,
}

impl Clutter {
    /// A few specks, and in one picture of four something that hides up to a fifth of it.
    pub(crate) fn throw(dice: &mut Dice) -> Self {
        let specks = dice.count(0, 4);
        let behind = (0..specks).map(|_| speck(dice, 0.22)).collect();
        let specks = dice.count(-1, 3);
        let mut before: Vec<_> = (0..specks).map(|_| speck(dice, 0.1)).collect();
        if dice.chance(0.25) {
            before.push(occluder(dice));
        }
        Self { behind, before }
    }

    /// What of it is on the row of pixels at that height.
    pub(crate) fn row(&self, y: f32, px: f32) -> ClutteredRow<'_> {
        let near = |scrap: &&Scrap| (y - scrap.centre.y).abs() < scrap.reach + px;
        ClutteredRow {
            behind: self.behind.iter().filter(near).collect(),
            before: self.before.iter().filter(near).collect(),
        }
    }
}

/// The scraps that one row of pixels may meet.
#[derive(Debug)]
pub(crate) struct ClutteredRow<'a> {
    behind: Vec<&'a Scrap>,
    before: Vec<&'a Scrap>,
}

impl ClutteredRow<'_> {
    /// What lies on the backdrop.
    #[inline]
    pub(crate) fn behind(&self, at: Spot) -> Ink {
        lay(&self.behind, at)
    }

    /// What lies on the drawing.
    #[inline]
    pub(crate) fn before(&self, at: Spot) -> Ink {
        lay(&self.before, at)
    }
}

fn speck(dice: &mut Dice, most: f32) -> Scrap {
    let centre = dice.around(1.0);
    let small = dice.range(0.03, most);
    let half = if dice.chance(0.5) {
        vec2(small, small)
    } else {
        vec2(dice.range(0.15, 0.6), 0.3 * small)
    };
    Scrap::new(dice, centre, half)
}

/// A disc or a bar near the edge of the picture: the middle stays mostly in view.
fn occluder(dice: &mut Dice) -> Scrap {
    let centre = Vec2::at_angle(dice.angle()) * dice.range(0.7, 1.0);
    let half = if dice.chance(0.5) {
        let radius = dice.range(0.25, 0.48);
        vec2(radius, radius)
    } else {
        vec2(dice.range(0.6, 1.4), dice.range(0.08, 0.16))
    };
    Scrap::new(dice, centre, half)
}

#[inline]
fn lay(scraps: &[&Scrap], at: Spot) -> Ink {
    let mut ink = at.ink();
    for scrap in scraps {
        let off = at.p - scrap.centre;
        let reach = scrap.reach + at.px;
        if off.dot(off) < reach * reach {
            ink.fill(scrap.distance(at.p), scrap.rgb);
        }
    }
    ink
}
