//! Lines that wind around a center: rings and spirals.

use crate::{
    drawing::Drawing,
    lattice::interval,
    math::{TAU, atan2},
    palette::Palette,
    random::Random,
    shape::circle,
    vec2::vec2,
};

/// Concentric rings, like a target.
pub(crate) fn rings(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        ..
    } = *palette;
    let count = rng.count(3, 6) as f32;
    let duty = rng.range(0.4, 0.65);
    let every = rng.count(1, 2);
    let filled = rng.chance(0.4);
    let extent = if rng.chance(0.5) { count } else { 20.0 };
    let squeeze = rng.range(0.8, 1.0);
    Box::new(move |at| {
        let mut ink = at.ink();
        let r = vec2(at.p.x, at.p.y / squeeze).length() * count;
        let (i, x) = interval(r + 0.5);
        if r < extent {
            if filled {
                ink.cover(extra);
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

/// A spiral of one to four arms around the center.
pub(crate) fn spiral(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let arms = rng.count(1, 4);
    let turns = rng.range(2.6, 4.2) * rng.sign();
    let duty = rng.range(0.35, 0.6);
    let every = if arms % 2 == 0 { rng.count(1, 2) } else { 1 };
    // The arms follow the square root of the radius, and straighten toward the outside.
    let power_two = rng.chance(0.3);
    let bounded = rng.chance(0.5);
    Box::new(move |at| {
        let mut ink = at.ink();
        let r = at.p.length();
        let wound = if power_two { 1.3 * r.sqrt() } else { r };
        let angle = atan2(at.p.y, at.p.x) / TAU;
        let (i, x) = interval(turns * wound + arms as f32 * angle);
        // The gradient of the phase, along the radius and around the center, gives an arm's width.
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
