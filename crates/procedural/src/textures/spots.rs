//! Shapes scattered over the plane.

use crate::{
    drawing::Drawing,
    lattice::{hexagon, nearest, scattered, square},
    math::smoothstep,
    noise::value,
    palette::Palette,
    random::Random,
    shape::{circle, rectangle},
    vec2::{Vec2, vec2},
};

/// Discs on a square or a hexagonal lattice, sometimes with rings.
pub(crate) fn dots(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        ..
    } = *palette;
    let radius: f32 = rng.range(0.22, 0.35);
    let staggered = rng.chance(0.6);
    let ring = if rng.chance(0.25) {
        rng.range(0.4, 0.6)
    } else {
        0.0
    };
    let other = if rng.chance(0.5) {
        rng.range(0.2, 0.5)
    } else {
        0.0
    };
    let seed = rng.seed();
    Box::new(move |at| {
        let mut ink = at.ink();
        let cell = if staggered {
            hexagon(at.p)
        } else {
            square(at.p)
        };
        let color = if cell.random_values(seed)[0] < other {
            extra
        } else {
            main
        };
        ink.fill(circle(cell.p, radius), color);
        if ring > 0.0 {
            ink.fill(circle(cell.p, radius * ring), accent);
        }
        ink
    })
}

/// Plus signs, one in each square or in every second square.
pub(crate) fn crosses(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let long = rng.range(0.36, 0.46);
    let thick = long * rng.range(0.25, 0.4);
    let turn = Vec2::at_angle(rng.range(-0.3, 0.3));
    let other = rng.range(0.0, 0.5);
    let sparse = rng.chance(0.4);
    let seed = rng.seed();
    Box::new(move |at| {
        let at = at.scaled(if sparse { 1.25 } else { 0.95 });
        let mut ink = at.ink();
        let cell = square(at.p);
        if !(sparse && cell.is_odd()) {
            let color = if cell.random_values(seed)[0] < other {
                accent
            } else {
                main
            };
            let p = cell.p.rotated(turn);
            let bar = |half| rectangle(p, half, 0.0);
            ink.fill(bar(vec2(long, thick)).min(bar(vec2(thick, long))), color);
        }
        ink
    })
}

/// Balls of various sizes, each with a highlight.
pub(crate) fn bubbles(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        glint,
        ..
    } = *palette;
    let light = Vec2::at_angle(rng.angle()) * 0.35;
    let max_radius = rng.range(0.5, 0.62);
    let min_radius = rng.range(0.25, 0.4);
    let mixed = rng.range(0.0, 1.0);
    let seed = rng.seed();
    Box::new(move |at| {
        let mut ink = at.ink();
        let mut top = -1.0;
        for (cell, [_, _, size, height]) in scattered::<2, 2>(at.p, 0.7, seed) {
            let radius = min_radius + (max_radius - min_radius) * size;
            let distance = circle(cell.p, radius);
            if distance > at.px || height < top {
                continue;
            }
            top = height;
            let ball = cell.p / radius;
            let color = if size < 0.6 * mixed { accent } else { main };
            let off = ball - light;
            ink.fill(distance, color * (1.15 - 0.55 * off.dot(off)));
            ink.blend(circle(ball - light * 1.3, 0.17) * radius, glint, 0.9);
        }
        ink
    })
}

/// Rosettes: broken rings around darker patches.
pub(crate) fn leopard(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let radius = rng.range(0.27, 0.34);
    let thick = rng.range(0.2, 0.27);
    let gaps = rng.range(0.24, 0.34);
    let inside = rng.range(0.2, 0.6);
    let (seed, ragged) = (rng.seed(), rng.seed());
    Box::new(move |at| {
        let at = at.scaled(0.85);
        let mut ink = at.ink();
        let n = value(at.p * 3.9, ragged);
        for (cell, [_, _, size, _]) in scattered::<2, 2>(at.p, 0.45, seed) {
            let d = cell.p.length() * (1.1 - 0.2 * n) - radius * (0.75 + 0.4 * size);
            if d < 0.3 {
                ink.blend(d, accent, inside);
                ink.fill(d.abs() - thick * (n - gaps), main);
            }
        }
        ink
    })
}

/// Cells of a Voronoi diagram with walls. Each cell has its own color.
pub(crate) fn cells(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        ..
    } = *palette;
    let wall = rng.range(0.03, 0.1);
    let dome = rng.range(0.0, 0.7);
    let kinds = rng.range(0.0, 0.6);
    let seed = rng.seed();
    Box::new(move |at| {
        let mut ink = at.ink();
        let near = nearest(at.p, 0.95, seed);
        let [_, _, kind, tone] = near.cell.random_values(seed);
        let color = if kind < kinds { accent } else { main }.mix(extra, 0.4 * tone);
        // Half the difference is the distance to the wall on the line between the two points.
        ink.fill(wall - 0.5 * (near.second - near.first), color);
        ink.shade(1.0 + 0.1 * dome - dome * smoothstep(0.1, 0.8, near.first));
        ink
    })
}
