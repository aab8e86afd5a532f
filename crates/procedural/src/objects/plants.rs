//! Plants and mushrooms.

use crate::{
    drawing::{Drawing, Pen},
    lattice::interval,
    math::TAU,
    palette::Palette,
    random::Random,
    shape::{circle, ellipse, lens, polygon, smooth_union, stroke, taper},
    vec2::{Vec2, vec2},
};

/// A tree: a trunk with a round crown, or a fir.
pub(crate) fn tree(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        glint,
        ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let trunk = rng.range(0.08, 0.14);
    if rng.chance(0.4) {
        let tiers = rng.count(3, 4);
        let wide = rng.range(0.5, 0.66);
        return Box::new(move |at| {
            let mut ink = at.ink();
            pen.draw(
                &mut ink,
                taper(at.p, vec2(0.0, -0.92), vec2(0.0, -0.4), (trunk, trunk)),
                accent,
            );
            let q = at.p.mirrored();
            for tier in 0..tiers {
                let share = tier as f32 / tiers as f32;
                let (foot, half) = (-0.6 + 1.15 * share, wide * (1.0 - 0.6 * share));
                let top = (foot + 0.75).min(0.97);
                let bough = polygon(
                    q,
                    &[
                        vec2(-0.1, top),
                        vec2(0.0, top),
                        vec2(half, foot),
                        vec2(-0.1, foot),
                    ],
                );
                pen.draw(&mut ink, bough, main * (0.8 + 0.25 * share));
            }
            ink
        });
    }
    let count = rng.count(6, 9);
    let start = rng.angle();
    let blobs: Vec<_> = (0..count)
        .map(|k| {
            let angle = start + TAU * (k as f32 + rng.range(-0.2, 0.2)) / count as f32;
            let center = Vec2::at_angle(angle) * rng.range(0.34, 0.46);
            (
                vec2(1.15 * center.x, 0.36 + 0.8 * center.y),
                rng.range(0.19, 0.27),
            )
        })
        .collect();
    let fruit = rng.chance(0.4);
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p;
        let wood = taper(
            p,
            vec2(0.0, -0.9),
            vec2(0.0, 0.1),
            (1.2 * trunk, 0.8 * trunk),
        );
        let roots =
            taper(p, vec2(0.0, -0.92), vec2(0.0, -0.6), (2.2 * trunk, trunk)).max(-0.92 - p.y);
        let left = taper(p, vec2(0.0, -0.3), vec2(-0.3, 0.1), (0.06, 0.04));
        let right = taper(p, vec2(0.0, -0.2), vec2(0.3, 0.15), (0.06, 0.04));
        pen.draw(&mut ink, wood.min(roots).min(left).min(right), accent);
        let mut crown = circle(p - vec2(0.0, 0.36), 0.42);
        for (center, radius) in &blobs {
            crown = crown.min(circle(p - *center, *radius));
        }
        pen.draw(&mut ink, crown, main);
        for (k, (center, radius)) in blobs.iter().enumerate() {
            let lit = circle(p - *center - vec2(-0.06, 0.08), 0.65 * radius);
            ink.blend(lit.max(crown + 0.02), glint, 0.25);
            if fruit && k < 5 {
                ink.fill(circle(p - *center, 0.06), extra);
            }
        }
        ink
    })
}

/// A leaf: a blade, its midrib and veins, and a stalk.
pub(crate) fn leaf(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main, accent, line, ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let wide = rng.range(0.42, 0.62);
    let base = rng.range(0.0, 0.35);
    let veins = rng.range(4.0, 6.5);
    let lean = rng.range(0.6, 1.1);
    let vein = rng.range(0.09, 0.15);
    let toothed = if rng.chance(0.35) {
        rng.range(0.03, 0.06)
    } else {
        0.0
    };
    let halves = if rng.chance(0.3) { 0.8 } else { 1.0 };
    let ribs = if rng.chance(0.5) { line } else { accent };
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p - vec2(0.0, 0.12);
        let q = p.mirrored();
        ink.fill(
            taper(p, vec2(0.0, -1.05), vec2(0.0, -0.7), (0.045, 0.03)),
            ribs,
        );
        // An upright lens, wider below than above.
        let full = 1.0 / (1.0 - base * p.y);
        let (_, tooth) = interval(9.0 * (p.y - 0.6 * q.x));
        let blade = lens(vec2(p.y, q.x / full) / 0.84, wide) * 0.84 + toothed * (0.5 + tooth);
        pen.draw(&mut ink, blade, main);
        if p.x > 0.0 {
            ink.shade(halves);
        }
        let (_, side) = interval(veins * (p.y - lean * q.x));
        ink.fill(
            ((side.abs() - vein) / (veins * 1.3)).max(blade + 0.05),
            ribs,
        );
        ink.fill((q.x - 0.03).max(blade), ribs);
        ink
    })
}

/// A mushroom with a spotted cap.
pub(crate) fn mushroom(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let cap = vec2(rng.range(0.74, 0.92), rng.range(0.62, 0.85));
    let brim = rng.range(-0.06, 0.08);
    let stem = rng.range(0.15, 0.25);
    let spot = rng.range(0.09, 0.14);
    let shift = rng.range(-0.1, 0.1);
    let gills = rng.range(9.0, 14.0);
    let skirt = rng.chance(0.4);
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p;
        let foot = taper(p, vec2(0.0, -0.72), vec2(0.0, 0.05), (1.25 * stem, stem));
        pen.draw(&mut ink, foot, accent);
        if skirt {
            ink.fill(ellipse(p - vec2(0.0, -0.2), vec2(1.5 * stem, 0.07)), line);
        }
        let q = p - vec2(0.0, brim);
        let under = ellipse(q, vec2(0.97 * cap.x, 0.16));
        pen.draw(&mut ink, under, accent);
        let (_, gill) = interval(gills * q.x);
        ink.fill(((gill.abs() - 0.2) / gills).max(under), line);
        let dome = smooth_union(
            ellipse(q, cap).max(-q.y),
            stroke(q, vec2(-0.9 * cap.x, 0.03), vec2(0.9 * cap.x, 0.03), 0.05),
            0.05,
        );
        pen.draw(&mut ink, dome, main);
        for (x, y, size) in [
            (-0.5, 0.3, 1.0),
            (0.02, 0.68, 1.0),
            (0.52, 0.34, 1.1),
            (0.0, 0.28, 1.2),
            (-0.28, 0.52, 0.6),
            (0.3, 0.6, 0.7),
        ] {
            let place = vec2((x + shift) * cap.x, y * cap.y);
            ink.fill(
                ellipse(q - place, vec2(spot, 0.85 * spot) * size).max(dome + 0.01),
                extra,
            );
        }
        ink
    })
}
