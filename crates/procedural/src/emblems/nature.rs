//! Flowers, stars, suns and snowflakes.

use crate::{
    drawing::{Drawing, Pen},
    lattice::hexagon,
    math::PI,
    palette::Palette,
    random::Random,
    shape::{circle, ellipse, fold, polygon, star as star_shape, stroke},
    vec2::{Vec2, vec2},
};

/// A flower seen from above: one or two rings of petals around a disc of seeds.
pub(crate) fn flower(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let petals = rng.count(5, 10) as f32;
    let disc = rng.range(0.2, 0.32);
    let half = 0.5 * (0.95 - 0.6 * disc);
    let width = (rng.range(0.8, 1.15) * PI * 0.62 / petals).min(0.36);
    let double = rng.chance(0.4);
    let half_sector = Vec2::at_angle(PI / petals);
    let vein = rng.chance(0.5);
    Box::new(move |at| {
        let mut ink = at.ink();
        let petal = |p: Vec2, long: f32| {
            let q = fold(p, petals).point;
            // The petal widens toward the tip.
            let round = q.x / long;
            (
                ellipse(
                    q - vec2(0.95 * long - half * long, 0.0),
                    vec2(half * long, width * (0.55 + 0.6 * round)),
                ),
                q,
            )
        };
        if double {
            pen.draw(
                &mut ink,
                petal(at.p.rotated(half_sector), 1.0).0,
                main * 0.75,
            );
        }
        let (distance, q) = petal(at.p, if double { 0.86 } else { 1.0 });
        pen.draw(&mut ink, distance, main);
        if vein {
            ink.blend((q.y.abs() - 0.05 * q.x).max(distance), line, 0.5);
        }
        pen.draw(&mut ink, circle(at.p, disc), accent);
        let seed = hexagon(at.p * 11.0).p * (1.0 / 11.0);
        ink.fill(circle(seed, 0.022).max(circle(at.p, disc - 0.03)), extra);
        ink
    })
}

/// A star of four to seven points, flat or with facets.
pub(crate) fn star(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let pen = Pen::random(rng, palette);
    let points = rng.count(4, 7) as f32;
    let valley = rng.range(0.36, 0.5) + 0.02 * (points - 4.0);
    let gem = rng.range(0.0, 0.35);
    let inner = if rng.chance(0.4) {
        rng.range(0.4, 0.7)
    } else {
        0.0
    };
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p / 0.95;
        pen.draw(&mut ink, star_shape(p, points, valley) * 0.95, main);
        if inner > 0.0 {
            ink.fill(star_shape(p / inner, points, valley) * inner, accent);
        }
        let side = (fold(p, points).point.y / at.px).clamp(-1.0, 1.0);
        ink.shade(1.0 - gem * side);
        ink
    })
}

/// A sun: a disc with separate rays around it.
pub(crate) fn sun(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let rays = 2.0 * rng.count(4, 8) as f32;
    let disc = rng.range(0.38, 0.5);
    let gap = rng.range(0.06, 0.12);
    let long = 0.97;
    let short = if rng.chance(0.6) {
        rng.range(0.72, 0.85)
    } else {
        long
    };
    let width = rng.range(0.3, 0.42) * 2.0 * PI * disc / rays;
    let pointed = rng.chance(0.65);
    let halo = rng.chance(0.4);
    Box::new(move |at| {
        let mut ink = at.ink();
        let ray = fold(at.p, rays);
        let tip = if ray.sector % 2 == 0 { long } else { short };
        let root = disc + gap;
        let q = ray.point;
        let distance = if pointed {
            polygon(q, &[vec2(root, -width), vec2(tip, 0.0), vec2(root, width)])
        } else {
            stroke(
                q,
                vec2(root + 0.03, 0.0),
                vec2(tip - 0.04, 0.0),
                0.5 * width,
            )
        };
        ink.fill(distance, accent);
        pen.draw(&mut ink, circle(at.p, disc), main);
        if halo {
            ink.fill(circle(at.p, 0.78 * disc), extra);
        }
        ink
    })
}

/// A snowflake: six arms with branches.
pub(crate) fn snowflake(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, .. } = *palette;
    let half = rng.range(0.03, 0.05);
    let branches = rng.count(2, 3);
    let lean = Vec2::at_angle(rng.range(0.8, 1.15));
    let first = rng.range(0.28, 0.4);
    let reach = rng.range(0.26, 0.38);
    let hub = rng.range(0.0, 0.22);
    Box::new(move |at| {
        let mut ink = at.ink();
        let q = fold(at.p, 6.0).point;
        let q = vec2(q.x, q.y.abs());
        let mut distance = stroke(q, vec2(0.0, 0.0), vec2(0.95, 0.0), half);
        for k in 0..branches {
            let share = k as f32 / branches as f32;
            let root = vec2(first + (0.9 - first) * share, 0.0);
            let long = reach * (1.0 - 0.45 * share);
            distance = distance.min(stroke(q, root, root + lean * long, 0.8 * half));
        }
        if hub > 0.08 {
            // The outline of a hexagon in the middle.
            let edge = (q.x * 0.866 + q.y * 0.5 - hub).abs() - 0.8 * half;
            distance = distance.min(edge);
        }
        ink.fill(distance, main);
        ink
    })
}
