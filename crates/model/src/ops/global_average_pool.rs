//! Global average pooling.

use burn::tensor::Tensor;
use oneiric_graph::GlobalAveragePool;

use super::{BurnOp, Inputs, Pass, Value};

impl BurnOp for GlobalAveragePool {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let means = mean_over(mean_over(inputs.take_maps(0), 2), 3);
        inputs.maps(means)
    }
}

/// Returns the mean over an axis. Over an axis of length 1 it is the tensor itself; burn-cubecl
/// 0.22.1 computes that mean wrongly if a convolution left the tensor permuted in memory.
fn mean_over(x: Tensor<4>, axis: usize) -> Tensor<4> {
    match x.dims()[axis] {
        1 => x,
        _ => x.mean_dim(axis),
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition() {
        check("mean", 3, &[[1, 1], [1, 7], [5, 4]], |net| {
            net.global_average_pool("mean", net.input())
        });
    }
}
