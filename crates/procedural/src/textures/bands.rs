//! Bands of colour: straight, wavy, broken and crossed.

use crate::{
    dice::Dice,
    drawing::Drawing,
    lattice::{interval, square},
    math::{TAU, cos, sin},
    palette::Palette,
    vec2::vec2,
};

/// Straight stripes, every second or third of them perhaps of another colour.
pub(crate) fn stripes(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let duty = dice.range(0.3, 0.7);
    let every = dice.count(1, 3);
    Box::new(move |at| {
        let mut ink = at.ink();
        let (i, x) = interval(at.p.x);
        let other = every > 1 && i.rem_euclid(every) == 0;
        ink.fill(x.abs() - 0.5 * duty, if other { accent } else { main });
        ink
    })
}

/// Stripes along a sine.
pub(crate) fn waves(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let duty = dice.range(0.3, 0.65);
    let every = dice.count(1, 2);
    let pitch = TAU / dice.range(1.7, 2.8);
    let depth = dice.range(0.35, 0.6);
    Box::new(move |at| {
        let mut ink = at.ink();
        let (i, y) = interval(at.p.y + depth * sin(pitch * at.p.x));
        let slope = depth * pitch * cos(pitch * at.p.x);
        let distance = (y.abs() - 0.5 * duty) / (1.0 + slope * slope).sqrt();
        let other = every > 1 && i.rem_euclid(every) == 0;
        ink.fill(distance, if other { accent } else { main });
        ink
    })
}

/// Stripes along a zigzag: chevrons.
pub(crate) fn zigzag(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let duty = dice.range(0.35, 0.65);
    let every = dice.count(1, 3);
    let half = dice.range(0.6, 1.0);
    let slope: f32 = dice.range(0.9, 1.5);
    let flat = 1.0 / (1.0 + slope * slope).sqrt();
    Box::new(move |at| {
        let mut ink = at.ink();
        let (_, x) = interval(at.p.x / (2.0 * half));
        let (i, y) = interval(0.8 * at.p.y + 0.8 * slope * 2.0 * half * x.abs());
        let other = every > 1 && i.rem_euclid(every) == 0;
        ink.fill(
            (y.abs() - 0.5 * duty) * flat,
            if other { accent } else { main },
        );
        ink
    })
}

/// A chessboard, perhaps with a third colour on every second row.
pub(crate) fn checks(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let second = if dice.chance(0.3) { accent } else { main };
    Box::new(move |at| {
        let mut ink = at.ink();
        let cell = square(at.p);
        let depth = 0.5 - cell.p.x.abs().max(cell.p.y.abs());
        let colour = if cell.iy & 1 == 0 { main } else { second };
        ink.fill(if cell.is_odd() { -depth } else { depth }, colour);
        ink
    })
}

/// A tartan: one sett of see-through bands along and across.
pub(crate) fn plaid(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette {
        main, accent, line, ..
    } = *palette;
    let broad = dice.range(0.2, 0.3);
    let place = dice.range(0.36, 0.44);
    let narrow = dice.range(0.02, 0.05);
    let centre = dice.range(0.015, 0.05);
    let opacity = dice.range(0.45, 0.6);
    Box::new(move |at| {
        let at = at.finer(0.62);
        let mut ink = at.ink();
        let cell = square(at.p);
        for along in [cell.p.x, cell.p.y] {
            ink.glaze(along.abs() - broad, main, opacity);
            ink.glaze((along.abs() - place).abs() - narrow, accent, 0.75);
            ink.glaze(along.abs() - centre, line, 0.75);
        }
        ink
    })
}

/// Two or three sources of rings that add up and cancel.
pub(crate) fn ripples(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette { ground, main, .. } = *palette;
    let pitch = TAU / dice.range(0.7, 1.1);
    let apart = dice.range(0.9, 1.8);
    let sharp = dice.range(0.9, 2.0);
    let middle = dice.around(0.5);
    let sources = [
        middle + vec2(apart, 0.0),
        middle - vec2(apart, 0.0),
        middle + vec2(dice.range(-1.0, 1.0), 1.6 * apart),
    ];
    let third = if dice.chance(0.4) { 1.0 } else { 0.0 };
    let weights = [1.0, 1.0, third];
    Box::new(move |at| {
        let mut ink = at.ink();
        let mut sum = 0.0;
        for (source, weight) in sources.iter().zip(weights) {
            if weight > 0.0 {
                sum += sin(pitch * (at.p - *source).length());
            }
        }
        ink.flood(ground.mix(main, (0.5 + 0.3 * sharp * sum).clamp(0.0, 1.0)));
        ink
    })
}
