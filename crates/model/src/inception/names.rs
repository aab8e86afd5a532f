//! The names of an InceptionV1's tensors: TensorFlow's, which are ours, Caffe's, torchvision's, and
//! the usual spellings.

use super::builder::{LOGITS, SOFTMAX};

/// Names of the tensors outside the blocks, in TensorFlow's graph and in Caffe's
/// `bvlc_googlenet/deploy.prototxt`.
const STEM: [(&str, &str); 12] = [
    ("conv2d0", "conv1/7x7_s2"),
    ("maxpool0", "pool1/3x3_s2"),
    ("localresponsenorm0", "pool1/norm1"),
    ("conv2d1", "conv2/3x3_reduce"),
    ("conv2d2", "conv2/3x3"),
    ("localresponsenorm1", "conv2/norm2"),
    ("maxpool1", "pool2/3x3_s2"),
    ("maxpool4", "pool3/3x3_s2"),
    ("maxpool10", "pool4/3x3_s2"),
    ("avgpool0", "pool5/7x7_s1"),
    (LOGITS, "loss3/classifier"),
    (SOFTMAX, "prob"),
];

/// Names of a block's parts: TensorFlow's, Caffe's.
const PARTS: [(&str, &str); 7] = [
    ("1x1", "1x1"),
    ("3x3_bottleneck", "3x3_reduce"),
    ("3x3", "3x3"),
    ("5x5_bottleneck", "5x5_reduce"),
    ("5x5", "5x5"),
    ("pool", "pool"),
    ("pool_reduce", "pool_proj"),
];

/// Names of the modules outside the blocks: TensorFlow's, torchvision's. torchvision's poolings are
/// left out: it numbers them differently, and `maxpool4` would name two tensors.
const TORCHVISION_STEM: [(&str, &str); 5] = [
    ("conv2d0", "conv1"),
    ("conv2d1", "conv2"),
    ("conv2d2", "conv3"),
    ("avgpool0", "avgpool"),
    (LOGITS, "fc"),
];

/// Names of a block's parts: TensorFlow's, torchvision's.
const TORCHVISION_PARTS: [(&str, &str); 7] = [
    ("1x1", "branch1"),
    ("3x3_bottleneck", "branch2.0"),
    ("3x3", "branch2.1"),
    ("5x5_bottleneck", "branch3.0"),
    ("5x5", "branch3.1"),
    ("pool", "branch4.0"),
    ("pool_reduce", "branch4.1"),
];

/// Returns Caffe's name of a tensor. Caffe computes ReLUs in place, so the tensors before them have
/// no name there; they get the name of the ReLU's output, with TensorFlow's ending `_pre_relu`.
pub(crate) fn caffe(name: &str) -> Option<String> {
    if let Some(conv) = name.strip_suffix("_pre_relu/conv") {
        return caffe(conv).map(|name| format!("{name}_pre_relu/conv"));
    }
    if let Some(relu) = name.strip_suffix("_pre_relu") {
        return caffe(relu).map(|name| format!("{name}_pre_relu"));
    }
    if let Some((_, caffe)) = STEM.iter().find(|(tensorflow, _)| *tensorflow == name) {
        return Some((*caffe).to_owned());
    }
    let block = name.strip_prefix("mixed")?;
    match block.split_once('_') {
        None => Some(format!("inception_{block}/output")),
        Some((block, part)) => PARTS
            .iter()
            .find(|(tensorflow, _)| *tensorflow == part)
            .map(|(_, caffe)| format!("inception_{block}/{caffe}")),
    }
}

/// Returns torchvision's name of a tensor, such as `inception4a.branch2.0`, if it has one.
pub(crate) fn torchvision(name: &str) -> Option<String> {
    if let Some((_, other)) = TORCHVISION_STEM.iter().find(|(ours, _)| *ours == name) {
        return Some((*other).to_owned());
    }
    let block = name.strip_prefix("mixed")?;
    match block.split_once('_') {
        None => Some(format!("inception{block}")),
        Some((block, part)) => TORCHVISION_PARTS
            .iter()
            .find(|(ours, _)| *ours == part)
            .map(|(_, other)| format!("inception{block}.{other}")),
    }
}

/// Returns all other names of a tensor; Caffe's comes first.
pub(crate) fn aliases(name: &str) -> Vec<String> {
    let Some(caffe) = caffe(name) else {
        return Vec::new();
    };
    let mut aliases = Vec::new();
    // `inception_4c` for `inception_4c/output`, as other libraries write it.
    if let Some(block) = caffe.strip_suffix("/output") {
        aliases.push(block.to_owned());
    }
    if let Some(block) = caffe.strip_suffix("/output_pre_relu") {
        aliases.push(format!("{block}_pre_relu"));
    }
    aliases.insert(0, caffe);
    if let Some(name) = torchvision(name) {
        // The name of a branch is also that of its last convolution.
        if let Some(branch) = name.strip_suffix(".1") {
            aliases.push(branch.to_owned());
        }
        aliases.push(name);
    }
    match name {
        "avgpool0" => aliases.push("avgpool0_reshape".to_owned()),
        LOGITS => aliases.extend(["logits", "softmax2_pre_activation_matmul"].map(str::to_owned)),
        _ => {}
    }
    aliases
}

#[cfg(test)]
mod tests {
    use super::{aliases, caffe};
    use crate::{InceptionV1Config, Layer, ModelError, layer_names::find};

    fn layers() -> Vec<Layer> {
        let graph = InceptionV1Config::bvlc().graph().expect("of ours");
        let layer = |name: &str| {
            let aliases = aliases(name).into_iter();
            aliases.fold(Layer::new(name, 1), Layer::with_alias)
        };
        graph.nodes().iter().map(|node| layer(&node.name)).collect()
    }

    #[test]
    fn all_frameworks_and_their_spellings_lead_to_the_same_tensor() {
        let layers = layers();
        for (name, others) in [
            (
                "mixed4c",
                &[
                    "inception_4c",
                    "inception_4c/output",
                    "inception_4c_output",
                    "Mixed4c",
                ][..],
            ),
            (
                "mixed4c_3x3_bottleneck",
                &[
                    "inception_4c/3x3_reduce",
                    "inception_4c_3x3_reduce",
                    "inception4c.branch2.0",
                ],
            ),
            (
                "mixed4c_3x3",
                &["inception4c.branch2", "inception4c.branch2.1"],
            ),
            ("mixed3a", &["inception3a"]),
            ("conv2d2", &["conv3"]),
            ("mixed4a_pool_reduce", &["inception_4a/pool_proj"]),
            ("mixed4a_pool", &["inception_4a/pool"]),
            ("mixed4c_pre_relu", &["inception_4c_pre_relu"]),
            ("mixed3b_5x5_pre_relu/conv", &["mixed3b_5x5_pre_relu_conv"]),
            (
                "softmax2_pre_activation",
                &["loss3/classifier", "logits", "loss3_classifier"],
            ),
            ("softmax2", &["prob"]),
            ("conv2d0", &["conv1/7x7_s2", "conv1_7x7_s2"]),
            ("localresponsenorm0", &["pool1/norm1", "pool1_norm1"]),
        ] {
            let layer = find(&layers, name).expect("our own name");
            assert_eq!(layers[layer.0].name(), name);
            for other in others {
                assert_eq!(find(&layers, other).expect(other), layer, "{other}");
            }
        }
    }

    #[test]
    fn no_spelling_belongs_to_two_layers() {
        let layers = layers();
        let mut all: Vec<String> = layers
            .iter()
            .flat_map(crate::layer_names::spellings)
            .collect();
        all.sort();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn a_wrong_name_gets_the_near_ones_of_its_framework() {
        let layers = layers();
        let near = |name| match find(&layers, name) {
            Err(ModelError::UnknownLayer { near, .. }) => near,
            other => panic!("expected an unknown layer, got {other:?}"),
        };
        assert!(near("mixed4f").contains(&"mixed4c".to_owned()));
        assert!(near("inception_4c/3x3_redcue").contains(&"inception_4c/3x3_reduce".to_owned()));
    }

    #[test]
    fn caffe_has_a_name_for_all_but_the_input() {
        let layers = layers();
        for layer in &layers {
            assert_eq!(
                caffe(layer.name()).is_some(),
                layer.name() != "input",
                "{layer}"
            );
        }
    }
}
