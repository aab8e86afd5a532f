//! The weights of a Caffe model in the legacy format, for test networks.

use std::collections::BTreeMap;

use crate::{
    Array,
    protobuf::{all, first, floats, number},
};

/// Reads the blobs of every layer except the auxiliary heads, as `layer.weight` and `layer.bias`,
/// without the leading ones in their shapes.
///
/// # Panics
///
/// Panics if the bytes are not a Caffe model in the legacy format.
#[must_use]
pub fn caffemodel_blobs(model: &[u8]) -> BTreeMap<String, Array> {
    // Field numbers: caffe/src/caffe/proto/caffe.proto, V1LayerParameter and BlobProto.
    const NET_V1_LAYERS: u64 = 2;
    const LAYER_NAME: u64 = 4;
    const LAYER_BLOBS: u64 = 6;
    const BLOB_SIDES: [u64; 4] = [1, 2, 3, 4];
    const BLOB_DATA: u64 = 5;
    let mut blobs = BTreeMap::new();
    for layer in all(model, NET_V1_LAYERS) {
        let name = first(layer, LAYER_NAME)
            .expect("a layer has a name")
            .to_vec();
        let name = String::from_utf8(name).expect("names are UTF-8");
        if name.starts_with("loss1") || name.starts_with("loss2") {
            continue;
        }
        for (blob, part) in all(layer, LAYER_BLOBS).into_iter().zip(["weight", "bias"]) {
            let sides = BLOB_SIDES.map(|side| number(blob, side).unwrap_or(1) as usize);
            let shape = match sides {
                [1, 1, 1, n] => vec![n],
                [1, 1, out, input] => vec![out, input],
                sides => sides.to_vec(),
            };
            let values = floats(first(blob, BLOB_DATA).expect("a blob has data"));
            blobs.insert(format!("{name}.{part}"), Array::new(shape, values));
        }
    }
    blobs
}
