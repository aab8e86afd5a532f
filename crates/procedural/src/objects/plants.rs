//! What stands on the ground or falls on it.

use crate::{
    dice::Dice,
    drawing::{Drawing, Pen},
    lattice::interval,
    math::TAU,
    palette::Palette,
    shape::{circle, ellipse, lens, melt, polygon, stroke, taper},
    vec2::{Vec2, vec2},
};

/// A tree: a trunk under a round crown, or a fir.
pub(crate) fn tree(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        glint,
        ..
    } = *palette;
    let pen = Pen::throw(dice, palette);
    let trunk = dice.range(0.08, 0.14);
    if dice.chance(0.4) {
        let tiers = dice.count(3, 4);
        let wide = dice.range(0.5, 0.66);
        return Box::new(move |at| {
            let mut ink = at.ink();
            pen.piece(
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
                pen.piece(&mut ink, bough, main * (0.8 + 0.25 * share));
            }
            ink
        });
    }
    let count = dice.count(6, 9);
    let start = dice.angle();
    let blobs: Vec<_> = (0..count)
        .map(|k| {
            let angle = start + TAU * (k as f32 + dice.range(-0.2, 0.2)) / count as f32;
            let centre = Vec2::at_angle(angle) * dice.range(0.34, 0.46);
            (
                vec2(1.15 * centre.x, 0.36 + 0.8 * centre.y),
                dice.range(0.19, 0.27),
            )
        })
        .collect();
    let fruit = dice.chance(0.4);
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
        pen.piece(&mut ink, wood.min(roots).min(left).min(right), accent);
        let mut crown = circle(p - vec2(0.0, 0.36), 0.42);
        for (centre, radius) in &blobs {
            crown = crown.min(circle(p - *centre, *radius));
        }
        pen.piece(&mut ink, crown, main);
        for (k, (centre, radius)) in blobs.iter().enumerate() {
            let lit = circle(p - *centre - vec2(-0.06, 0.08), 0.65 * radius);
            ink.glaze(lit.max(crown + 0.02), glint, 0.25);
            if fruit && k < 5 {
                ink.fill(circle(p - *centre, 0.06), extra);
            }
        }
        ink
    })
}

/// A leaf: a blade, its midrib and veins, and a stalk.
pub(crate) fn leaf(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette {
        main, accent, line, ..
    } = *palette;
    let pen = Pen::throw(dice, palette);
    let wide = dice.range(0.42, 0.62);
    let base = dice.range(0.0, 0.35);
    let veins = dice.range(4.0, 6.5);
    let lean = dice.range(0.6, 1.1);
    let vein = dice.range(0.09, 0.15);
    let toothed = if dice.chance(0.35) {
        dice.range(0.03, 0.06)
    } else {
        0.0
    };
    let halves = if dice.chance(0.3) { 0.8 } else { 1.0 };
    let ribs = if dice.chance(0.5) { line } else { accent };
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p - vec2(0.0, 0.12);
        let q = p.mirrored();
        ink.fill(
            taper(p, vec2(0.0, -1.05), vec2(0.0, -0.7), (0.045, 0.03)),
            ribs,
        );
        // A lens stood on end, fuller below than above.
        let full = 1.0 / (1.0 - base * p.y);
        let (_, tooth) = interval(9.0 * (p.y - 0.6 * q.x));
        let blade = lens(vec2(p.y, q.x / full) / 0.84, wide) * 0.84 + toothed * (0.5 + tooth);
        pen.piece(&mut ink, blade, main);
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
pub(crate) fn mushroom(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        ..
    } = *palette;
    let pen = Pen::throw(dice, palette);
    let cap = vec2(dice.range(0.74, 0.92), dice.range(0.62, 0.85));
    let brim = dice.range(-0.06, 0.08);
    let stem = dice.range(0.15, 0.25);
    let spot = dice.range(0.09, 0.14);
    let shift = dice.range(-0.1, 0.1);
    let gills = dice.range(9.0, 14.0);
    let skirt = dice.chance(0.4);
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p;
        let foot = taper(p, vec2(0.0, -0.72), vec2(0.0, 0.05), (1.25 * stem, stem));
        pen.piece(&mut ink, foot, accent);
        if skirt {
            ink.fill(ellipse(p - vec2(0.0, -0.2), vec2(1.5 * stem, 0.07)), line);
        }
        let q = p - vec2(0.0, brim);
        let under = ellipse(q, vec2(0.97 * cap.x, 0.16));
        pen.piece(&mut ink, under, accent);
        let (_, gill) = interval(gills * q.x);
        ink.fill(((gill.abs() - 0.2) / gills).max(under), line);
        let dome = melt(
            ellipse(q, cap).max(-q.y),
            stroke(q, vec2(-0.9 * cap.x, 0.03), vec2(0.9 * cap.x, 0.03), 0.05),
            0.05,
        );
        pen.piece(&mut ink, dome, main);
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
