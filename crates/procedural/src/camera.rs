//! Imperfections of a camera: contrast, blur and noise.

use crate::random::Random;

/// The imperfections of a camera.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Camera {
    contrast: f32,
    brightness: f32,
    /// The standard deviation of the blur as a fraction of the picture's width; 0 for none.
    blur: f32,
    noise: f32,
    seed: u32,
}

impl Camera {
    /// Creates a random camera. Half of the cameras do not blur.
    pub(crate) fn random(rng: &mut Random) -> Self {
        Self {
            contrast: rng.range(0.8, 1.15),
            brightness: rng.range(-0.06, 0.06),
            blur: if rng.chance(0.5) {
                rng.range(0.002, 0.012)
            } else {
                0.0
            },
            noise: rng.range(0.0, 0.04),
            seed: rng.seed(),
        }
    }

    /// Applies blur, contrast, brightness and noise to a planar RGB picture of `size` × `size`
    /// pixels, in place. The result is in 0..=1.
    pub(crate) fn apply(&self, planes: &mut [f32], size: usize) {
        if self.blur > 0.0 {
            for plane in planes.chunks_exact_mut(size * size) {
                blur(plane, size, self.blur * size as f32);
            }
        }
        let lift = 0.5 + self.brightness - 0.5 * self.contrast;
        let mut state = u64::from(self.seed);
        let (red, rest) = planes.split_at_mut(size * size);
        let (green, blue) = rest.split_at_mut(size * size);
        for ((r, g), b) in red.iter_mut().zip(green).zip(blue) {
            let mut bits = split_mix(&mut state);
            for channel in [r, g, b] {
                // The sum of two uniform numbers has a triangular distribution, which is close
                // enough to a normal distribution.
                let sum = (bits & 0x3ff) as f32 + ((bits >> 10) & 0x3ff) as f32 - 1023.0;
                bits >>= 20;
                let noisy = *channel * self.contrast + lift + self.noise * sum / 418.0;
                *channel = noisy.clamp(0.0, 1.0);
            }
        }
    }
}

/// Returns the next number of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Blurs rows, then columns, with a kernel of three taps and variance `sigma` squared. The variance
/// is limited to 0.66 pixels squared, the most that the kernel represents. Edge pixels repeat.
fn blur(plane: &mut [f32], size: usize, sigma: f32) {
    let side = 0.5 * (sigma * sigma).min(0.66);
    let middle = 1.0 - 2.0 * side;
    for row in plane.chunks_exact_mut(size) {
        let mut before = row[0];
        for x in 0..size {
            let here = row[x];
            let after = row[(x + 1).min(size - 1)];
            row[x] = middle * here + side * (before + after);
            before = here;
        }
    }
    let mut above = plane[..size].to_vec();
    for y in 0..size {
        let next = (y + 1).min(size - 1);
        for x in 0..size {
            let here = plane[y * size + x];
            let below = plane[next * size + x];
            plane[y * size + x] = middle * here + side * (above[x] + below);
            above[x] = here;
        }
    }
}
