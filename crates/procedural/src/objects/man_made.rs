//! Man-made objects: houses, cars, sailboats and umbrellas.

use crate::{
    drawing::{Drawing, Pen},
    lattice::interval,
    math::{PI, sin},
    palette::Palette,
    random::Random,
    shape::{arc, circle, polygon, rectangle, stroke},
    vec2::vec2,
};

/// A house: gable, door, windows, and often a chimney.
pub(crate) fn house(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let half = rng.range(0.55, 0.7);
    let eaves = rng.range(0.0, 0.2);
    let peak = rng.range(0.75, 0.95);
    let over = half + rng.range(0.1, 0.22);
    let door = rng.range(-0.15, 0.15);
    let window = vec2(rng.range(0.11, 0.15), rng.range(0.12, 0.17));
    let chimney = if rng.chance(0.7) {
        rng.sign() * 0.45
    } else {
        9.0
    };
    let attic = rng.chance(0.5);
    let slates = rng.chance(0.4);
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p;
        pen.draw(
            &mut ink,
            rectangle(p - vec2(chimney, 0.55), vec2(0.1, 0.3), 0.0),
            extra,
        );
        let middle = 0.5 * (eaves - 0.85);
        pen.draw(
            &mut ink,
            rectangle(p - vec2(0.0, middle), vec2(half, eaves - middle), 0.0),
            main,
        );
        let roof = polygon(p, &[vec2(-over, eaves), vec2(0.0, peak), vec2(over, eaves)]);
        pen.draw(&mut ink, roof, accent);
        if slates {
            let (_, row) = interval(8.0 * p.y);
            ink.blend(((row.abs() - 0.12) / 8.0).max(roof), line, 0.6);
        }
        ink.fill(rectangle(p - vec2(door, -0.6), vec2(0.14, 0.26), 0.0), line);
        ink.fill(circle(p - vec2(door + 0.08, -0.6), 0.03), extra);
        let pane = vec2(
            p.x.abs() - half + 0.08 + window.x,
            p.y - eaves + 0.14 + window.y,
        );
        let glass = rectangle(pane, window, 0.0);
        ink.fill(glass - 0.03, line);
        ink.fill(glass, extra);
        ink.fill((pane.x.abs().min(pane.y.abs()) - 0.018).max(glass), line);
        if attic {
            let round = circle(p - vec2(0.0, eaves + 0.26), 0.12);
            ink.fill(round - 0.03, line);
            ink.fill(round, extra);
        }
        ink
    })
}

/// A car seen from the side.
pub(crate) fn car(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        glint,
        ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let height = rng.range(0.34, 0.5);
    let (rear, front) = (rng.range(-0.75, -0.5), rng.range(0.3, 0.5));
    let rake = rng.range(0.15, 0.28);
    let wheel = rng.range(0.2, 0.26);
    let base = rng.range(0.46, 0.56);
    let stripe = rng.chance(0.4);
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p - vec2(0.0, 0.05);
        let cabin = |inset: f32| {
            let (low, high) = (0.05 + inset, 0.08 + height - inset);
            let slope = 0.8 * inset;
            polygon(
                p,
                &[
                    vec2(rear + inset + slope, low),
                    vec2(rear + rake + inset, high),
                    vec2(front - rake - inset, high),
                    vec2(front - inset - slope, low),
                ],
            )
        };
        let shell = rectangle(p - vec2(0.0, -0.13), vec2(0.95, 0.22), 0.13);
        pen.draw(&mut ink, cabin(0.0).min(shell), main);
        let pillar = (p.x - 0.5 * (rear + front)).abs() - 0.035;
        ink.fill(cabin(0.07).max(-pillar), extra);
        if stripe {
            ink.fill(((p.y + 0.12).abs() - 0.04).max(shell), accent);
        }
        ink.fill(circle(p - vec2(0.86, -0.08), 0.07), glint);
        let q = vec2(p.x.abs() - base, p.y + 0.36);
        ink.fill(circle(q, wheel), line);
        ink.fill(circle(q, 0.55 * wheel), accent);
        ink.fill(circle(q, 0.2 * wheel), line);
        ink
    })
}

/// A boat with two sails.
pub(crate) fn sailboat(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let mast = rng.range(-0.12, 0.12);
    let deck = rng.range(-0.5, -0.4);
    let jib = rng.range(0.45, 0.65);
    let boom = rng.range(0.55, 0.75);
    let battens = rng.chance(0.4);
    let flag = rng.chance(0.5);
    let sea = rng.range(8.0, 12.0);
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p;
        ink.fill(stroke(p, vec2(mast, deck), vec2(mast, 0.93), 0.03), line);
        if flag {
            let cloth = [vec2(mast, 0.96), vec2(mast - 0.24, 0.88), vec2(mast, 0.8)];
            ink.fill(polygon(p, &cloth), accent);
        }
        let (foot, top) = (deck + 0.1, 0.85);
        let large = polygon(
            p,
            &[
                vec2(mast + 0.05, top),
                vec2(mast + 0.05 + boom, foot),
                vec2(mast + 0.05, foot),
            ],
        );
        let small = polygon(
            p,
            &[
                vec2(mast - 0.05, 0.75),
                vec2(mast - 0.05, foot),
                vec2(mast - 0.05 - jib, foot),
            ],
        );
        pen.draw(&mut ink, large, main);
        pen.draw(&mut ink, small, extra);
        if battens {
            let (_, row) = interval(4.0 * p.y);
            ink.fill(((row.abs() - 0.07) * 0.25).max(large + 0.02), line);
        }
        let hull = polygon(
            p,
            &[
                vec2(-0.88, deck),
                vec2(0.92, deck),
                vec2(0.6, deck - 0.34),
                vec2(-0.62, deck - 0.34),
            ],
        );
        pen.draw(&mut ink, hull, accent);
        let surge = p.y - deck + 0.3 + 0.05 * sin(sea * p.x);
        ink.fill((surge.abs() - 0.035).max(p.x.abs() - 0.97), line);
        ink
    })
}

/// An open umbrella with a curved handle.
pub(crate) fn umbrella(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main, accent, line, ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let panels = rng.count(4, 6) as f32;
    let high = rng.range(0.75, 0.95);
    let stick = rng.range(0.03, 0.045);
    let striped = rng.chance(0.7);
    let seams = rng.chance(0.5) || !striped;
    let crook = rng.sign() * 0.14;
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p - vec2(0.0, 0.05);
        ink.fill(stroke(p, vec2(0.0, 0.95), vec2(0.0, -0.76), stick), line);
        let hook = vec2(p.x - crook, -0.76 - p.y);
        ink.fill(arc(hook, 0.14, 1.2 * stick, 0.5 * PI), line);
        let q = vec2(p.x, p.y / high);
        let dome = circle(q, 0.92) * high;
        // The panels have equal widths at the lower edge, and meet at the top.
        let bulge = (0.8464 - q.y * q.y).max(1e-4).sqrt();
        let (panel, side) = interval(0.5 * panels * (p.x / bulge + 1.0));
        let (_, hem) = interval(0.5 * panels * (p.x / 0.92 + 1.0));
        let scallop = circle(vec2(hem * 1.84 / panels, p.y + 0.35 / panels), 1.1 / panels);
        let cloth = dome.max(-p.y - 0.02).max(-scallop);
        pen.draw(&mut ink, cloth, main);
        if striped && panel & 1 == 1 {
            ink.fill(cloth, accent);
        }
        if seams {
            let seam = (0.5 - side.abs()) * 2.0 * bulge / panels;
            ink.fill((seam - 0.018).max(cloth), line);
        }
        ink
    })
}
