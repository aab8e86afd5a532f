//! Bands of color: straight, wavy, broken and crossed.

use crate::{
    drawing::Drawing,
    lattice::{interval, square},
    math::{TAU, cos, sin},
    palette::Palette,
    random::Random,
    vec2::vec2,
};

/// Straight stripes. Every second or third stripe may have another color.
pub(crate) fn stripes(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let duty = rng.range(0.3, 0.7);
    let every = rng.count(1, 3);
    Box::new(move |at| {
        let mut ink = at.ink();
        let (i, x) = interval(at.p.x);
        let other = every > 1 && i.rem_euclid(every) == 0;
        ink.fill(x.abs() - 0.5 * duty, if other { accent } else { main });
        ink
    })
}

/// Stripes that follow a sine.
pub(crate) fn waves(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let duty = rng.range(0.3, 0.65);
    let every = rng.count(1, 2);
    let pitch = TAU / rng.range(1.7, 2.8);
    let depth = rng.range(0.35, 0.6);
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

/// Stripes that follow a zigzag: chevrons.
pub(crate) fn zigzag(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let duty = rng.range(0.35, 0.65);
    let every = rng.count(1, 3);
    let half = rng.range(0.6, 1.0);
    let slope: f32 = rng.range(0.9, 1.5);
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

/// A checkerboard. Every second row may have a third color.
pub(crate) fn checks(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let second = if rng.chance(0.3) { accent } else { main };
    Box::new(move |at| {
        let mut ink = at.ink();
        let cell = square(at.p);
        let depth = 0.5 - cell.p.x.abs().max(cell.p.y.abs());
        let color = if cell.iy & 1 == 0 { main } else { second };
        ink.fill(if cell.is_odd() { -depth } else { depth }, color);
        ink
    })
}

/// A tartan: one pattern of translucent bands, repeated in both directions.
pub(crate) fn plaid(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main, accent, line, ..
    } = *palette;
    let broad = rng.range(0.2, 0.3);
    let place = rng.range(0.36, 0.44);
    let narrow = rng.range(0.02, 0.05);
    let center = rng.range(0.015, 0.05);
    let opacity = rng.range(0.45, 0.6);
    Box::new(move |at| {
        let at = at.scaled(0.62);
        let mut ink = at.ink();
        let cell = square(at.p);
        for along in [cell.p.x, cell.p.y] {
            ink.blend(along.abs() - broad, main, opacity);
            ink.blend((along.abs() - place).abs() - narrow, accent, 0.75);
            ink.blend(along.abs() - center, line, 0.75);
        }
        ink
    })
}

/// The interference pattern of waves from two or three sources.
pub(crate) fn ripples(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { ground, main, .. } = *palette;
    let pitch = TAU / rng.range(0.7, 1.1);
    let apart = rng.range(0.9, 1.8);
    let sharp = rng.range(0.9, 2.0);
    let middle = rng.around(0.5);
    let sources = [
        middle + vec2(apart, 0.0),
        middle - vec2(apart, 0.0),
        middle + vec2(rng.range(-1.0, 1.0), 1.6 * apart),
    ];
    let third = if rng.chance(0.4) { 1.0 } else { 0.0 };
    let weights = [1.0, 1.0, third];
    Box::new(move |at| {
        let mut ink = at.ink();
        let mut sum = 0.0;
        for (source, weight) in sources.iter().zip(weights) {
            if weight > 0.0 {
                sum += sin(pitch * (at.p - *source).length());
            }
        }
        ink.cover(ground.mix(main, (0.5 + 0.3 * sharp * sum).clamp(0.0, 1.0)));
        ink
    })
}
