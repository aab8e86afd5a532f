//! Convolution with frozen weights.

use burn::tensor::{Tensor, module, ops::ConvOptions};

use crate::config::Padding;

/// The weights of one convolution. Loaded ones are without autodiff: constants to every graph
/// they meet, so no gradient of theirs is ever computed.
#[derive(Debug, Clone)]
pub struct ConvWeights {
    /// `[out, in, kernel, kernel]`.
    pub weight: Tensor<4>,
    /// `[out]`.
    pub bias: Tensor<1>,
}

/// Cross-correlation of `x` with the weights (what every framework calls convolution).
pub(crate) fn conv2d(
    x: Tensor<4>,
    weights: &ConvWeights,
    stride: usize,
    padding: Padding,
    with_bias: bool,
) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    let [_, _, kernel, _] = weights.weight.dims();
    let pads = [height, width].map(|n| padding.conv(n, kernel, stride));
    let options = ConvOptions::new_with_padding([stride; 2], pads, [1; 2], 1);
    let bias = with_bias.then(|| weights.bias.clone());
    module::conv2d(x, weights.weight.clone(), bias, options)
}
