//! Eyes and faces.

use crate::{
    drawing::{Drawing, Pen},
    math::{PI, TAU, atan2},
    noise::value,
    palette::Palette,
    random::Random,
    shape::{arc, circle, ellipse, fold, lens, polygon, smooth_union, stroke},
    vec2::{Vec2, vec2},
};

/// An eye: lids, white, iris, pupil and a highlight; often with lashes and a crease above.
pub(crate) fn eye(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        glint,
        ..
    } = *palette;
    let open = rng.range(0.42, 0.62);
    let iris = open * rng.range(0.78, 0.98);
    let pupil = iris * rng.range(0.35, 0.55);
    let gaze = vec2(rng.range(-0.22, 0.22), rng.range(-0.06, 0.06));
    let lid = rng.range(0.03, 0.07);
    let lashes = if rng.chance(0.5) {
        rng.range(0.16, 0.26)
    } else {
        0.0
    };
    let crease = rng.chance(0.5);
    let streaks = rng.range(0.2, 0.7);
    let light = gaze + vec2(rng.sign() * 0.4, 0.45) * pupil;
    let seed = rng.seed();
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p / 0.97;
        let almond = lens(p, open);
        if crease {
            ink.fill(
                arc(p + vec2(0.0, 0.62), 1.0 + 0.35 * open, 0.5 * lid, 0.62),
                line,
            );
        }
        if lashes > 0.0 && p.y > 0.0 && almond < lashes {
            let sector = fold(p.rotated(Vec2::at_angle(-0.5 * PI)), 22.0).point;
            ink.fill((sector.y.abs() - 0.022).max(almond - lashes), line);
        }
        ink.fill(almond - lid, line);
        ink.fill(almond, main);
        let q = p - gaze;
        let distance = circle(q, iris);
        if distance < at.px {
            let edge = distance.max(almond);
            ink.fill(edge, line);
            let spokes = value(vec2(atan2(q.y, q.x) * 20.0 / TAU, 1.5 * q.length()), seed);
            let color = accent.mix(extra, streaks * spokes);
            ink.fill((distance + 0.04).max(almond), color);
            ink.fill(circle(q, pupil).max(almond), line);
            ink.fill(circle(p - light, 0.33 * pupil), glint);
        }
        ink
    })
}

/// A face like a child's drawing: two eyes and a mouth in a disc.
pub(crate) fn face(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        glint,
        ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let head = vec2(rng.range(0.8, 0.95), 0.95);
    let eye = vec2(rng.range(0.3, 0.38), rng.range(0.18, 0.32));
    let size = rng.range(0.1, 0.16);
    let wide = rng.chance(0.4);
    let mood = rng.count(0, 3);
    let smile = rng.range(0.4, 0.55);
    let nose = rng.chance(0.4);
    let cheeks = rng.chance(0.4);
    let brows = rng.chance(0.4);
    let tilt = rng.range(-0.1, 0.1);
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p;
        pen.draw(&mut ink, ellipse(p, head), main);
        let q = p.mirrored();
        if cheeks {
            ink.blend(circle(q - vec2(0.55, -0.12), 0.15), accent, 0.7);
        }
        if wide {
            ink.fill(circle(q - eye, 1.9 * size), glint);
        }
        ink.fill(ellipse(q - eye, vec2(size, 1.3 * size)), line);
        if brows {
            let brow = eye + vec2(0.0, 2.1 * size + 0.08);
            ink.fill(
                stroke(q, brow + vec2(-0.15, -tilt), brow + vec2(0.15, tilt), 0.035),
                line,
            );
        }
        if nose {
            ink.fill(ellipse(p - vec2(0.0, -0.06), vec2(0.07, 0.12)), accent);
        }
        let mouth = p - vec2(0.0, -0.1);
        match mood {
            // A smile, a frown, an open laughing mouth, or a round mouth.
            0 => ink.fill(arc(vec2(mouth.x, -mouth.y), smile, 0.055, 0.95), line),
            1 => ink.fill(arc(mouth - vec2(0.0, -0.75), 0.42, 0.055, 0.95), line),
            2 => {
                let laugh = circle(mouth - vec2(0.0, -0.1), smile).max(mouth.y + 0.2);
                ink.fill(laugh, line);
                ink.fill(circle(mouth - vec2(0.0, -0.62), 0.22).max(laugh), extra);
            }
            _ => ink.fill(ellipse(mouth - vec2(0.0, -0.4), vec2(0.14, 0.2)), line),
        }
        ink
    })
}

/// The head of a cat: ears, slit eyes, nose and whiskers.
pub(crate) fn cat(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        line,
        ..
    } = *palette;
    let pen = Pen::random(rng, palette);
    let head = vec2(rng.range(0.72, 0.82), rng.range(0.58, 0.68));
    let tip = vec2(rng.range(0.55, 0.72), rng.range(0.85, 0.97));
    let slit = rng.range(0.025, 0.07);
    let eye = vec2(rng.range(0.28, 0.34), rng.range(0.0, 0.08));
    let big = rng.range(0.16, 0.2);
    let whisker = rng.range(0.018, 0.03);
    let muzzle = rng.chance(0.5);
    let stripes = rng.chance(0.4);
    Box::new(move |at| {
        let mut ink = at.ink();
        let p = at.p - vec2(0.0, -0.05);
        let q = p.mirrored();
        let (outer, inner) = (vec2(0.76, 0.1), vec2(0.12, 0.45));
        let ear = polygon(q, &[outer, tip, inner]);
        let skull = ellipse(p - vec2(0.0, -0.2), head);
        pen.draw(&mut ink, smooth_union(ear, skull, 0.08), main);
        ink.fill(
            polygon(
                q,
                &[vec2(0.66, 0.3), tip - vec2(0.02, 0.14), vec2(0.3, 0.5)],
            ),
            accent,
        );
        if stripes {
            let bars = (q.x - 0.16 - 0.1 * q.y).abs().min(q.x) - 0.035;
            ink.fill(bars.max(skull).max(0.16 - p.y), extra);
        }
        if muzzle {
            ink.fill(ellipse(q - vec2(0.13, -0.46), vec2(0.2, 0.15)), extra);
        }
        let almond = (q - eye).rotated(Vec2::at_angle(-0.25));
        ink.fill(lens(almond / big, 0.7) * big - 0.02, line);
        ink.fill(lens(almond / big, 0.7) * big, accent);
        ink.fill(ellipse(q - eye, vec2(slit, 0.8 * big)), line);
        ink.fill(
            polygon(p, &[vec2(-0.1, -0.27), vec2(0.1, -0.27), vec2(0.0, -0.38)]) - 0.02,
            line,
        );
        ink.fill(arc(vec2(q.x - 0.11, -0.42 - q.y), 0.11, 0.02, 1.5), line);
        for slope in [-0.12, 0.02, 0.16] {
            let root = vec2(0.26, -0.42 + 0.4 * slope);
            let end = vec2(1.0, -0.42 + 2.0 * slope);
            ink.fill(stroke(q, root, end, whisker), line);
        }
        ink
    })
}
