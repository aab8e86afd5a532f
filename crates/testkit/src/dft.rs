//! The discrete Fourier transform by its definition, in f64.

use std::f64::consts::TAU;

use crate::Array;

/// The discrete Fourier transform of a real image:
/// `X[k, l] = sum_{y, x} image[y, x] exp(-2 pi i (k y / h + l x / w))` for l in 0..=w/2.
///
/// The shape [h, w] becomes [h, w / 2 + 1, 2], with the real and the imaginary part last.
///
/// # Panics
///
/// Panics if the image does not have two axes.
#[must_use]
pub fn naive_rfft2(image: &Array) -> Array {
    let [h, w] = image.shape[..] else {
        panic!("expected [h, w], got {:?}", image.shape);
    };
    let half = w / 2 + 1;
    let mut values = Vec::with_capacity(h * half * 2);
    for k in 0..h {
        for l in 0..half {
            let (mut re, mut im) = (0.0, 0.0);
            for y in 0..h {
                for x in 0..w {
                    let angle = TAU * (turns(k, y, h) + turns(l, x, w));
                    let value = f64::from(image.values[y * w + x]);
                    re += value * angle.cos();
                    im -= value * angle.sin();
                }
            }
            values.extend([re as f32, im as f32]);
        }
    }
    Array::new([h, half, 2], values)
}

/// The inverse of [`naive_rfft2`], normalized by 1 / (h w): [h, w / 2 + 1, 2] to [h, w].
///
/// The missing half of the spectrum is the conjugate of the given one. The columns that are their
/// own mirror image are transformed along y first, and their real part is taken then (the
/// convention of NumPy and PyTorch).
///
/// # Panics
///
/// Panics if the spectrum does not have the shape [h, w / 2 + 1, 2].
#[must_use]
pub fn naive_irfft2(spectrum: &Array, w: usize) -> Array {
    let [h, half, 2] = spectrum.shape[..] else {
        panic!("expected [h, w / 2 + 1, 2], got {:?}", spectrum.shape);
    };
    assert_eq!(half, w / 2 + 1);
    let mut values = Vec::with_capacity(h * w);
    for y in 0..h {
        for x in 0..w {
            let mut sum = 0.0;
            for k in 0..h {
                for l in 0..half {
                    // A column strictly between the first and the middle one counts twice.
                    let weight = if l == 0 || 2 * l == w { 1.0 } else { 2.0 };
                    let angle = TAU * (turns(k, y, h) + turns(l, x, w));
                    let at = (k * half + l) * 2;
                    let (re, im) = (spectrum.values[at], spectrum.values[at + 1]);
                    sum += weight * (f64::from(re) * angle.cos() - f64::from(im) * angle.sin());
                }
            }
            values.push((sum / (h * w) as f64) as f32);
        }
    }
    Array::new([h, w], values)
}

/// Returns `a b / n` without its integer part, which keeps the angle small and exact.
fn turns(a: usize, b: usize, n: usize) -> f64 {
    (a * b % n) as f64 / n as f64
}
