//! Matrices in f64, for factorization.

/// A matrix on the host, row-major.
#[derive(Debug)]
pub(crate) struct Matrix {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) values: Vec<f64>,
}

impl Matrix {
    pub(crate) fn new(rows: usize, columns: usize, value: impl FnMut(usize) -> f64) -> Self {
        Self {
            rows,
            columns,
            values: (0..rows * columns).map(value).collect(),
        }
    }

    /// The matrix product.
    pub(crate) fn times(&self, other: &Self) -> Self {
        let mut product = Self::new(self.rows, other.columns, |_| 0.0);
        let rows = product.values.chunks_mut(other.columns);
        for (out, row) in rows.zip(self.values.chunks(self.columns)) {
            for (factor, other) in row.iter().zip(other.values.chunks(other.columns)) {
                for (out, value) in out.iter_mut().zip(other) {
                    *out += factor * value;
                }
            }
        }
        product
    }

    pub(crate) fn transposed(&self) -> Self {
        Self::new(self.columns, self.rows, |at| {
            self.values[at % self.rows * self.columns + at / self.rows]
        })
    }

    /// Multiplies every value by `(above + epsilon) / (below + epsilon)`.
    pub(crate) fn scale_by(&mut self, above: &Self, below: &Self, epsilon: f64) {
        let quotients = above.values.iter().zip(&below.values);
        for (value, (above, below)) in self.values.iter_mut().zip(quotients) {
            *value *= (above + epsilon) / (below + epsilon);
        }
    }

    /// The Frobenius norm of the difference.
    pub(crate) fn distance(&self, other: &Self) -> f64 {
        let pairs = self.values.iter().zip(&other.values);
        pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::Matrix;

    #[test]
    fn products_and_quotients_are_those_by_hand() {
        let a = Matrix::new(2, 3, |at| at as f64);
        let b = a.transposed();
        assert_eq!(b.values, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(a.times(&b).values, [5.0, 14.0, 14.0, 50.0]);
        assert_eq!(
            b.times(&a).values,
            [9.0, 12.0, 15.0, 12.0, 17.0, 22.0, 15.0, 22.0, 29.0]
        );
        let mut c = Matrix::new(1, 2, |_| 2.0);
        let (above, below) = (
            Matrix::new(1, 2, |_| 0.0),
            Matrix::new(1, 2, |at| at as f64),
        );
        c.scale_by(&above, &below, 1.0);
        assert_eq!(c.values, [2.0, 1.0]);
        assert_eq!(c.distance(&above), 5.0_f64.sqrt());
    }
}
