//! Bilinear upsampling as matrix products: constant matrices, native to any device, differentiable
//! by burn itself.

use burn::tensor::{Device, Tensor, TensorData};

/// Bilinear upsampling from [n, c, h', w'] to [n, c, h, w].
///
/// A pixel is a square, not a point: pixel `i` of `to` looks at `(i + 1/2) from / to - 1/2`,
/// between the two pixels next to that, and beyond the outermost centers the outermost pixels go
/// on. That is PyTorch's `align_corners=False`. Lucid's TensorFlow (version 1) looks at `i from /
/// to`, which shifts every coarse level up and left by up to half of its pixels.
#[derive(Debug)]
pub(crate) struct Upsample {
    /// [1, 1, h, h'], unless h' is h.
    rows: Option<Tensor<4>>,
    /// [1, 1, w', w], unless w' is w.
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

/// Rows: how much of each of the `from` pixels each of the `to` pixels is; every row sums to 1.
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
        // Twice as many: a quarter of the neighbor, none beyond the edge.
        assert_eq!(weights(2, 4), [1.0, 0.0, 0.75, 0.25, 0.25, 0.75, 0.0, 1.0]);
        assert_eq!(weights(1, 3), [1.0; 3]);
        assert_eq!(weights(2, 2), [1.0, 0.0, 0.0, 1.0]);
    }
}
