//! Animals seen from the side, and a peacock's feather.

use crate::{
    drawing::{Drawing, Pen},
    lattice::interval,
    math::{PI, TAU, atan2},
    palette::Palette,
    random::Random,
    shape::{circle, ellipse, lens, polygon, rectangle, smooth_union, stroke, taper},
    vec2::{Vec2, vec2},
};

/// A standing bird with a folded or raised wing.
pub(crate) fn bird(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        glint,
        ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let fat = rng.range(0.32, 0.4);
    let lean = Vec2::at_angle(rng.range(0.15, 0.4));
    let head = vec2(rng.range(0.45, 0.52), rng.range(0.38, 0.46));
    let beak = rng.range(0.2, 0.3);
    let tail = rng.range(-0.3, 0.1);
    let wing = Vec2::at_angle(rng.range(-0.2, 0.6));
    let belly = rng.chance(0.5);
    let legs = rng.range(0.03, 0.04);
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p - vec2(-0.05, 0.02);
        for foot in [-0.08, 0.16] {
            let (hip, toe) = (vec2(foot, -0.3), vec2(foot + 0.03, -0.85));
            let leg = stroke(p, hip, toe, legs);
            ink.fill(leg.min(stroke(p, toe, toe + vec2(0.16, -0.03), legs)), line);
        }
        let ends = [
            vec2(-0.4, 0.1),
            vec2(-0.98, tail + 0.14),
            vec2(-1.0, tail - 0.1),
            vec2(-0.35, -0.2),
        ];
        pen.draw(&mut ink, polygon(p, &ends), accent);
        let tip = head + vec2(0.22 + beak, -0.04);
        pen.draw(
            &mut ink,
            polygon(p, &[head + vec2(0.15, 0.12), tip, head + vec2(0.14, -0.14)]),
            extra,
        );
        let body = ellipse((p - vec2(0.0, -0.05)).rotated_back(lean), vec2(0.6, fat));
        let bird = smooth_union(body, circle(p - head, 0.25), 0.12);
        pen.draw(&mut ink, bird, main);
        if belly {
            ink.fill(
                ellipse(p - vec2(0.15, -0.2), vec2(0.34, 0.24)).max(bird),
                extra,
            );
        }
        let q = (p - vec2(0.1, 0.08)).rotated_back(wing) + vec2(0.3, 0.0);
        let feathers = lens(q / 0.44, 0.55) * 0.44;
        pen.draw(&mut ink, feathers, accent);
        let (_, row) = interval(6.0 * q.x);
        ink.blend((row.abs() - 0.15).max(feathers).max(q.y), line, 0.6);
        let eye = p - head - vec2(0.07, 0.05);
        ink.fill(circle(eye, 0.075), glint);
        ink.fill(circle(eye, 0.045), line);
        ink
    })
}

/// A fish with bands, with scales, or with a plain side.
pub(crate) fn fish(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        glint,
        ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let tall = rng.range(0.42, 0.62);
    let fork = rng.range(0.0, 0.16);
    let flare = rng.range(0.3, 0.48);
    let fin = rng.range(0.12, 0.25);
    let bands = rng.range(3.0, 5.0);
    let manner = rng.count(0, 2);
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p - vec2(0.15, 0.0);
        let tail = [
            vec2(-0.5, 0.0),
            vec2(-1.1, flare),
            vec2(-1.05 + fork, 0.0),
            vec2(-1.1, -flare),
        ];
        pen.draw(&mut ink, polygon(p, &tail), accent);
        let back = [
            vec2(-0.35, 0.3 * tall),
            vec2(-0.25, 0.8 * tall + fin),
            vec2(0.3, 0.8 * tall),
        ];
        let keel = [
            vec2(-0.2, -0.5 * tall),
            vec2(-0.25, -0.7 * tall - fin),
            vec2(0.15, -0.7 * tall),
        ];
        pen.draw(&mut ink, polygon(p, &back).min(polygon(p, &keel)), accent);
        let body = lens(p / 0.78, tall) * 0.78;
        pen.draw(&mut ink, body, main);
        let behind_gill = circle(p - vec2(0.72, 0.0), 0.46);
        match manner {
            // Vertical bands, scales, or a plain side.
            0 => {
                let (_, x) = interval(bands * p.x);
                ink.fill(
                    ((x.abs() - 0.24) / bands).max(body).max(-behind_gill),
                    extra,
                );
            }
            1 => {
                let (row, y) = interval(7.0 * p.y);
                let (_, x) = interval(6.0 * p.x + 0.5 * (row & 1) as f32);
                let rim = ((vec2(x - 0.3, y).length() - 0.62).abs() - 0.09) / 6.5;
                ink.fill(rim.max(body + 0.03).max(-behind_gill), extra);
            }
            _ => ink.fill((-p.y - 0.05).max(body).max(-behind_gill), extra),
        }
        ink.fill((behind_gill.abs() - 0.022).max(body + 0.03), line);
        pen.draw(
            &mut ink,
            ellipse(p - vec2(0.0, -0.1), vec2(0.17, 0.09)),
            accent,
        );
        ink.fill(circle(p - vec2(0.52, 0.09), 0.1), glint);
        ink.fill(circle(p - vec2(0.53, 0.09), 0.058), line);
        ink
    })
}

/// A snail with its shell.
pub(crate) fn snail(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main, accent, line, ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let shell = rng.range(0.52, 0.6);
    let turns = rng.range(2.0, 3.0);
    let thick = rng.range(0.14, 0.24);
    let raised = rng.range(0.0, 0.15);
    let horn = rng.range(0.2, 0.32);
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p - vec2(0.0, -0.05);
        let foot = taper(p, vec2(-0.88, -0.66), vec2(0.5, -0.6), (0.06, 0.14));
        let head = vec2(0.74, -0.2 + raised);
        let neck = taper(p, vec2(0.5, -0.58), head, (0.15, 0.13));
        for spread in [-0.06, 0.14] {
            let end = head + vec2(spread, 0.1 + horn);
            ink.fill(stroke(p, head, end, 0.028), line);
            ink.fill(circle(p - end, 0.06), line);
        }
        pen.draw(&mut ink, smooth_union(foot, neck, 0.15), accent);
        ink.fill(circle(p - head - vec2(0.05, 0.02), 0.035), line);
        let q = p - vec2(-0.14, 0.04);
        let distance = circle(q, shell);
        pen.draw(&mut ink, distance, main);
        let radius = q.length() / shell;
        let (_, wound) = interval(turns * radius - atan2(q.y, q.x) / TAU);
        ink.fill(
            ((wound.abs() - thick) * shell / turns).max(distance + 0.02),
            line,
        );
        ink
    })
}

/// The eye of a peacock's feather: nested ovals among barbs.
pub(crate) fn peacock(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        ..
    } = *palette;
    let barbs = rng.range(34.0, 48.0);
    let wide = rng.range(0.58, 0.72);
    let eye = rng.range(0.42, 0.52);
    let ring = rng.range(0.7, 0.8);
    let heart = rng.range(0.38, 0.5);
    let shaft = rng.range(0.02, 0.035);
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p;
        let root = p - vec2(0.0, -0.55);
        // The barbs fan out from a low point of the shaft, and the vane is ragged at their ends.
        let (barb, side) = interval(barbs * atan2(root.x, root.y) / PI);
        let ragged = 0.05 * (barb & 1) as f32;
        let vane = smooth_union(
            ellipse(p - vec2(0.0, 0.2), vec2(wide, 0.74)),
            rectangle(p - vec2(0.0, -0.6), vec2(0.3, 0.3), 0.2),
            0.3,
        ) + ragged;
        let gap = (side.abs() - 0.3) * PI * root.length() / barbs;
        ink.fill(vane.max(gap), main);
        ink.fill(stroke(p, vec2(0.0, -1.0), vec2(0.0, 0.0), shaft), line);
        let q = p - vec2(0.0, 0.25);
        ink.fill(ellipse(q, vec2(0.85 * eye, eye)), extra);
        ink.fill(
            ellipse(q - vec2(0.0, -0.02), vec2(0.82 * eye, eye) * ring),
            accent,
        );
        let dimple = circle(q - vec2(0.0, 0.1 - eye * heart), 0.11);
        ink.fill(
            ellipse(q - vec2(0.0, -0.05), vec2(eye, eye) * heart).max(-dimple),
            line,
        );
        ink
    })
}
