//! Flowers, stars, suns and snowflakes.

use crate::{
    dice::Dice,
    drawing::{Drawing, Pen},
    lattice::hexagon,
    math::PI,
    palette::Palette,
    shape::{circle, ellipse, fold, polygon, star as star_shape, stroke},
    vec2::{Vec2, vec2},
};

/// A flower from above: petals in one ring or two around a seeded disc.
pub(crate) fn flower(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        ..
    } = *palette;
    let pen = Pen::throw(dice, palette);
    let petals = dice.count(5, 10) as f32;
    let disc = dice.range(0.2, 0.32);
    let half = 0.5 * (0.95 - 0.6 * disc);
    let width = (dice.range(0.8, 1.15) * PI * 0.62 / petals).min(0.36);
    let double = dice.chance(0.4);
    let half_sector = Vec2::at_angle(PI / petals);
    let vein = dice.chance(0.5);
    Box::new(move |at| {
        let mut ink = at.ink();
        let petal = |p: Vec2, long: f32| {
            let q = fold(p, petals).point;
            // Wider towards the tip.
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
            pen.piece(
                &mut ink,
                petal(at.p.turned(half_sector), 1.0).0,
                main * 0.75,
            );
        }
        let (distance, q) = petal(at.p, if double { 0.86 } else { 1.0 });
        pen.piece(&mut ink, distance, main);
        if vein {
            ink.glaze((q.y.abs() - 0.05 * q.x).max(distance), line, 0.5);
        }
        pen.piece(&mut ink, circle(at.p, disc), accent);
        let seed = hexagon(at.p * 11.0).p * (1.0 / 11.0);
        ink.fill(circle(seed, 0.022).max(circle(at.p, disc - 0.03)), extra);
        ink
    })
}

/// A star of five to seven points, flat or cut like a gem.
pub(crate) fn star(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let pen = Pen::throw(dice, palette);
    let points = dice.count(4, 7) as f32;
    let valley = dice.range(0.36, 0.5) + 0.02 * (points - 4.0);
    let gem = dice.range(0.0, 0.35);
    let inner = if dice.chance(0.4) {
        dice.range(0.4, 0.7)
    } else {
        0.0
    };
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p / 0.95;
        pen.piece(&mut ink, star_shape(p, points, valley) * 0.95, main);
        if inner > 0.0 {
            ink.fill(star_shape(p / inner, points, valley) * inner, accent);
        }
        let side = (fold(p, points).point.y / at.px).clamp(-1.0, 1.0);
        ink.shade(1.0 - gem * side);
        ink
    })
}

/// A disc with rays that stand off from it.
pub(crate) fn sun(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        ..
    } = *palette;
    let pen = Pen::throw(dice, palette);
    let rays = 2.0 * dice.count(4, 8) as f32;
    let disc = dice.range(0.38, 0.5);
    let gap = dice.range(0.06, 0.12);
    let long = 0.97;
    let short = if dice.chance(0.6) {
        dice.range(0.72, 0.85)
    } else {
        long
    };
    let width = dice.range(0.3, 0.42) * 2.0 * PI * disc / rays;
    let pointed = dice.chance(0.65);
    let halo = dice.chance(0.4);
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
        pen.piece(&mut ink, circle(at.p, disc), main);
        if halo {
            ink.fill(circle(at.p, 0.78 * disc), extra);
        }
        ink
    })
}

/// Six arms with branches.
pub(crate) fn snowflake(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette { main, .. } = *palette;
    let half = dice.range(0.03, 0.05);
    let branches = dice.count(2, 3);
    let lean = Vec2::at_angle(dice.range(0.8, 1.15));
    let first = dice.range(0.28, 0.4);
    let reach = dice.range(0.26, 0.38);
    let hub = dice.range(0.0, 0.22);
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
            // A plate in the middle: the edge of a hexagon.
            let edge = (q.x * 0.866 + q.y * 0.5 - hub).abs() - 0.8 * half;
            distance = distance.min(edge);
        }
        ink.fill(distance, main);
        ink
    })
}
