//! Machine parts: wheels, gears and clocks.

use crate::{
    drawing::{Drawing, Pen},
    math::TAU,
    palette::Palette,
    random::Random,
    shape::{circle, fold, rectangle, taper},
    vec2::{Vec2, vec2},
};

/// A wheel: tire, rim, hub, and thin or thick spokes.
pub(crate) fn wheel(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let spokes = rng.count(6, 14) as f32;
    let tire = rng.range(0.06, 0.11);
    let hub = rng.range(0.1, 0.2);
    let thick = rng.range(0.12, 0.22) * 0.9 / spokes * 1.6;
    let disc = rng.chance(0.25);
    Box::new(move |at| {
        let mut ink = at.ink();
        if disc {
            ink.fill(circle(at.p, 0.9), extra);
        }
        let q = fold(at.p, spokes).point;
        ink.fill(
            rectangle(q - vec2(0.45, 0.0), vec2(0.45, thick), 0.0),
            accent,
        );
        pen.draw(&mut ink, circle(at.p, 0.95 - tire).abs() - tire, main);
        ink.fill(circle(at.p, 0.95 - 2.2 * tire).abs() - 0.025, accent);
        pen.draw(&mut ink, circle(at.p, hub), main);
        ink.fill(circle(at.p, 0.4 * hub), accent);
        ink
    })
}

/// A gear: teeth around a plate with optional holes.
pub(crate) fn gear(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let pen = Pen::random(rng, palette);
    let teeth = rng.count(8, 14) as f32;
    let root = rng.range(0.68, 0.76);
    let width = rng.range(0.38, 0.5) * TAU * root / teeth * 0.5;
    let narrow = rng.range(0.6, 0.95);
    let bore = rng.range(0.14, 0.3);
    let holes = rng.count(3, 6) as f32;
    let hole = if rng.chance(0.5) {
        rng.range(0.09, 0.13)
    } else {
        0.0
    };
    let inset = if rng.chance(0.5) {
        rng.range(0.82, 0.9) * root
    } else {
        0.0
    };
    Box::new(move |at| {
        let mut ink = at.ink();
        let q = fold(at.p, teeth).point;
        let half = width * (1.0 + (narrow - 1.0) * (q.x - root) / (0.95 - root));
        let tooth = (q.y.abs() - half).max(q.x - 0.95).max(0.5 - q.x);
        let mut plate = tooth.min(circle(at.p, root)).max(-circle(at.p, bore));
        if hole > 0.0 {
            let h = fold(at.p, holes).point - vec2(0.5 * (root + bore), 0.0);
            plate = plate.max(-circle(h, hole));
        }
        pen.draw(&mut ink, plate, main);
        if inset > 0.0 {
            ink.fill((circle(at.p, inset).abs() - 0.02).max(plate), accent);
        }
        ink
    })
}

/// The face of a clock: marks for the hours, and two or three hands.
pub(crate) fn clock(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        ..
    } = *palette;
    let rim = rng.range(0.05, 0.1);
    let minutes = rng.angle();
    let hours = minutes / 12.0 + rng.count(0, 11) as f32 * TAU / 12.0;
    let hand = rng.range(0.035, 0.06);
    let seconds = if rng.chance(0.4) {
        Some(Vec2::at_angle(rng.angle()))
    } else {
        None
    };
    let (minute, hour) = (Vec2::at_angle(minutes), Vec2::at_angle(hours));
    let mark = rng.range(0.022, 0.04);
    let dotted = rng.chance(0.3);
    Box::new(move |at| {
        let mut ink = at.ink();
        ink.fill(circle(at.p, 0.95), accent);
        ink.fill(circle(at.p, 0.95 - 1.6 * rim), main);
        let twelfth = fold(at.p, 12.0);
        let long = if twelfth.sector % 3 == 0 { 0.11 } else { 0.06 };
        let q = twelfth.point - vec2(0.87 - 1.6 * rim - long, 0.0);
        let marks = if dotted {
            circle(q, 0.6 * long)
        } else {
            rectangle(q, vec2(long, mark), 0.0)
        };
        ink.fill(marks, line);
        let origin = vec2(0.0, 0.0);
        ink.fill(
            taper(at.p, -hour * 0.1, hour * 0.42, (1.3 * hand, 0.7 * hand)),
            line,
        );
        ink.fill(
            taper(at.p, -minute * 0.1, minute * 0.66, (hand, 0.5 * hand)),
            line,
        );
        if let Some(second) = seconds {
            ink.fill(taper(at.p, origin, second * 0.7, (0.02, 0.02)), extra);
        }
        ink.fill(circle(at.p, 1.5 * hand), line);
        ink
    })
}
