//! Bilinear upsampling by matrix products: the matrices are constants, and any device runs and
//! differentiates the products.

use burn::tensor::{Device, Tensor, TensorData};

/// Bilinear upsampling from [n, c, h', w'] to [n, c, h, w].
///
/// Coordinates refer to the centers of pixels: pixel `i` of `to` is read at
/// `(i + 1/2) from / to - 1/2`, between the two nearest pixels. Beyond the outermost centers the
/// outermost pixels are repeated. This is PyTorch's `align_corners=False`. Lucid's TensorFlow
/// (version 1) reads at `i from / to`, which shifts every coarse level up and left by up to half of
/// its pixels.
#[derive(Debug)]
pub(crate) struct Upsample {
    /// Weights of the rows, [1, 1, h, h']; none if h' equals h.
    rows: Option<Tensor<4>>,
    /// Weights of the columns, [1, 1, w', w]; none if w' equals w.
    columns: Option<Tensor<4>>,
}

impl Upsample {
    pub(crate) fn new(from: [usize; 2], to: [usize; 2], device: &Device) -> Self {
        let matrix = |axis: usize| (from[axis] != to[axis]).then(|| weights(from[axis], to[axis]));
        let tensor = |values: Vec<f32>, axis: usize| -> Tensor<4> {
            let data = TensorData::new(values, [1, 1, to[axis], from[axis]]);
            Tensor::from_data(data, device)
        };
        Self {
            rows: matrix(0).map(|values| tensor(values, 0)),
            columns: matrix(1).map(|values| tensor(values, 1).transpose()),
        }
    }

    pub(crate) fn apply(&self, mut values: Tensor<4>) -> Tensor<4> {
        if let Some(columns) = &self.columns {
            values = values.matmul(columns.clone());
        }
        if let Some(rows) = &self.rows {
            values = rows.clone().matmul(values);
        }
        values
    }
}

/// Returns the weights of the `from` pixels in each of the `to` pixels, [to, from]; every row sums
/// to 1.
pub(crate) fn weights(from: usize, to: usize) -> Vec<f32> {
    let mut weights = vec![0.0; to * from];
    for (i, row) in weights.chunks_exact_mut(from).enumerate() {
        let at = (i as f64 + 0.5) * from as f64 / to as f64 - 0.5;
        let at = at.clamp(0.0, (from - 1) as f64);
        let first = at.floor() as usize;
        let second = (first + 1).min(from - 1);
        let share = at - first as f64;
        row[first] += (1.0 - share) as f32;
        row[second] += share as f32;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::weights;

    #[test]
    fn weights_by_hand() {
        // Twice as many: each pixel takes a quarter of its neighbor, and none at the edge.
        assert_eq!(weights(2, 4), [1.0, 0.0, 0.75, 0.25, 0.25, 0.75, 0.0, 1.0]);
        assert_eq!(weights(1, 3), [1.0; 3]);
        assert_eq!(weights(2, 2), [1.0, 0.0, 0.0, 1.0]);
    }
}
