//! Lines that connect random cells.

use crate::{
    drawing::Drawing,
    lattice::square,
    math::floor,
    noise::{hash, hash_values},
    palette::Palette,
    random::Random,
    shape::{circle, rectangle, stroke},
    vec2::{Vec2, vec2},
};

/// A binary-tree maze: each grid point builds one wall, to the right or upward.
pub(crate) fn maze(rng: &mut Random, palette: &Palette) -> Drawing {
    let main = palette.main;
    let half = rng.range(0.13, 0.26);
    let bias = rng.range(0.4, 0.6);
    let seed = rng.seed();
    Box::new(move |at| {
        let at = at.scaled(1.35);
        let mut ink = at.ink();
        let cell = square(at.p);
        let right = |dx, dy| hash_values(cell.ix + dx, cell.iy + dy, seed)[0] < bias;
        let (x, y) = (cell.p.x, cell.p.y);
        let mut distance = f32::INFINITY;
        // The four sides of this cell. The grid point at the lower or left end of a side builds it.
        for (built, d) in [
            (right(0, 0), y + 0.5),
            (!right(0, 0), x + 0.5),
            (right(0, 1), 0.5 - y),
            (!right(1, 0), 0.5 - x),
        ] {
            if built {
                distance = distance.min(d);
            }
        }
        // The wall of a neighboring cell may end at each corner.
        for cx in [-0.5, 0.5] {
            for cy in [-0.5, 0.5] {
                let corner = rectangle(vec2(x - cx, y - cy), vec2(half, half), 0.0);
                distance = distance.min(corner + half);
            }
        }
        ink.fill(distance - half, main);
        ink
    })
}

/// A circuit board: tracks between pads at multiples of 45 degrees.
pub(crate) fn circuit(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette {
        main, accent, line, ..
    } = *palette;
    let half = rng.range(0.045, 0.08);
    let pad = rng.range(0.17, 0.24);
    let padded = rng.range(0.45, 0.7);
    let seed = rng.seed();
    let ways = [
        vec2(1.0, 0.0),
        vec2(1.0, 1.0),
        vec2(0.0, 1.0),
        vec2(-1.0, 1.0),
    ];
    Box::new(move |at| {
        let at = at.scaled(1.2);
        let mut ink = at.ink();
        let (fx, fy) = (floor(at.p.x + 0.5), floor(at.p.y + 0.5));
        let local = at.p - vec2(fx, fy);
        let (mut tracks, mut pads) = (f32::INFINITY, f32::INFINITY);
        for k in 0..9 {
            let (dx, dy) = (k % 3 - 1, k / 3 - 1);
            let bits = hash(fx as i32 + dx, fy as i32 + dy, seed);
            let node = vec2(dx as f32, dy as f32);
            let way = ways[(bits & 3) as usize];
            tracks = tracks.min(stroke(local, node, node + way, half));
            if f32::from((bits >> 8) as u8) < 255.0 * padded {
                pads = pads.min(circle(local - node, pad));
            }
        }
        ink.fill(tracks, main);
        ink.fill(pads, accent);
        ink.fill(pads + 0.6 * pad, line);
        ink
    })
}

/// Truchet tiles in Smith's form: two quarter circles per square, in a random orientation.
pub(crate) fn arcs(rng: &mut Random, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let half = rng.range(0.1, 0.19);
    let core = if rng.chance(0.5) {
        rng.range(0.3, 0.5)
    } else {
        0.0
    };
    let seed = rng.seed();
    Box::new(move |at| {
        let at = at.scaled(0.95);
        let mut ink = at.ink();
        let cell = square(at.p);
        let flip = if cell.random_values(seed)[0] < 0.5 {
            1.0
        } else {
            -1.0
        };
        let p = vec2(cell.p.x * flip, cell.p.y);
        let about = |corner: Vec2| (circle(p - corner, 0.5)).abs();
        let distance = about(vec2(-0.5, -0.5)).min(about(vec2(0.5, 0.5)));
        ink.fill(distance - half, main);
        if core > 0.0 {
            ink.fill(distance - half * core, accent);
        }
        ink
    })
}
