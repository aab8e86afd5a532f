//! Natural materials: stone, wood and hair.

use crate::{
    drawing::Drawing,
    lattice::scattered,
    math::{PI, floor, sin, smoothstep},
    noise::{fractal, value},
    palette::Palette,
    random::Random,
    vec2::vec2,
};

/// Marble: clouds with sharp veins.
pub(crate) fn marble(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        ground,
        main,
        accent,
        ..
    } = *palette;
    let pitch = rng.range(0.35, 0.55);
    let fold = rng.range(1.1, 1.7);
    let sharp = rng.range(0.1, 0.22);
    let cloudy = rng.range(0.2, 0.5);
    let seed = rng.seed();
    Box::new(move |at| {
        let mut ink = at.ink();
        let n = fractal(at.p * 0.7, 3, seed);
        let m = value(at.p * 0.5, !seed);
        let vein = sin(PI * (at.p.x * pitch + 2.0 * fold * n)).abs();
        let thin = sin(PI * (at.p.y * pitch + 2.0 * fold * (n + 0.4 * m))).abs();
        let stone = ground.mix(accent, cloudy * m);
        let lines = (1.0 - smoothstep(0.0, 2.5 * sharp, vein))
            .max(0.6 - 0.6 * smoothstep(0.0, sharp, thin));
        ink.cover(stone.mix(main, lines));
        ink
    })
}

/// Wood: annual rings that are stretched along the grain and bent around knots, with pores.
pub(crate) fn wood(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        ground, main, line, ..
    } = *palette;
    let rings = rng.range(2.2, 3.4);
    let long = rng.range(0.13, 0.2);
    let pores = rng.range(0.2, 0.5);
    let (first, second) = (rng.around(1.5), rng.around(1.5));
    let apart = vec2(rng.sign() * rng.range(1.8, 2.6), 0.0);
    let seed = rng.seed();
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p + vec2(0.35 * (value(vec2(at.p.x, 0.35 * at.p.y), seed) - 0.5), 0.0);
        let ring = |knot| {
            let q = p - knot;
            vec2(q.x, long * q.y).length()
        };
        let (a, b) = (ring(first), ring(second + apart));
        let age = rings * (a.min(b) + 0.12 * (a - b).abs().min(0.3));
        let year = age - floor(age);
        // Each annual ring darkens gradually, and the next one starts light.
        let tone = smoothstep(0.1, 0.95, year) * (1.0 - smoothstep(0.95, 1.0, year));
        let pore = value(vec2(13.0 * p.x, 0.9 * p.y), seed ^ 1) - 0.5;
        ink.cover(ground.mix(main, (tone + pores * pore).clamp(0.0, 1.0)));
        ink.fill(a.min(b) - 0.09, line);
        ink
    })
}

/// Fur: overlapping tufts of hair along a curved flow.
pub(crate) fn fur(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        glint,
        ..
    } = *palette;
    let dense = rng.range(2.6, 3.8);
    let bend = rng.range(0.8, 1.8);
    let mixed = rng.range(0.3, 1.0);
    let (seed, flow) = (rng.seed(), rng.seed());
    Box::new(move |at| {
        let mut ink = at.ink();
        let drift = bend * (value(at.p * 0.35, flow) - 0.5);
        let q = vec2(dense * (at.p.x + drift), 0.8 * at.p.y + 0.4 * drift);
        ink.cover(main * 0.5);
        let mut top = -1.0;
        for (cell, [_, _, tone, height]) in scattered::<2, 3>(q, 1.0, seed) {
            // A hair runs from its root at -1 to its tip at 1, and is widest between them.
            let along = cell.p.y;
            let half = 0.55 * (1.0 - along * along) * (0.9 - 0.3 * along);
            let distance = cell.p.x.abs() - half;
            if along.abs() > 1.0 || distance > at.px * dense || height < top {
                continue;
            }
            top = height;
            let hair = main.mix(accent, mixed * tone);
            let root = hair * (0.55 + 0.2 * tone);
            let tip = hair.mix(glint, 0.2 + 0.15 * tone);
            ink.fill(distance / dense, root.mix(tip, 0.5 + 0.5 * along));
        }
        ink
    })
}
