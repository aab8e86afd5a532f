//! Tilings of the plane.

use crate::{
    drawing::Drawing,
    lattice::{hexagon, hexagon_depth, interval, running_bond, square},
    math::{SQRT_3, floor},
    noise::hash_values,
    palette::Palette,
    random::Random,
    shape::{circle, rectangle},
    vec2::vec2,
};

/// A brick wall in running bond. Each brick has a slightly different color.
pub(crate) fn bricks(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let width = rng.range(1.8, 2.6);
    let joint = rng.range(0.05, 0.11);
    let uneven = rng.range(0.1, 0.45);
    let round = rng.range(0.0, 0.15);
    let seed = rng.seed();
    Box::new(move |at| {
        let at = at.scaled(1.1);
        let mut ink = at.ink();
        let brick = running_bond(at.p, width);
        let color = main.mix(accent, uneven * brick.random_values(seed)[0]);
        let half = vec2(0.5 * width - joint, 0.5 - joint);
        ink.fill(rectangle(brick.p, half, round), color);
        ink.shade(1.0 + 0.3 * brick.p.y);
        ink
    })
}

/// A basket weave: squares of parallel strands in alternating directions.
pub(crate) fn weave(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let strands = rng.count(2, 4) as f32;
    let gap = rng.range(0.04, 0.1);
    let across = if rng.chance(0.6) { accent } else { main };
    Box::new(move |at| {
        let at = at.scaled(0.7);
        let mut ink = at.ink();
        let cell = square(at.p);
        let (along, side, color) = if cell.is_odd() {
            (cell.p.x, cell.p.y, main)
        } else {
            (cell.p.y, cell.p.x, across)
        };
        let (_, side) = interval((side + 0.5) * strands);
        ink.fill((side.abs() - 0.5 + gap) / strands, color);
        // A strand is round, and goes below its neighbors at the ends of its square.
        ink.shade(1.1 - 2.8 * along * along * along.abs() - 0.8 * side * side);
        ink
    })
}

/// Hexagonal cells with walls. Some of the cells are capped.
pub(crate) fn honeycomb(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let wall = rng.range(0.04, 0.09);
    let dome = rng.range(-1.2, 1.2);
    let capped = rng.range(0.0, 0.4);
    let seed = rng.seed();
    Box::new(move |at| {
        let at = at.scaled(0.85);
        let mut ink = at.ink();
        let cell = hexagon(at.p);
        let special = cell.random_values(seed)[0] < capped;
        ink.fill(
            wall - hexagon_depth(cell.p),
            if special { accent } else { main },
        );
        ink.shade(1.0 - dome * (cell.p.dot(cell.p) - 0.1));
        ink
    })
}

/// Triangles: those that point up in one color, those that point down in others.
pub(crate) fn triangles(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        ..
    } = *palette;
    let gap = if rng.chance(0.5) {
        rng.range(0.02, 0.06)
    } else {
        0.0
    };
    let third = rng.range(0.0, 0.4);
    let both = rng.chance(0.35);
    let seed = rng.seed();
    Box::new(move |at| {
        let mut ink = at.ink();
        let (v, u) = (at.p.y * 2.0 / SQRT_3, at.p.x - at.p.y / SQRT_3);
        let (iu, iv) = (floor(u), floor(v));
        let (fu, fv) = (u - iu, v - iv);
        let up = fu + fv < 1.0;
        let sides = if up {
            [fu, fv, 1.0 - fu - fv]
        } else {
            [1.0 - fu, 1.0 - fv, fu + fv - 1.0]
        };
        let depth = sides[0].min(sides[1]).min(sides[2]) * 0.5 * SQRT_3;
        let chances = hash_values(iu as i32, iv as i32, seed);
        let color = if chances[usize::from(up)] < third {
            extra
        } else if up {
            main
        } else {
            accent
        };
        if up || both {
            ink.fill(gap - depth, color);
        } else {
            ink.fill(depth + gap, main);
        }
        ink
    })
}

/// Cubes stacked in a corner, in isometric projection.
pub(crate) fn cubes(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        line,
        glint,
        ..
    } = *palette;
    // Negative shades darken and positive ones lighten, so faces differ on dark and light cubes.
    let mut shades = [rng.range(0.45, 0.7), 0.0, rng.range(-0.65, -0.5)];
    shades.rotate_left(rng.count(0, 2) as usize);
    let edge = if rng.chance(0.4) {
        rng.range(0.015, 0.035)
    } else {
        0.0
    };
    let uneven = if rng.chance(0.4) {
        rng.range(0.2, 0.8)
    } else {
        0.0
    };
    let seed = rng.seed();
    let faces = [
        vec2(0.0, 1.0),
        vec2(-0.5 * SQRT_3, -0.5),
        vec2(0.5 * SQRT_3, -0.5),
    ];
    Box::new(move |at| {
        let at = at.scaled(0.8);
        let mut ink = at.ink();
        let cell = hexagon(at.p);
        let toward = faces.map(|face| face.dot(cell.p));
        let cube = main.mix(accent, uneven * cell.random_values(seed)[0]);
        ink.cover(cube);
        let mut seam = f32::INFINITY;
        for k in 0..3 {
            let others = toward[(k + 1) % 3].max(toward[(k + 2) % 3]);
            let beyond = (others - toward[k]) / SQRT_3;
            let lit = cube.mix(glint, shades[k].max(0.0)) * (1.0 + shades[k].min(0.0));
            ink.fill(beyond, lit);
            seam = seam.min(beyond.abs());
        }
        if edge > 0.0 {
            ink.fill(seam.min(hexagon_depth(cell.p)) - edge, line);
        }
        ink
    })
}

/// Fish scales or roof slates: rows of discs, each over the row below.
pub(crate) fn scales(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main, accent, line, ..
    } = *palette;
    let radius: f32 = rng.range(0.54, 0.6);
    let step = rng.range(0.36, 0.46);
    let edge = rng.range(0.03, 0.08);
    let uneven = rng.range(0.0, 0.6);
    let depth = rng.range(0.2, 1.2);
    let inner = if rng.chance(0.3) {
        rng.range(0.1, 0.16)
    } else {
        0.0
    };
    let seed = rng.seed();
    Box::new(move |at| {
        let at = at.scaled(0.75);
        let mut ink = at.ink();
        let top = floor((at.p.y + radius) / step);
        for down in 0..3 {
            let row = top as i32 - down;
            let (column, x) = interval(at.p.x + 0.5 * (row & 1) as f32);
            let p = vec2(x, at.p.y - row as f32 * step);
            let distance = circle(p, radius);
            if distance < 0.0 {
                let color = main.mix(accent, uneven * hash_values(column, row, seed)[0]);
                ink.cover(color * (1.0 + depth * (p.length() - 0.8 * radius)));
                ink.fill(circle(p + vec2(0.0, radius - 0.2), inner), accent);
                ink.fill(-distance - edge, line);
                break;
            }
        }
        ink
    })
}
