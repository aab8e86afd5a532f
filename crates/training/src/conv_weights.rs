//! The weights of a network, convolution by convolution.

use burn::tensor::Tensor;
use oneiric_model::{InceptionV1, ModelError};

/// The weights of one convolution.
#[derive(Debug, Clone)]
pub(crate) struct ConvWeights {
    /// [out, in, kernel, kernel].
    pub(crate) weight: Tensor<4>,
    /// [out].
    pub(crate) bias: Tensor<1>,
}

/// Returns the names of a network's convolutions, in the order of the forward pass.
fn names(net: &InceptionV1) -> Vec<String> {
    let names = net.weights().declared().iter();
    let names = names.filter_map(|weight| weight.name.strip_suffix(".weight"));
    names.map(str::to_owned).collect()
}

/// Returns the weights of a network's convolutions, in the order of the forward pass.
pub(crate) fn convs_of(net: &InceptionV1) -> Result<Vec<ConvWeights>, ModelError> {
    let conv = |name: String| {
        Ok(ConvWeights {
            weight: net.weights().get(&format!("{name}.weight"))?,
            bias: net.weights().get(&format!("{name}.bias"))?,
        })
    };
    names(net).into_iter().map(conv).collect()
}

/// Returns the network with those weights, in the same order.
pub(crate) fn with_convs(
    net: &InceptionV1,
    convs: &[ConvWeights],
) -> Result<InceptionV1, ModelError> {
    let mut weights = net.weights().clone();
    for (name, conv) in names(net).into_iter().zip(convs) {
        weights.set(&format!("{name}.weight"), conv.weight.clone())?;
        weights.set(&format!("{name}.bias"), conv.bias.clone())?;
    }
    net.with_weights(weights)
}
