//! Resizing.

use burn::tensor::{Tensor, TensorData};
use oneiric_graph::{Fact, Resize};

use super::{BurnOp, Inputs, Pass, Value, lengths};

impl BurnOp for Resize {
    /// Along each axis a product with the matrix of its weights.
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let facts: Vec<Fact<'_>> = (0..inputs.len()).map(|at| inputs.fact(at)).collect();
        let taps = self.taps(&facts).expect("checked by the graph");
        let shape = inputs.shape(0);
        let x = inputs.take(0);
        let [images, ..] = x.dims();
        let mut current = shape.lengths().to_vec();
        let mut flat: Tensor<1> = x.reshape([-1]);
        for (axis, taps) in taps.iter().enumerate() {
            let (input, output) = (current[axis], taps.len());
            let same =
                |(at, taps): (usize, &Vec<_>)| matches!(taps[..], [(from, 1.0)] if from == at);
            if input == output && taps.iter().enumerate().all(same) {
                continue;
            }
            let mut matrix = vec![0.0_f32; output * input];
            for (row, taps) in taps.iter().enumerate() {
                for &(from, weight) in taps {
                    matrix[row * input + from] += weight as f32;
                }
            }
            let matrix = TensorData::new(matrix, [1, output, input]);
            let matrix: Tensor<3> = Tensor::from_data(matrix, inputs.device());
            let outer = images * current[..axis].iter().product::<usize>();
            let inner = current[axis + 1..].iter().product();
            let columns: Tensor<3> = flat.reshape([outer, input, inner]);
            flat = matrix
                .expand([outer, output, input])
                .matmul(columns)
                .reshape([-1]);
            current[axis] = output;
        }
        flat.reshape(lengths(images, inputs.output()))
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{Constant, Coordinates, Fit, Halves, Interpolation, Number, Resize, Shape};

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition_for_every_setting() {
        for interpolation in [
            Interpolation::Nearest(Halves::Down),
            Interpolation::Nearest(Halves::Ceil),
            Interpolation::Linear,
            Interpolation::Cubic(Number(-0.75)),
        ] {
            for coordinates in [
                Coordinates::HalfPixel,
                Coordinates::PytorchHalfPixel,
                Coordinates::HalfPixelSymmetric,
                Coordinates::AlignCorners,
                Coordinates::Asymmetric,
            ] {
                for antialias in [false, true] {
                    let what = format!("{interpolation:?} {coordinates:?} {antialias}");
                    check(&what, 2, &[[4, 5]], |net| {
                        let scales = Constant {
                            shape: Shape::vector(2),
                            values: [1.7, 0.6].map(Number).to_vec(),
                        };
                        let scales = net.node("scales", scales, &[]);
                        let resize = Resize {
                            interpolation,
                            coordinates,
                            to_lengths: false,
                            fit: Fit::Stretch,
                            axes: Some(vec![2, 3]),
                            antialias,
                            exclude_outside: false,
                        };
                        net.node("resize", resize, &[net.input(), scales])
                    });
                }
            }
        }
    }
}
