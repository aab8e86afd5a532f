//! Lines that go round and round.

use crate::{
    dice::Dice,
    drawing::Drawing,
    lattice::interval,
    math::{TAU, atan2},
    palette::Palette,
    shape::circle,
    vec2::vec2,
};

/// Concentric rings: a target.
pub(crate) fn rings(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        ..
    } = *palette;
    let count = dice.count(3, 6) as f32;
    let duty = dice.range(0.4, 0.65);
    let every = dice.count(1, 2);
    let filled = dice.chance(0.4);
    let extent = if dice.chance(0.5) { count } else { 20.0 };
    let squeeze = dice.range(0.8, 1.0);
    Box::new(move |at| {
        let mut ink = at.ink();
        let r = vec2(at.p.x, at.p.y / squeeze).length() * count;
        let (i, x) = interval(r + 0.5);
        if r < extent {
            if filled {
                ink.flood(extra);
            }
            let other = every > 1 && i.rem_euclid(every) == 0;
            ink.fill(
                (x.abs() - 0.5 * duty) / count,
                if other { accent } else { main },
            );
        }
        ink
    })
}

/// One arm or several, wound around the centre.
pub(crate) fn spiral(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let arms = dice.count(1, 4);
    let turns = dice.range(2.6, 4.2) * dice.sign();
    let duty = dice.range(0.35, 0.6);
    let every = if arms % 2 == 0 { dice.count(1, 2) } else { 1 };
    // Above one half arms run out straighter and straighter.
    let power_two = dice.chance(0.3);
    let bounded = dice.chance(0.5);
    Box::new(move |at| {
        let mut ink = at.ink();
        let r = at.p.length();
        let wound = if power_two { 1.3 * r.sqrt() } else { r };
        let angle = atan2(at.p.y, at.p.x) / TAU;
        let (i, x) = interval(turns * wound + arms as f32 * angle);
        // How fast the phase runs along the radius and around it gives the width of an arm.
        let out = if power_two {
            0.65 / r.sqrt().max(0.05)
        } else {
            1.0
        } * turns;
        let around = arms as f32 / (TAU * r.max(0.02));
        let slope = (out * out + around * around).sqrt();
        let mut distance = (x.abs() - 0.5 * duty) / slope;
        if bounded {
            distance = distance.max(circle(at.p, 1.0));
        }
        let other = every > 1 && i.rem_euclid(every) == 0;
        ink.fill(distance, if other { accent } else { main });
        ink
    })
}
