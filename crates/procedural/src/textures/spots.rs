//! The plane strewn with things.

use crate::{
    dice::Dice,
    drawing::Drawing,
    lattice::{hexagon, nearest, scattered, square},
    math::smoothstep,
    noise::value,
    palette::Palette,
    shape::{circle, rectangle},
    vec2::{Vec2, vec2},
};

/// Discs on a square or a hexagonal lattice, perhaps ringed.
pub(crate) fn dots(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        ..
    } = *palette;
    let radius: f32 = dice.range(0.22, 0.35);
    let staggered = dice.chance(0.6);
    let ring = if dice.chance(0.25) {
        dice.range(0.4, 0.6)
    } else {
        0.0
    };
    let other = if dice.chance(0.5) {
        dice.range(0.2, 0.5)
    } else {
        0.0
    };
    let seed = dice.seed();
    Box::new(move |at| {
        let mut ink = at.ink();
        let cell = if staggered {
            hexagon(at.p)
        } else {
            square(at.p)
        };
        let colour = if cell.chances(seed)[0] < other {
            extra
        } else {
            main
        };
        ink.fill(circle(cell.p, radius), colour);
        if ring > 0.0 {
            ink.fill(circle(cell.p, radius * ring), accent);
        }
        ink
    })
}

/// Plus signs, one in each square or in every second.
pub(crate) fn crosses(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let long = dice.range(0.36, 0.46);
    let thick = long * dice.range(0.25, 0.4);
    let turn = Vec2::at_angle(dice.range(-0.3, 0.3));
    let other = dice.range(0.0, 0.5);
    let sparse = dice.chance(0.4);
    let seed = dice.seed();
    Box::new(move |at| {
        let at = at.finer(if sparse { 1.25 } else { 0.95 });
        let mut ink = at.ink();
        let cell = square(at.p);
        if !(sparse && cell.is_odd()) {
            let colour = if cell.chances(seed)[0] < other {
                accent
            } else {
                main
            };
            let p = cell.p.turned(turn);
            let bar = |half| rectangle(p, half, 0.0);
            ink.fill(bar(vec2(long, thick)).min(bar(vec2(thick, long))), colour);
        }
        ink
    })
}

/// Balls of all sizes with a light on each.
pub(crate) fn bubbles(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        glint,
        ..
    } = *palette;
    let light = Vec2::at_angle(dice.angle()) * 0.35;
    let most = dice.range(0.5, 0.62);
    let least = dice.range(0.25, 0.4);
    let mixed = dice.range(0.0, 1.0);
    let seed = dice.seed();
    Box::new(move |at| {
        let mut ink = at.ink();
        let mut top = -1.0;
        for (cell, [_, _, size, height]) in scattered::<2, 2>(at.p, 0.7, seed) {
            let radius = least + (most - least) * size;
            let distance = circle(cell.p, radius);
            if distance > at.px || height < top {
                continue;
            }
            top = height;
            let ball = cell.p / radius;
            let colour = if size < 0.6 * mixed { accent } else { main };
            let off = ball - light;
            ink.fill(distance, colour * (1.15 - 0.55 * off.dot(off)));
            ink.glaze(circle(ball - light * 1.3, 0.17) * radius, glint, 0.9);
        }
        ink
    })
}

/// Rosettes: broken rings around darker patches.
pub(crate) fn leopard(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let radius = dice.range(0.27, 0.34);
    let thick = dice.range(0.2, 0.27);
    let gaps = dice.range(0.24, 0.34);
    let inside = dice.range(0.2, 0.6);
    let (seed, ragged) = (dice.seed(), dice.seed());
    Box::new(move |at| {
        let at = at.finer(0.85);
        let mut ink = at.ink();
        let n = value(at.p * 3.9, ragged);
        for (cell, [_, _, size, _]) in scattered::<2, 2>(at.p, 0.45, seed) {
            let d = cell.p.length() * (1.1 - 0.2 * n) - radius * (0.75 + 0.4 * size);
            if d < 0.3 {
                ink.glaze(d, accent, inside);
                ink.fill(d.abs() - thick * (n - gaps), main);
            }
        }
        ink
    })
}

/// Cells of a Voronoi diagram, each of its own colour, with walls.
pub(crate) fn cells(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        ..
    } = *palette;
    let wall = dice.range(0.03, 0.1);
    let dome = dice.range(0.0, 0.7);
    let kinds = dice.range(0.0, 0.6);
    let seed = dice.seed();
    Box::new(move |at| {
        let mut ink = at.ink();
        let near = nearest(at.p, 0.95, seed);
        let [_, _, kind, tone] = near.cell.chances(seed);
        let colour = if kind < kinds { accent } else { main }.mix(extra, 0.4 * tone);
        // Half the difference is the distance to the wall, between spots that face each other.
        ink.fill(wall - 0.5 * (near.second - near.first), colour);
        ink.shade(1.0 + 0.1 * dome - dome * smoothstep(0.1, 0.8, near.first));
        ink
    })
}
