//! Helpers of the tests of whole networks.

use oneiric_model::InceptionV1;
use oneiric_testkit::Array;

/// Returns all weights, to compare networks bit for bit.
pub(crate) fn weights_of(net: &InceptionV1) -> Vec<Array> {
    let weights = net.weights();
    let array = |name: &str, axes: usize| match axes {
        1 => Array::of(weights.get::<1>(name).expect("declared")),
        _ => Array::of(weights.get::<4>(name).expect("declared")),
    };
    let declared = weights.declared().iter();
    declared
        .map(|weight| array(&weight.name, weight.shape.len()))
        .collect()
}
