//! Arrays on the host, and the helper that compares them.

use burn::tensor::{Device, Tensor, TensorData};

/// The largest allowed difference of two arrays.
#[derive(Debug, Clone, Copy)]
pub enum Tolerance {
    /// The largest absolute difference, relative to the largest expected magnitude.
    OfLargest(f64),
    /// The norm of the difference, relative to the expected norm.
    RelativeNorm(f64),
}

impl Tolerance {
    /// The tolerance of activations compared with another framework's. Other frameworks agree with
    /// one another to 1e-6.
    pub const ACTIVATIONS: Self = Self::OfLargest(1e-5);
    /// The tolerance of activations on a GPU, where the compiler may reorder sums and powers are
    /// approximate.
    pub const ACTIVATIONS_GPU: Self = Self::OfLargest(1e-4);
    /// The tolerance of logits, which are sums over the whole network.
    pub const LOGITS: Self = Self::OfLargest(1e-4);
    /// The tolerance of gradients compared with another framework's. The error of a defect is
    /// orders of magnitude larger.
    pub const GRADIENTS: Self = Self::RelativeNorm(1e-4);
    /// The tolerance of a Fourier transform in f32 compared with one in f64.
    pub const FOURIER: Self = Self::RelativeNorm(1e-5);
    /// The tolerance of a few operations in f32 compared with the same operations in f64.
    pub const ARITHMETIC: Self = Self::OfLargest(1e-6);
    /// The tolerance of central differences in f32, which lose half of their digits to
    /// cancellation.
    pub const FINITE_DIFFERENCES: Self = Self::RelativeNorm(1e-2);
}

/// An array on the host, in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// The size of each axis.
    pub shape: Vec<usize>,
    /// The values, as many as the product of the shape.
    pub values: Vec<f32>,
}

impl Array {
    /// Creates an array from its shape and values.
    ///
    /// # Panics
    ///
    /// Panics if the number of values is not that of the shape.
    #[must_use]
    pub fn new(shape: impl Into<Vec<usize>>, values: Vec<f32>) -> Self {
        let shape = shape.into();
        assert_eq!(shape.iter().product::<usize>(), values.len(), "{shape:?}");
        Self { shape, values }
    }

    /// Creates an array of pseudorandom values in -1..1, the same on every machine.
    #[must_use]
    pub fn noise(shape: impl Into<Vec<usize>>, seed: u64) -> Self {
        let shape = shape.into();
        // Knuth's linear congruential generator (MMIX). Its high bits are random enough here.
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
        let values = (0..shape.iter().product())
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
            })
            .collect();
        Self { shape, values }
    }

    /// Reads a tensor.
    ///
    /// # Panics
    ///
    /// Panics if the tensor's element type is not f32.
    #[must_use]
    pub fn of<const D: usize>(tensor: Tensor<D>) -> Self {
        let shape = tensor.dims().to_vec();
        let values = tensor.into_data().try_into_vec().expect("a tensor of f32");
        Self { shape, values }
    }

    /// Copies the array to a tensor on a device.
    #[must_use]
    pub fn tensor<const D: usize>(&self, device: &Device) -> Tensor<D> {
        Tensor::from_data(
            TensorData::new(self.values.clone(), self.shape.clone()),
            device,
        )
    }

    /// Changes the shape and keeps the values.
    ///
    /// # Panics
    ///
    /// Panics if the shapes have different numbers of values.
    #[must_use]
    pub fn reshape(self, shape: impl Into<Vec<usize>>) -> Self {
        Self::new(shape, self.values)
    }

    /// Returns the value at an index.
    ///
    /// # Panics
    ///
    /// Panics if the index is out of bounds or has another number of axes.
    #[must_use]
    pub fn at(&self, index: &[usize]) -> f32 {
        assert_eq!(index.len(), self.shape.len());
        let offset = index
            .iter()
            .zip(&self.shape)
            .fold(0, |offset, (i, n)| offset * n + i);
        self.values[offset]
    }

    /// Returns the dot product of two arrays, computed in f64.
    ///
    /// # Panics
    ///
    /// Panics if the shapes differ.
    #[must_use]
    pub fn dot(&self, other: &Self) -> f64 {
        assert_eq!(self.shape, other.shape);
        self.values
            .iter()
            .zip(&other.values)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    }

    fn norm(&self) -> f64 {
        self.dot(self).sqrt()
    }

    fn index_of(&self, mut offset: usize) -> Vec<usize> {
        let mut index: Vec<usize> = self
            .shape
            .iter()
            .rev()
            .map(|n| {
                let i = offset % n;
                offset /= n;
                i
            })
            .collect();
        index.reverse();
        index
    }
}

/// Returns the difference of `actual` and `expected` in the measure of the tolerance.
///
/// # Panics
///
/// Panics if the shapes differ.
#[must_use]
pub fn difference(actual: &Array, expected: &Array, tolerance: Tolerance) -> f64 {
    assert_eq!(actual.shape, expected.shape, "shapes");
    let pairs = actual.values.iter().zip(&expected.values);
    match tolerance {
        Tolerance::OfLargest(_) => {
            let largest = expected
                .values
                .iter()
                .fold(0.0, |m: f64, v| m.max(f64::from(v.abs())));
            let worst = pairs
                .map(|(a, e)| (f64::from(*a) - f64::from(*e)).abs())
                // `f64::max` ignores NaN, which must not pass as a small difference.
                .fold(
                    0.0,
                    |m: f64, d| if d.is_nan() { f64::INFINITY } else { m.max(d) },
                );
            worst / largest.max(f64::MIN_POSITIVE)
        }
        Tolerance::RelativeNorm(_) => {
            let squares: f64 = pairs
                .map(|(a, e)| (f64::from(*a) - f64::from(*e)).powi(2))
                .sum();
            squares.sqrt() / expected.norm().max(f64::MIN_POSITIVE)
        }
    }
}

/// Asserts that `actual` equals `expected` within a tolerance, and reports the index of the largest
/// difference otherwise. `what` names the compared quantity in the message.
///
/// # Panics
///
/// Panics if the shapes differ, or if the difference exceeds the tolerance.
#[track_caller]
pub fn assert_close(what: &str, actual: &Array, expected: &Array, tolerance: Tolerance) {
    assert_eq!(actual.shape, expected.shape, "{what}: shapes");
    let (Tolerance::OfLargest(limit) | Tolerance::RelativeNorm(limit)) = tolerance;
    let found = difference(actual, expected, tolerance);
    if found <= limit {
        return;
    }
    let distance = |i: usize| (actual.values[i] - expected.values[i]).abs();
    let worst = (0..actual.values.len())
        .max_by(|&a, &b| distance(a).total_cmp(&distance(b)))
        .expect("arrays that differ are not empty");
    panic!(
        "{what}: the difference is {found:.3e}, but must be at most {tolerance:?}; \
         the largest is at {:?}: {} instead of {}",
        actual.index_of(worst),
        actual.values[worst],
        expected.values[worst]
    );
}

#[cfg(test)]
mod tests {
    use super::{Array, Tolerance, assert_close, difference};

    #[test]
    fn measures_by_hand() {
        let expected = Array::new([2, 2], vec![0.0, 3.0, -4.0, 0.0]);
        let actual = Array::new([2, 2], vec![0.0, 3.0, -4.0, 0.5]);
        assert_eq!(
            difference(&actual, &expected, Tolerance::OfLargest(0.0)),
            0.125
        );
        assert_eq!(
            difference(&actual, &expected, Tolerance::RelativeNorm(0.0)),
            0.1
        );
        assert_close("fits", &actual, &expected, Tolerance::OfLargest(0.125));
    }

    #[test]
    #[should_panic(expected = "the largest is at [1, 1]: 0.5 instead of 0")]
    fn the_message_has_the_index_of_the_largest_difference() {
        let expected = Array::new([2, 2], vec![0.0, 3.0, -4.0, 0.0]);
        let actual = Array::new([2, 2], vec![0.1, 3.0, -4.0, 0.5]);
        assert_close("differs", &actual, &expected, Tolerance::ARITHMETIC);
    }

    #[test]
    #[should_panic(expected = "the difference is")]
    fn nan_is_never_close() {
        let expected = Array::new([1], vec![1.0]);
        let actual = Array::new([1], vec![f32::NAN]);
        assert_close("nan", &actual, &expected, Tolerance::OfLargest(1e9));
    }
}
