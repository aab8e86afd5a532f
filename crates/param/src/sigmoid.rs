//! The sigmoid in a form that compilers can vectorize.

/// `1 / (1 + exp(-x))` with an error below 2e-7; NaN for NaN.
///
/// `exp(-x) = 2^n 2^r` with n an integer and r in -1/2..=1/2. The factor `2^n` is put together from
/// bits; `2^r` is the Taylor series of `exp(r ln 2)`, whose first omitted term is below 2e-7.
#[inline]
pub(crate) fn sigmoid(x: f32) -> f32 {
    /// Adding this constant leaves the nearest integer in the lowest bits of the sum.
    const ROUND: f32 = 12_582_912.0; // 1.5 * 2^23
    /// Largest exponent: beyond it the sigmoid is 0 or 1 to the precision of f32; up to it, 2^n is
    /// a normal number.
    const LARGEST: f32 = 126.0;
    let exponent = (-std::f32::consts::LOG2_E * x).clamp(-LARGEST, LARGEST);
    let rounded = exponent + ROUND;
    let r = (exponent - (rounded - ROUND)) * std::f32::consts::LN_2;
    let tail = 1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0));
    let fraction = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * tail)));
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    1.0 / (1.0 + fraction * power)
}

#[cfg(test)]
mod tests {
    use super::sigmoid;

    #[test]
    fn it_is_the_sigmoid() {
        for step in -2_000_000..=2_000_000 {
            let x = step as f32 * 1e-4;
            let exact = 1.0 / (1.0 + (-f64::from(x)).exp());
            let apart = (f64::from(sigmoid(x)) - exact).abs();
            assert!(apart < 2e-7, "{x}: {apart}");
        }
    }

    #[test]
    fn the_ends_are_the_ends() {
        assert_eq!(sigmoid(0.0), 0.5);
        for x in [200.0, 1e30, f32::MAX, f32::INFINITY] {
            assert_eq!(sigmoid(x), 1.0);
            assert!((0.0..1e-37).contains(&sigmoid(-x)), "{}", sigmoid(-x));
        }
        assert!(sigmoid(f32::NAN).is_nan());
    }
}
