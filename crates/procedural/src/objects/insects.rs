//! Insects seen from above.

use crate::{
    drawing::{Drawing, Pen},
    palette::Palette,
    random::Random,
    shape::{circle, ellipse, stroke},
    vec2::{Vec2, vec2},
};

/// A butterfly with its four wings open.
pub(crate) fn butterfly(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let upper = Vec2::at_angle(rng.range(0.5, 0.85));
    let lower = Vec2::at_angle(rng.range(-0.9, -0.6));
    let long = rng.range(0.46, 0.54);
    let broad = rng.range(0.27, 0.35);
    let rim = rng.range(0.04, 0.09);
    let spots = rng.count(0, 2);
    let spot = rng.range(0.09, 0.14);
    Box::new(move |at| {
        let mut ink = at.ink();
        let q = at.p.mirrored() - vec2(0.04, 0.05);
        let u = q.rotated_back(upper) - vec2(long, 0.0);
        let l = q.rotated_back(lower) - vec2(0.8 * long, 0.0);
        // The wings are broad at the outside and narrow at the body.
        let high = ellipse(u, vec2(long, broad * (1.0 + 0.5 * u.x / long)));
        let low = ellipse(l, vec2(0.85 * long, broad * (0.9 + 0.4 * l.x / long)));
        pen.draw(&mut ink, low, accent);
        ink.fill(low + rim, extra);
        pen.draw(&mut ink, high, accent);
        ink.fill(high + rim, main);
        if spots > 0 {
            let (a, b) = (u - vec2(0.16, 0.0), l - vec2(0.12, 0.0));
            ink.fill(circle(a, spot).min(circle(b, 0.9 * spot)), line);
            if spots > 1 {
                ink.fill(circle(a, 0.5 * spot).min(circle(b, 0.45 * spot)), extra);
            }
        }
        let p = at.p.mirrored();
        ink.fill(ellipse(p - vec2(0.0, -0.08), vec2(0.075, 0.44)), line);
        ink.fill(circle(p - vec2(0.0, 0.38), 0.09), line);
        let tip = vec2(0.26, 0.82);
        ink.fill(
            stroke(p, vec2(0.03, 0.42), tip, 0.02).min(circle(p - tip, 0.045)),
            line,
        );
        ink
    })
}

/// A ladybug with its wing cases closed.
pub(crate) fn ladybug(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main, line, glint, ..
    } = *palette;
    let wide = rng.range(0.62, 0.72);
    let spot = rng.range(0.11, 0.16);
    let places = [
        vec2(rng.range(0.2, 0.26), rng.range(0.18, 0.25)),
        vec2(rng.range(0.36, 0.44), rng.range(-0.2, -0.08)),
        vec2(rng.range(0.18, 0.24), rng.range(-0.55, -0.45)),
    ];
    let count = rng.count(2, 3) as usize;
    let shine = rng.chance(0.7);
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p;
        let q = p.mirrored();
        for height in [0.25, -0.12, -0.48] {
            let knee = vec2(0.88, height + 0.05);
            let leg = stroke(q, vec2(0.5, height), knee, 0.035);
            ink.fill(
                leg.min(stroke(q, knee, knee + vec2(0.07, -0.14), 0.03)),
                line,
            );
        }
        ink.fill(stroke(q, vec2(0.08, 0.7), vec2(0.26, 0.96), 0.025), line);
        ink.fill(ellipse(p - vec2(0.0, 0.6), vec2(0.36, 0.26)), line);
        ink.fill(circle(q - vec2(0.2, 0.66), 0.07), glint);
        let shell = ellipse(p - vec2(0.0, -0.12), vec2(wide, 0.7));
        ink.fill(shell - 0.03, line);
        ink.fill(shell, main);
        for place in &places[..count] {
            ink.fill(circle(q - *place, spot).max(shell), line);
        }
        ink.fill((q.x - 0.025).max(shell), line);
        if shine {
            ink.blend(
                ellipse(p - vec2(0.42 * wide, 0.32), vec2(0.1, 0.07)),
                glint,
                0.8,
            );
        }
        ink
    })
}
