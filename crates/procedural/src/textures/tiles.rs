//! The plane laid out in pieces.

use crate::{
    dice::Dice,
    drawing::Drawing,
    lattice::{hexagon, hexagon_depth, interval, running, square},
    math::{SQRT_3, floor},
    noise::quarters,
    palette::Palette,
    shape::{circle, rectangle},
    vec2::vec2,
};

/// A wall in running bond; each brick was fired a little differently.
pub(crate) fn bricks(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let width = dice.range(1.8, 2.6);
    let joint = dice.range(0.05, 0.11);
    let uneven = dice.range(0.1, 0.45);
    let round = dice.range(0.0, 0.15);
    let seed = dice.seed();
    Box::new(move |at| {
        let at = at.finer(1.1);
        let mut ink = at.ink();
        let brick = running(at.p, width);
        let colour = main.mix(accent, uneven * brick.chances(seed)[0]);
        let half = vec2(0.5 * width - joint, 0.5 - joint);
        ink.fill(rectangle(brick.p, half, round), colour);
        ink.shade(1.0 + 0.3 * brick.p.y);
        ink
    })
}

/// A basket: squares of parallel strands, over and under by turns.
pub(crate) fn weave(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let strands = dice.count(2, 4) as f32;
    let gap = dice.range(0.04, 0.1);
    let across = if dice.chance(0.6) { accent } else { main };
    Box::new(move |at| {
        let at = at.finer(0.7);
        let mut ink = at.ink();
        let cell = square(at.p);
        let (along, side, colour) = if cell.is_odd() {
            (cell.p.x, cell.p.y, main)
        } else {
            (cell.p.y, cell.p.x, across)
        };
        let (_, side) = interval((side + 0.5) * strands);
        ink.fill((side.abs() - 0.5 + gap) / strands, colour);
        // A strand dives under its neighbours at the ends of its square, and is round.
        ink.shade(1.1 - 2.8 * along * along * along.abs() - 0.8 * side * side);
        ink
    })
}

/// Hexagonal cells with walls, some of them filled or capped.
pub(crate) fn honeycomb(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette { main, accent, .. } = *palette;
    let wall = dice.range(0.04, 0.09);
    let dome = dice.range(-1.2, 1.2);
    let capped = dice.range(0.0, 0.4);
    let seed = dice.seed();
    Box::new(move |at| {
        let at = at.finer(0.85);
        let mut ink = at.ink();
        let cell = hexagon(at.p);
        let special = cell.chances(seed)[0] < capped;
        ink.fill(
            wall - hexagon_depth(cell.p),
            if special { accent } else { main },
        );
        ink.shade(1.0 - dome * (cell.p.dot(cell.p) - 0.1));
        ink
    })
}

/// Triangles, points up in one colour and points down in others.
pub(crate) fn triangles(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        extra,
        ..
    } = *palette;
    let gap = if dice.chance(0.5) {
        dice.range(0.02, 0.06)
    } else {
        0.0
    };
    let third = dice.range(0.0, 0.4);
    let both = dice.chance(0.35);
    let seed = dice.seed();
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
        let chances = quarters(iu as i32, iv as i32, seed);
        let colour = if chances[usize::from(up)] < third {
            extra
        } else if up {
            main
        } else {
            accent
        };
        if up || both {
            ink.fill(gap - depth, colour);
        } else {
            ink.fill(depth + gap, main);
        }
        ink
    })
}

/// Cubes stacked in a corner, as seen by someone infinitely far away.
pub(crate) fn cubes(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette {
        main,
        accent,
        line,
        glint,
        ..
    } = *palette;
    // From below zero, darker, to above, lighter: seen on dark cubes as on light ones.
    let mut shades = [dice.range(0.45, 0.7), 0.0, dice.range(-0.65, -0.5)];
    shades.rotate_left(dice.count(0, 2) as usize);
    let edge = if dice.chance(0.4) {
        dice.range(0.015, 0.035)
    } else {
        0.0
    };
    let uneven = if dice.chance(0.4) {
        dice.range(0.2, 0.8)
    } else {
        0.0
    };
    let seed = dice.seed();
    let faces = [
        vec2(0.0, 1.0),
        vec2(-0.5 * SQRT_3, -0.5),
        vec2(0.5 * SQRT_3, -0.5),
    ];
    Box::new(move |at| {
        let at = at.finer(0.8);
        let mut ink = at.ink();
        let cell = hexagon(at.p);
        let toward = faces.map(|face| face.dot(cell.p));
        let cube = main.mix(accent, uneven * cell.chances(seed)[0]);
        ink.flood(cube);
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

/// Scales of a fish, or the slates of a roof: rows of discs, each over the one below.
pub(crate) fn scales(dice: &mut Dice, palette: &Palette) -> Drawing {
    let Palette {
        main, accent, line, ..
    } = *palette;
    let radius: f32 = dice.range(0.54, 0.6);
    let step = dice.range(0.36, 0.46);
    let edge = dice.range(0.03, 0.08);
    let uneven = dice.range(0.0, 0.6);
    let depth = dice.range(0.2, 1.2);
    let inner = if dice.chance(0.3) {
        dice.range(0.1, 0.16)
    } else {
        0.0
    };
    let seed = dice.seed();
    Box::new(move |at| {
        let at = at.finer(0.75);
        let mut ink = at.ink();
        let top = floor((at.p.y + radius) / step);
        for down in 0..3 {
            let row = top as i32 - down;
            let (column, x) = interval(at.p.x + 0.5 * (row & 1) as f32);
            let p = vec2(x, at.p.y - row as f32 * step);
            let distance = circle(p, radius);
            if distance < 0.0 {
                let colour = main.mix(accent, uneven * quarters(column, row, seed)[0]);
                ink.flood(colour * (1.0 + depth * (p.length() - 0.8 * radius)));
                ink.fill(circle(p + vec2(0.0, radius - 0.2), inner), accent);
                ink.fill(-distance - edge, line);
                break;
            }
        }
        ink
    })
}
