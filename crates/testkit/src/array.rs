//! Arrays on the host and the one way to compare them.

use burn::tensor::{Device, Tensor, TensorData};

/// How far two arrays may lie apart.
#[derive(Debug, Clone, Copy)]
pub enum Tolerance {
    /// Every value within this share of the largest expected magnitude.
    OfLargest(f64),
    /// Norm of the difference within this share of the expected norm.
    RelativeNorm(f64),
}

impl Tolerance {
    /// Activations against another framework's: those agree among themselves to 1e-6.
    pub const ACTIVATIONS: Self = Self::OfLargest(1e-5);
    /// The same on a GPU, whose compiler may reorder sums and whose powers are approximate.
    pub const ACTIVATIONS_GPU: Self = Self::OfLargest(1e-4);
    /// Class scores: sums over the whole network.
    pub const LOGITS: Self = Self::OfLargest(1e-4);
    /// Gradients against another framework's: a defect is orders of magnitude larger.
    pub const GRADIENTS: Self = Self::RelativeNorm(1e-4);
    /// A Fourier transform in f32 against one in f64.
    pub const FOURIER: Self = Self::RelativeNorm(1e-5);
    /// A few operations in f32 against the same in f64.
    pub const ARITHMETIC: Self = Self::OfLargest(1e-6);
    /// Central differences in f32: half the digits are lost to cancellation.
    pub const FINITE_DIFFERENCES: Self = Self::RelativeNorm(1e-2);
}

/// An array on the host, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values.
    pub values: Vec<f32>,
}

impl Array {
    /// An array from its parts.
    ///
    /// # Panics
    ///
    /// When the number of values is not that of the shape.
    #[must_use]
    pub fn new(shape: impl Into<Vec<usize>>, values: Vec<f32>) -> Self {
        let shape = shape.into();
        assert_eq!(shape.iter().product::<usize>(), values.len(), "{shape:?}");
        Self { shape, values }
    }

    /// Values that look random and are the same everywhere, in -1..1.
    #[must_use]
    pub fn noise(shape: impl Into<Vec<usize>>, seed: u64) -> Self {
        let shape = shape.into();
        // Knuth's linear congruential generator (MMIX); its high bits are good enough here.
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

    /// A tensor's values.
    ///
    /// # Panics
    ///
    /// When the tensor holds no f32.
    #[must_use]
    pub fn of<const D: usize>(tensor: Tensor<D>) -> Self {
        let shape = tensor.dims().to_vec();
        let values = tensor.into_data().try_into_vec().expect("a tensor of f32");
        Self { shape, values }
    }

    /// The array as a tensor.
    #[must_use]
    pub fn tensor<const D: usize>(&self, device: &Device) -> Tensor<D> {
        Tensor::from_data(
            TensorData::new(self.values.clone(), self.shape.clone()),
            device,
        )
    }

    /// The same values in another shape.
    ///
    /// # Panics
    ///
    /// When the shapes hold different numbers of values.
    #[must_use]
    pub fn reshape(self, shape: impl Into<Vec<usize>>) -> Self {
        Self::new(shape, self.values)
    }

    /// The value at an index.
    ///
    /// # Panics
    ///
    /// When the index lies outside.
    #[must_use]
    pub fn at(&self, index: &[usize]) -> f32 {
        assert_eq!(index.len(), self.shape.len());
        let offset = index
            .iter()
            .zip(&self.shape)
            .fold(0, |offset, (i, n)| offset * n + i);
        self.values[offset]
    }

    /// Sum of the products of two arrays' values, in f64.
    ///
    /// # Panics
    ///
    /// When the shapes differ.
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

/// How far `actual` lies from `expected`, in the tolerance's own measure.
///
/// # Panics
///
/// When the shapes differ.
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
                // A NaN must not look small.
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

/// Panics unless `actual` has the shape of `expected` and lies within the tolerance of it; tells
/// the worst place.
///
/// # Panics
///
/// As said.
#[track_caller]
pub fn assert_close(what: &str, actual: &Array, expected: &Array, tolerance: Tolerance) {
    assert_eq!(actual.shape, expected.shape, "{what}: shapes");
    let (Tolerance::OfLargest(limit) | Tolerance::RelativeNorm(limit)) = tolerance;
    let found = difference(actual, expected, tolerance);
    if found <= limit {
        return;
    }
    let apart = |i: usize| (actual.values[i] - expected.values[i]).abs();
    let worst = (0..actual.values.len())
        .max_by(|&a, &b| apart(a).total_cmp(&apart(b)))
        .expect("arrays that differ are not empty");
    panic!(
        "{what}: {found:.3e} apart, allowed {tolerance:?}; worst at {:?}: {} instead of {}",
        actual.index_of(worst),
        actual.values[worst],
        expected.values[worst]
    );
}

#[cfg(test)]
mod tests {
    use super::{Array, Tolerance, assert_close, difference};

    #[test]
    fn the_measures_are_what_they_say() {
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
    #[should_panic(expected = "worst at [1, 1]: 0.5 instead of 0")]
    fn the_worst_place_is_told() {
        let expected = Array::new([2, 2], vec![0.0, 3.0, -4.0, 0.0]);
        let actual = Array::new([2, 2], vec![0.1, 3.0, -4.0, 0.5]);
        assert_close("differs", &actual, &expected, Tolerance::ARITHMETIC);
    }

    #[test]
    #[should_panic(expected = "apart")]
    fn nan_is_never_close() {
        let expected = Array::new([1], vec![1.0]);
        let actual = Array::new([1], vec![f32::NAN]);
        assert_close("nan", &actual, &expected, Tolerance::OfLargest(1e9));
    }
}
