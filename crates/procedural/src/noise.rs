//! Random fields: a hash of lattice points, and smooth noise between them.

use crate::{
    math::{floor, mix},
    random::Random,
    vec2::{Vec2, vec2},
};

/// Returns the hash of a lattice point. The constants are those of Chris Wellons' search for
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

/// Returns four random numbers in 0..=1 for a lattice point.
#[inline]
pub(crate) fn hash_values(ix: i32, iy: i32, seed: u32) -> [f32; 4] {
    hash(ix, iy, seed)
        .to_le_bytes()
        .map(|byte| f32::from(byte) * (1.0 / 255.0))
}

/// Returns value noise in 0..=1, smooth, with features of about size one.
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

/// Returns fractal noise in 0..=1: each octave has twice the frequency and half the amplitude of
/// the previous one. The octaves are rotated against each other to hide the lattice.
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

/// [`value`] noise limited to the picture. The random lattice is created once, which makes the
/// noise several times as fast.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pitch: f32,
    width: usize,
    lattice: Vec<f32>,
}

impl Field {
    /// Creates noise for points whose x and y are in -1..=1, with `pitch` features per unit.
    pub(crate) fn random(rng: &mut Random, pitch: f32) -> Self {
        // One extra line of the lattice on either side, for points on the edge.
        let width = 2 * pitch as usize + 5;
        let lattice = (0..width * width).map(|_| rng.range(0.0, 1.0)).collect();
        Self {
            pitch,
            width,
            lattice,
        }
    }

    /// Returns the noise at a point, in 0..=1.
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

/// Interpolates from 0 to 1 with slope 0 at both ends.
#[inline]
fn ease(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}
