//! One tensor, several names: TensorFlow's (which ours are), Caffe's, torchvision's, and how people
//! spell them.

use crate::{LayerId, ModelError, graph::LOGITS, network::Layer};

/// Names of the tensors outside the blocks, as TensorFlow's graph and Caffe's
/// `bvlc_googlenet/deploy.prototxt` have them.
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
    ("softmax2", "prob"),
];

/// Parts of a block: TensorFlow's, Caffe's.
const PARTS: [(&str, &str); 7] = [
    ("1x1", "1x1"),
    ("3x3_bottleneck", "3x3_reduce"),
    ("3x3", "3x3"),
    ("5x5_bottleneck", "5x5_reduce"),
    ("5x5", "5x5"),
    ("pool", "pool"),
    ("pool_reduce", "pool_proj"),
];

/// Modules outside the blocks: TensorFlow's tensors, torchvision's names. Its poolings are left
/// out: it counts them otherwise, and `maxpool4` would be two tensors.
const TORCHVISION_STEM: [(&str, &str); 5] = [
    ("conv2d0", "conv1"),
    ("conv2d1", "conv2"),
    ("conv2d2", "conv3"),
    ("avgpool0", "avgpool"),
    (LOGITS, "fc"),
];

/// Parts of a block: TensorFlow's, torchvision's.
const TORCHVISION_PARTS: [(&str, &str); 7] = [
    ("1x1", "branch1"),
    ("3x3_bottleneck", "branch2.0"),
    ("3x3", "branch2.1"),
    ("5x5_bottleneck", "branch3.0"),
    ("5x5", "branch3.1"),
    ("pool", "branch4.0"),
    ("pool_reduce", "branch4.1"),
];

/// How many names an error suggests.
const SUGGESTIONS: usize = 4;

/// Caffe's name of a tensor. Caffe computes ReLUs in place, so the tensors before them have no
/// name there; they get the one after it with TensorFlow's ending `_pre_relu`.
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

/// torchvision's name of a tensor, `inception4a.branch2.0`, where it has one.
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

/// A name as it is compared: lower case, every separator an underscore.
fn normalised(name: &str) -> String {
    name.trim()
        .to_ascii_lowercase()
        .replace(['/', '.', ':', '-', ' '], "_")
}

/// Every spelling that leads to a layer. Only those of an Inception go by other names than their
/// own: in another network "conv1" may be anything.
fn spellings(layer: &Layer) -> Vec<String> {
    let mut spellings = vec![normalised(layer.name())];
    let Some(caffe) = layer.caffe_name() else {
        return spellings;
    };
    let caffe = normalised(caffe);
    // `inception_4c` for `inception_4c/output`, as people and the peers write it.
    if let Some(block) = caffe.strip_suffix("_output") {
        spellings.push(block.to_owned());
    }
    if let Some(block) = caffe.strip_suffix("_output_pre_relu") {
        spellings.push(format!("{block}_pre_relu"));
    }
    spellings.push(caffe);
    if let Some(name) = torchvision(layer.name()) {
        // A branch goes by its last convolution too.
        if let Some(branch) = name.strip_suffix(".1") {
            spellings.push(normalised(branch));
        }
        spellings.push(normalised(&name));
    }
    if layer.name() == "avgpool0" {
        spellings.push("avgpool0_reshape".to_owned());
    }
    if layer.name() == LOGITS {
        spellings.extend(["logits", "softmax2_pre_activation_matmul"].map(str::to_owned));
    }
    spellings
}

/// The layer of a name: the one that is called exactly so, or else the only one of which it is a
/// spelling.
pub(crate) fn find(layers: &[Layer], name: &str) -> Result<LayerId, ModelError> {
    if let Some(index) = layers.iter().position(|layer| layer.name() == name) {
        return Ok(LayerId(index));
    }
    let asked = normalised(name);
    let mut fitting = Vec::new();
    let mut distances = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let spellings = spellings(layer);
        if spellings.contains(&asked) {
            fitting.push(LayerId(index));
        }
        let distance = |spelling: &String| strsim::damerau_levenshtein(spelling, &asked);
        distances.extend(spellings.iter().map(|spelling| (distance(spelling), index)));
    }
    if let [only] = fitting[..] {
        return Ok(only);
    }
    distances.sort_unstable();
    let mut near: Vec<String> = Vec::new();
    for (_, index) in distances {
        let layer = &layers[index];
        // Answer in the world the question came from.
        let spelling = match layer.caffe_name() {
            Some(caffe) if asked.starts_with("inception") || name.contains('/') => caffe,
            _ => layer.name(),
        };
        if !near.iter().any(|known| known == spelling) {
            near.push(spelling.to_owned());
        }
        if near.len() == SUGGESTIONS {
            break;
        }
    }
    Err(ModelError::UnknownLayer {
        name: name.to_owned(),
        near,
    })
}

#[cfg(test)]
mod tests {
    use super::{caffe, find};
    use crate::{InceptionV1Config, Layer, LayerId, ModelError, graph::Graph};

    #[test]
    fn both_worlds_and_their_spellings_lead_to_the_same_tensor() {
        let graph = Graph::new(&InceptionV1Config::bvlc());
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
            let layer = find(&graph.layers, name).expect("our own name");
            assert_eq!(graph.layers[layer.0].name(), name);
            for other in others {
                assert_eq!(find(&graph.layers, other).expect(other), layer, "{other}");
            }
        }
    }

    #[test]
    fn no_spelling_is_taken_twice() {
        let graph = Graph::new(&InceptionV1Config::bvlc());
        let mut all: Vec<String> = graph.layers.iter().flat_map(super::spellings).collect();
        all.sort();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn a_wrong_name_gets_the_near_ones_of_its_world() {
        let graph = Graph::new(&InceptionV1Config::bvlc());
        let near = |name| match find(&graph.layers, name) {
            Err(ModelError::UnknownLayer { near, .. }) => near,
            other => panic!("expected an unknown layer, got {other:?}"),
        };
        assert!(near("mixed4f").contains(&"mixed4c".to_owned()));
        assert!(near("inception_4c/3x3_redcue").contains(&"inception_4c/3x3_reduce".to_owned()));
    }

    #[test]
    fn layers_of_other_networks_go_by_their_own_names_alone() {
        let named = |names: &[&str]| -> Vec<Layer> {
            names.iter().map(|name| Layer::new(name, 1)).collect()
        };
        let place = |layers: &[Layer], name| find(layers, name).map(|layer| layer.0).ok();
        // In an Inception the first of each pair would be the second's other name.
        let layers = named(&[
            "conv2d0",
            "conv1",
            "mixed4c",
            "inception_4c",
            "avgpool0",
            "fc",
        ]);
        for (index, layer) in layers.iter().enumerate() {
            assert_eq!(place(&layers, layer.name()), Some(index), "{layer}");
            assert_eq!(layer.caffe_name(), None);
        }
        for only_in_an_inception in ["conv1/7x7_s2", "inception4c", "avgpool", "logits", "pool1"] {
            assert_eq!(place(&layers, only_in_an_inception), None);
        }
        assert_eq!(place(&layers, "Inception-4c"), Some(3), "spelt otherwise");
    }

    #[test]
    fn the_exact_name_comes_first_and_a_spelling_of_two_layers_is_none() {
        let layers = ["a.1", "a_1", "A_1", "b.1"].map(|name| Layer::new(name, 1));
        for (index, layer) in layers.iter().enumerate() {
            assert_eq!(find(&layers, layer.name()).expect("exact"), LayerId(index));
        }
        assert_eq!(find(&layers, "b_1").expect("only one"), LayerId(3));
        match find(&layers, "a/1") {
            Err(ModelError::UnknownLayer { near, .. }) => {
                assert_eq!(near[..3], ["a.1", "a_1", "A_1"]);
            }
            other => panic!("three layers are meant alike, got {other:?}"),
        }
        assert!(find(&[], "anything").is_err());
    }

    #[test]
    fn caffe_has_a_name_for_all_but_the_input() {
        let graph = Graph::new(&InceptionV1Config::bvlc());
        for layer in &graph.layers {
            assert_eq!(
                caffe(layer.name()).is_some(),
                layer.name() != "input",
                "{layer}"
            );
        }
    }
}
