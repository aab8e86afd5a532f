//! Divisions of the plane into cells.

use crate::{
    math::{SQRT_3, floor},
    noise::hash_values,
    vec2::{Vec2, vec2},
};

/// The cell that contains a point, and the point relative to the center of the cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) ix: i32,
    pub(crate) iy: i32,
    pub(crate) p: Vec2,
}

impl Cell {
    /// Returns four random numbers in 0..=1 that depend on the cell alone.
    #[inline]
    pub(crate) fn random_values(&self, seed: u32) -> [f32; 4] {
        hash_values(self.ix, self.iy, seed)
    }

    /// Returns true if the cell is one of the dark squares of a checkerboard.
    #[inline]
    pub(crate) fn is_odd(&self) -> bool {
        (self.ix + self.iy) & 1 == 1
    }
}

/// Returns the integer below `x`, and `x` relative to the middle of that unit interval, -0.5..0.5.
#[inline]
pub(crate) fn interval(x: f32) -> (i32, f32) {
    let low = floor(x);
    (low as i32, x - low - 0.5)
}

/// Returns the unit square that contains a point.
#[inline]
pub(crate) fn square(p: Vec2) -> Cell {
    let (ix, x) = interval(p.x);
    let (iy, y) = interval(p.y);
    Cell {
        ix,
        iy,
        p: vec2(x, y),
    }
}

/// Returns the brick in running bond that contains a point: rectangles of height one and the given
/// width, with every second row shifted by half.
#[inline]
pub(crate) fn running_bond(p: Vec2, width: f32) -> Cell {
    let (iy, y) = interval(p.y);
    let (ix, x) = interval(p.x / width + 0.5 * (iy & 1) as f32);
    Cell {
        ix,
        iy,
        p: vec2(x * width, y),
    }
}

/// Returns the regular hexagon that contains a point. The hexagons have corners at the top and the
/// bottom, and centers at distance one.
#[inline]
pub(crate) fn hexagon(p: Vec2) -> Cell {
    let (ax, x) = interval(p.x);
    let (ay, y) = interval(p.y / SQRT_3);
    let (bx, u) = interval(p.x + 0.5);
    let (by, v) = interval(p.y / SQRT_3 + 0.5);
    let (a, b) = (vec2(x, y * SQRT_3), vec2(u, v * SQRT_3));
    if a.dot(a) < b.dot(b) {
        Cell {
            ix: ax,
            iy: 2 * ay,
            p: a,
        }
    } else {
        Cell {
            ix: bx,
            iy: 2 * by - 1,
            p: b,
        }
    }
}

/// Returns the distance of a point to the edge of its hexagon (see [`hexagon`]): 0 on the edge, 0.5
/// in the middle.
#[inline]
pub(crate) fn hexagon_depth(p: Vec2) -> f32 {
    let (x, y) = (p.x.abs(), p.y.abs());
    0.5 - x.max(0.5 * x + 0.5 * SQRT_3 * y)
}

/// Iterates over the nearest `W` columns of `H` squares, each with a random feature point. Yields
/// the point `p` relative to the feature point, and the four random numbers of the square, of which
/// the first two place the feature point.
///
/// `jitter` is the largest offset of a feature point from the middle of its square: 0 for none, 1
/// for any position in the square. Two columns or rows find every shape that extends no farther
/// than `1 - jitter / 2` from its feature point, three every shape that extends no farther than
/// `1.5 - jitter / 2`.
#[inline]
pub(crate) fn scattered<const W: i32, const H: i32>(
    p: Vec2,
    jitter: f32,
    seed: u32,
) -> impl Iterator<Item = (Cell, [f32; 4])> {
    let home = square(p);
    let first = |local: f32, span| if span == 2 && local >= 0.0 { 0 } else { -1 };
    let (left, low) = (first(home.p.x, W), first(home.p.y, H));
    (0..W * H).map(move |k| {
        let (dx, dy) = (left + k % W, low + k / W);
        let (ix, iy) = (home.ix + dx, home.iy + dy);
        let values = hash_values(ix, iy, seed);
        let offset = vec2(values[0] - 0.5, values[1] - 0.5) * jitter;
        let p = home.p - vec2(dx as f32, dy as f32) - offset;
        (Cell { ix, iy, p }, values)
    })
}

/// The nearest feature points of [`scattered`] squares (Worley, "A cellular texture basis
/// function", 1996).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nearest {
    /// The distance to the nearest feature point.
    pub(crate) first: f32,
    /// The distance to the second nearest feature point.
    pub(crate) second: f32,
    /// The square of the nearest feature point, with the position relative to the feature point.
    pub(crate) cell: Cell,
}

/// Returns the two feature points nearest to a point.
pub(crate) fn nearest(p: Vec2, jitter: f32, seed: u32) -> Nearest {
    let (mut first, mut second) = (f32::INFINITY, f32::INFINITY);
    let mut best = square(p);
    for (cell, _) in scattered::<3, 3>(p, jitter, seed) {
        let d = cell.p.dot(cell.p);
        if d < first {
            (first, second) = (d, first);
            best = cell;
        } else if d < second {
            second = d;
        }
    }
    Nearest {
        first: first.sqrt(),
        second: second.sqrt(),
        cell: best,
    }
}
