//! Weighted sums along rows and columns, for blurring and for shrinking without aliasing.

use burn::tensor::{Tensor, TensorData};

/// Weights of an axis' input pixels in each output pixel. The weights of an output pixel sum to 1,
/// so that values in 0..=1 stay there, at the border too.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    input: usize,
    output: usize,
    /// Row-major, [output, input].
    values: Vec<f32>,
}

impl Weights {
    /// Creates weights from `input` pixels to `output`: `weight(to, from)`, divided by the sum over
    /// `from`, which must be above 0.
    pub(crate) fn new(input: usize, output: usize, weight: impl Fn(usize, usize) -> f64) -> Self {
        let mut values = Vec::with_capacity(output * input);
        for to in 0..output {
            let row: Vec<f64> = (0..input).map(|from| weight(to, from)).collect();
            let sum: f64 = row.iter().sum();
            values.extend(row.iter().map(|weight| (weight / sum) as f32));
        }
        Self {
            input,
            output,
            values,
        }
    }

    fn tensor(self, like: &Tensor<3>) -> Tensor<3> {
        let data = TensorData::new(self.values, [1, self.output, self.input]);
        Tensor::from_data(data, &like.device().without_autodiff())
    }
}

/// Computes `rows * image * columns^T` for all images [n, c, h, w].
pub(crate) fn mix(images: Tensor<4>, rows: Weights, columns: Weights) -> Tensor<4> {
    let [n, c, h, w] = images.dims();
    let [height, width] = [rows.output, columns.output];
    // The columns of all planes take one matrix product, the rows one for each plane.
    let planes: Tensor<3> = images.reshape([1, n * c * h, w]);
    let columns = columns.tensor(&planes).swap_dims(1, 2);
    let planes = planes.matmul(columns).reshape([n * c, h, width]);
    let rows = rows.tensor(&planes);
    rows.matmul(planes).reshape([n, c, height, width])
}
