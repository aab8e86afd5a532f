//! Matrix products.

use oneiric_graph::{Binary, Gemm, MatMul, Rearrange};

use crate::{
    arguments::{Arguments, Reason},
    constant::Constant,
    importer::{Importer, Input},
};

pub(super) fn lower(
    importer: &mut Importer,
    arguments: &Arguments<'_>,
) -> Result<Option<Input>, Reason> {
    match arguments.node.op_type.as_str() {
        "MatMul" => {
            let inputs = [arguments.input(0)?, arguments.input(1)?];
            importer.add(MatMul, &inputs).map(Some)
        }
        "Gemm" => gemm(importer, arguments).map(Some),
        _ => Ok(None),
    }
}

fn gemm(importer: &mut Importer, arguments: &Arguments<'_>) -> Result<Input, Reason> {
    let [a, b] = [arguments.input(0)?, arguments.input(1)?];
    let c = arguments.optional(2).cloned();
    let (alpha, beta) = (arguments.float("alpha", 1.0), arguments.float("beta", 1.0));
    let is_transposed = arguments.flag("transB");
    if let (Input::Constant(matrix), false) = (&b, arguments.flag("transA"))
        && matches!(a, Input::Node(_))
        && let &[rows, columns] = matrix.shape.lengths()
    {
        let out = if is_transposed { rows } else { columns };
        let bias = match &c {
            None => Some(None),
            Some(Input::Constant(bias)) => vector(bias, out).map(Some),
            Some(Input::Node(_)) => None,
        };
        if let Some(bias) = bias {
            let hint = arguments.node.outputs[0].clone();
            let gemm = Gemm {
                weight: importer.weight(matrix, &format!("{hint}.weight")),
                bias: bias.map(|bias| importer.weight(&bias, &format!("{hint}.bias"))),
                alpha: alpha as f32,
                beta: beta as f32,
                transposed: !is_transposed,
            };
            return importer.add(gemm, &[a]);
        }
    }
    let transposed = |importer: &mut Importer, x: Input, flag: &str| {
        if arguments.flag(flag) {
            let permutation = Some(vec![1, 0]);
            importer.add(Rearrange::Transpose { permutation }, &[x])
        } else {
            Ok(x)
        }
    };
    let a = transposed(importer, a, "transA")?;
    let b = transposed(importer, b, "transB")?;
    let mut y = importer.add(MatMul, &[a, b])?;
    let scaled = |importer: &mut Importer, x: Input, factor: f64| {
        if factor == 1.0 {
            return Ok(x);
        }
        let factor = Input::Constant(Constant::scalar(factor));
        importer.add(Binary::Mul, &[x, factor])
    };
    y = scaled(importer, y, alpha)?;
    if let Some(c) = c {
        let c = scaled(importer, c, beta)?;
        y = importer.add(Binary::Add, &[y, c])?;
    }
    Ok(y)
}

/// A bias as a vector of that length; `None` if it differs from row to row.
fn vector(bias: &Constant, out: usize) -> Option<Constant> {
    let values = bias.values();
    if values.len() == 1 && out > 1 {
        let shape = oneiric_graph::Shape::vector(out);
        let values = vec![values[0]; out];
        let tensor = oneiric_graph::oracle::Tensor::new(shape, values);
        return Some(Constant::new(tensor, bias.kind));
    }
    match *bias.shape.lengths() {
        [own] | [1, own] if own == out => bias.reshaped(&[out]).ok(),
        _ => None,
    }
}
