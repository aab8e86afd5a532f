//! What the tests of whole networks share.

use oneiric_model::InceptionV1;
use oneiric_testkit::Array;

/// Weight and bias of each convolution, to compare networks bit for bit.
pub(crate) fn weights_of(net: &InceptionV1) -> Vec<Array> {
    let convs = net.weights().iter();
    convs
        .flat_map(|conv| [Array::of(conv.weight.clone()), Array::of(conv.bias.clone())])
        .collect()
}
