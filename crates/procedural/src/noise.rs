//! Random fields: a hash of lattice points, and smooth noise between them.

use crate::{
    dice::Dice,
    math::{floor, mix},
    vec2::{Vec2, vec2},
};

/// Well-mixed bits for a lattice point. The constants are those of Chris Wellons' search for
/// two-round integer hashes, "Prospecting for hash functions", 2018.
#[inline]
pub(crate) fn hash(ix: i32, iy: i32, seed: u32) -> u32 {
    let mut h = (ix as u32)
        .wrapping_mul(0x9e37_79b1)
        .wrapping_add(seed)
        .rotate_left(13)
        ^ (iy as u32).wrapping_mul(0x85eb_ca77);
    h = (h ^ (h >> 16)).wrapping_mul(0x21f0_aaad);
    h = (h ^ (h >> 15)).wrapping_mul(0x735a_2d97);
    h ^ (h >> 15)
}

/// Four numbers in 0..=1 for a lattice point.
#[inline]
pub(crate) fn quarters(ix: i32, iy: i32, seed: u32) -> [f32; 4] {
    hash(ix, iy, seed)
        .to_le_bytes()
        .map(|byte| f32::from(byte) * (1.0 / 255.0))
}

/// Smooth noise in 0..=1 with features of about size one.
#[inline]
pub(crate) fn value(p: Vec2, seed: u32) -> f32 {
    let (fx, fy) = (floor(p.x), floor(p.y));
    let (ix, iy) = (fx as i32, fy as i32);
    let (tx, ty) = (ease(p.x - fx), ease(p.y - fy));
    let corner = |dx, dy| (hash(ix + dx, iy + dy, seed) >> 8) as f32 * (1.0 / 16_777_216.0);
    let low = mix(corner(0, 0), corner(1, 0), tx);
    let high = mix(corner(0, 1), corner(1, 1), tx);
    mix(low, high, ty)
}

/// Noise in 0..=1 with details: each octave is twice as fine and half as strong. Octaves are turned
/// against each other so that the lattice does not show.
pub(crate) fn fractal(p: Vec2, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut weight, mut total) = (0.0, 1.0, 0.0);
    let mut q = p;
    for octave in 0..octaves {
        sum += weight * value(q, seed.wrapping_add(octave));
        total += weight;
        weight *= 0.5;
        q = vec2(1.6 * q.x + 1.2 * q.y, 1.6 * q.y - 1.2 * q.x);
    }
    sum / total
}

/// [`value`] noise over the picture alone, its lattice thrown once: several times as fast.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pitch: f32,
    width: usize,
    lattice: Vec<f32>,
}

impl Field {
    /// Noise for points whose x and y are in -1..=1, with `pitch` features in each unit.
    pub(crate) fn throw(dice: &mut Dice, pitch: f32) -> Self {
        // One line of the lattice beyond the last cell on either side, for points on the edge.
        let width = 2 * pitch as usize + 5;
        let lattice = (0..width * width).map(|_| dice.range(0.0, 1.0)).collect();
        Self {
            pitch,
            width,
            lattice,
        }
    }

    /// The noise at a point, in 0..=1.
    #[inline]
    pub(crate) fn at(&self, p: Vec2) -> f32 {
        let middle = (self.width / 2) as f32;
        let (x, y) = (p.x * self.pitch + middle, p.y * self.pitch + middle);
        let (ix, iy) = (x as usize, y as usize);
        let (tx, ty) = (ease(x - ix as f32), ease(y - iy as f32));
        let corner = iy * self.width + ix;
        let (low, high) = (
            &self.lattice[corner..],
            &self.lattice[corner + self.width..],
        );
        mix(mix(low[0], low[1], tx), mix(high[0], high[1], tx), ty)
    }
}

/// From 0 to 1 with no slope at either.
#[inline]
fn ease(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}
