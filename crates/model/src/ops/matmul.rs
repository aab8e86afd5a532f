//! Matrix product.

use oneiric_graph::{MatMul, Shape};

use super::{
    BurnOp, Inputs, Pass, Value,
    value::{AXES, lengths},
};

impl BurnOp for MatMul {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let (left_shape, right_shape) = (inputs.shape(0), inputs.shape(1));
        let (left, right) = (inputs.take(0), inputs.take(1));
        // A vector on the left is a row, as it lies in a value; one on the right is a column.
        let right = match right_shape.lengths() {
            [inner] => {
                let [images, ..] = right.dims();
                let column = Shape::of(&[*inner, 1]).expect("as many values");
                right.reshape(lengths(images, column))
            }
            _ => right,
        };
        let product = product(left, right, left_shape.axes() > 2);
        let [images, ..] = product.dims();
        product.reshape(lengths(images, inputs.output()))
    }
}

/// The product of two stacks of matrices. If the right one is a single matrix for the whole stack,
/// the rows of the stack are one tall matrix, which is one product instead of many.
fn product(left: Value, right: Value, is_stack: bool) -> Value {
    let dims = right.dims();
    if !is_stack || dims[..AXES - 2].iter().any(|&length| length != 1) {
        return left.matmul(right);
    }
    let mut output = left.dims();
    let inner = output[AXES - 1];
    let rows: usize = output[..AXES - 1].iter().product();
    output[AXES - 1] = dims[AXES - 1];
    let tall = left.reshape([rows, inner]);
    let matrix = right.reshape([inner, dims[AXES - 1]]);
    tall.matmul(matrix).reshape(output)
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{MatMul, Parameter, Reshape};

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition_for_matrices_and_stacks() {
        check("of two maps", 3, &[[4, 4], [1, 1]], |net| {
            net.node("product", MatMul, &[net.input(), net.input()])
        });
        for (name, shape) in [
            ("by a matrix", vec![5, 6]),
            ("by a stack", vec![2, 1, 5, 3]),
            ("by a vector", vec![5]),
        ] {
            check(name, 3, &[[4, 5], [1, 5]], |net| {
                let weight = net.weight("matrix", shape);
                let matrix = net.node("parameter", Parameter { weight }, &[]);
                net.node("product", MatMul, &[net.input(), matrix])
            });
        }
        check("a vector by maps", 3, &[[4, 2]], |net| {
            let weight = net.weight("row", [4]);
            let row = net.node("parameter", Parameter { weight }, &[]);
            net.node("product", MatMul, &[row, net.input()])
        });
        check("vectors", 3, &[[1, 4]], |net| {
            let weight = net.weight("row", [12]);
            let row = net.node("parameter", Parameter { weight }, &[]);
            let flat = net.node("flat", Reshape::Flatten { axis: 1 }, &[net.input()]);
            let axes = Some(vec![0]);
            let flat = net.node("vector", Reshape::Squeeze { axes }, &[flat]);
            net.node("product", MatMul, &[row, flat])
        });
    }
}
