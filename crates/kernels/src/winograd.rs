//! The numbers of Winograd's minimal filtering, for small kernels and stride 1.
//!
//! A tile of `m x m` outputs is computed from `(m + k - 1) x (m + k - 1)` inputs as
//! `A^T [(G g G^T) . (B^T d B)] A` with one multiplication per point instead of `k * k` per output:
//! for 3x3 2.25 times fewer with m = 2 and 4 times fewer with m = 4, for 4x4 4 times
//! fewer with m = 3, for 5x5 2.8 times fewer with m = 2. Source: Lavin and Gray, "Fast algorithms
//! for convolutional neural networks", 2015 (arXiv 1509.09308).
//!
//! Theirs for six points (m + k = 7) has the points 0, 1, -1, 2, -2 and infinity. Ours has 0, 5/8,
//! -5/8, 3/2, -3/2 and infinity, which keeps the powers closer to 1 and so the rounding errors
//! smaller; all constants of the two transforms at run time are exact in single precision.

/// Point `a` of the six-point forms, whose points are 0, a, -a, b, -b and infinity.
pub(crate) const A: f32 = 0.625;
/// Point `b` of the six-point forms.
pub(crate) const B: f32 = 1.5;

/// Size of the tiles, and of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// 2x2 outputs from 4x4 inputs.
    Two,
    /// 4x4 outputs from 6x6 inputs.
    Four,
    /// 3x3 outputs from 6x6 inputs, for kernels of 4x4.
    Three,
    /// 2x2 outputs from 6x6 inputs, for kernels of 5x5.
    Five,
}

impl Form {
    /// Outputs of a tile along one axis.
    pub(crate) fn outputs(self) -> usize {
        match self {
            Self::Two | Self::Five => 2,
            Self::Three => 3,
            Self::Four => 4,
        }
    }

    /// Rows and columns of the kernel.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Two | Self::Four => 3,
            Self::Three => 4,
            Self::Five => 5,
        }
    }

    /// Points along one axis: inputs of a tile.
    pub(crate) fn points(self) -> usize {
        self.outputs() + self.size() - 1
    }

    /// Matrix `G`: for every point (a row) the factors of a kernel's numbers along one axis.
    pub(crate) fn kernel_matrix(self) -> [[f64; 5]; 6] {
        let (a, b) = (f64::from(A), f64::from(B));
        let (aa, bb) = (a * a, b * b);
        // The products of the differences of a point from the others.
        let (of_a, of_b) = (2.0 * aa * (aa - bb), 2.0 * bb * (bb - aa));
        let finite: &[(f64, f64)] = match self {
            Self::Two => &[(0.0, 1.0), (1.0, 2.0), (-1.0, 2.0)],
            _ => &[(0.0, aa * bb), (a, of_a), (-a, of_a), (b, of_b), (-b, of_b)],
        };
        let mut matrix = [[0.0; 5]; 6];
        for (row, (point, norm)) in matrix.iter_mut().zip(finite) {
            let mut power = 1.0 / norm;
            for factor in row.iter_mut().take(self.size()) {
                *factor = power;
                power *= point;
            }
        }
        // The point at infinity.
        matrix[finite.len()][self.size() - 1] = 1.0;
        matrix
    }

    /// Computes `G g G^T`, row-major, of a row-major kernel.
    pub(crate) fn kernel(self, matrix: &[[f64; 5]; 6], g: &[f32]) -> [f32; 36] {
        let (size, points) = (self.size(), self.points());
        let mut columns = [[0.0_f64; 5]; 6];
        for (column, factors) in columns.iter_mut().zip(&matrix[..points]) {
            for (row, factor) in g.chunks_exact(size).zip(factors) {
                for (sum, value) in column.iter_mut().zip(row) {
                    *sum += factor * f64::from(*value);
                }
            }
        }
        let mut result = [0.0; 36];
        for (row, column) in result.chunks_exact_mut(points).zip(&columns[..points]) {
            for (value, factors) in row.iter_mut().zip(matrix) {
                let terms = column[..size].iter().zip(factors);
                *value = terms.map(|(a, b)| a * b).sum::<f64>() as f32;
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn a_kernel_at_the_points_is_its_polynomial() {
        for form in [Form::Two, Form::Three, Form::Four, Form::Five] {
            let (size, points) = (form.size(), form.points());
            let matrix = form.kernel_matrix();
            // All ones, so that every point's value is the product of two sums of powers.
            let kernel = form.kernel(&matrix, &vec![1.0; size * size]);
            let sums: Vec<f64> = matrix.iter().map(|row| row.iter().sum()).collect();
            for y in 0..points {
                for x in 0..points {
                    let expected = (sums[y] * sums[x]) as f32;
                    let actual = kernel[y * points + x];
                    let error = (actual - expected).abs();
                    assert!(error <= 1e-6 * expected.abs(), "{form:?} {y} {x}");
                }
            }
        }
    }
}
