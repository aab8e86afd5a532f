//! The plane cut into cells.

use crate::{
    math::{SQRT_3, floor},
    noise::quarters,
    vec2::{Vec2, vec2},
};

/// The cell that a point is in, and where in it: the centre is the origin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) ix: i32,
    pub(crate) iy: i32,
    pub(crate) p: Vec2,
}

impl Cell {
    /// Four numbers in 0..=1 that are this cell's own.
    #[inline]
    pub(crate) fn chances(&self, seed: u32) -> [f32; 4] {
        quarters(self.ix, self.iy, seed)
    }

    /// Whether the cell is of the dark squares of a chessboard.
    #[inline]
    pub(crate) fn is_odd(&self) -> bool {
        (self.ix + self.iy) & 1 == 1
    }
}

/// The unit interval around a whole number that x is in, and x from its middle, -0.5..0.5.
#[inline]
pub(crate) fn interval(x: f32) -> (i32, f32) {
    let low = floor(x);
    (low as i32, x - low - 0.5)
}

/// Unit squares.
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

/// Rectangles of height one and the given width, every other row moved by half: bricks.
#[inline]
pub(crate) fn running(p: Vec2, width: f32) -> Cell {
    let (iy, y) = interval(p.y);
    let (ix, x) = interval(p.x / width + 0.5 * (iy & 1) as f32);
    Cell {
        ix,
        iy,
        p: vec2(x * width, y),
    }
}

/// Regular hexagons with corners up and down, one apart.
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

/// How deep inside its hexagon (see [`hexagon`]) a point is: 0 on the edge, 0.5 in the middle.
#[inline]
pub(crate) fn hexagon_depth(p: Vec2) -> f32 {
    let (x, y) = (p.x.abs(), p.y.abs());
    0.5 - x.max(0.5 * x + 0.5 * SQRT_3 * y)
}

/// The nearest `W` columns of `H` squares, with the point as seen from a spot thrown in each, and
/// the square's four chances, of which the first two have placed the spot.
///
/// `jitter` is how far the spots stray from the middles: 0 not at all, 1 anywhere in the square.
/// Two columns or rows miss nothing that reaches no farther than `1 - jitter / 2` from its spot,
/// three nothing that reaches no farther than `1.5 - jitter / 2`.
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
        let chances = quarters(ix, iy, seed);
        let stray = vec2(chances[0] - 0.5, chances[1] - 0.5) * jitter;
        let p = home.p - vec2(dx as f32, dy as f32) - stray;
        (Cell { ix, iy, p }, chances)
    })
}

/// The nearest spots of [`scattered`] squares (Worley, "A cellular texture basis function", 1996).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nearest {
    /// Distance to the nearest spot.
    pub(crate) first: f32,
    /// Distance to the one after.
    pub(crate) second: f32,
    /// The square of the nearest, and the point from its spot.
    pub(crate) cell: Cell,
}

/// The two spots nearest to a point.
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
