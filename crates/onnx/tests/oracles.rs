//! Imported networks by their definitions in f64 against what onnxruntime computes.

use std::{collections::BTreeMap, fs, path::PathBuf};

use oneiric_graph::{Map, Shape, oracle};
use oneiric_onnx::{Import, import};
use oneiric_weights::onnx;
use safetensors::SafeTensors;

fn shared() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/onnx");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: ../shared is not on this machine");
    None
}

fn tensors(path: &PathBuf) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let bytes = fs::read(path).expect("a file");
    let file = SafeTensors::deserialize(&bytes).expect("safetensors");
    let tensors = file.tensors().into_iter().map(|(name, tensor)| {
        let (numbers, _) = tensor.data().as_chunks::<4>();
        let values = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes));
        (name, (tensor.shape().to_vec(), values.collect()))
    });
    tensors.collect()
}

fn forward(import: &Import, shape: Shape, image: &[f32]) -> Vec<oracle::Tensor> {
    let weights = import.graph.weights().iter();
    let weights: Vec<Vec<f32>> = weights
        .map(|weight| import.weights[&weight.name].values.clone())
        .collect();
    let image = image.iter().map(|value| f64::from(*value)).collect();
    oracle::forward(&import.graph, &weights, oracle::Tensor::new(shape, image))
}

/// Returns every 8th channel of a map, or every 8th number of the last axis, as large tensors are
/// stored.
fn thinned(tensor: &oracle::Tensor, axis: usize) -> Vec<f64> {
    let lengths = tensor.shape.lengths();
    let inner: usize = lengths[axis + 1..].iter().product();
    let kept = |at: &usize| (at / inner % lengths[axis]).is_multiple_of(8);
    let places = (0..tensor.values.len()).filter(kept);
    places.map(|at| tensor.values[at]).collect()
}

#[test]
fn networks_compute_what_onnxruntime_computes() {
    let Some(shared) = shared() else {
        return;
    };
    for name in [
        "resnet",
        "resnet-dynamo",
        "resnext",
        "vgg_bn",
        "densenet",
        "mobilenet_v2",
        "mobilenet_v3",
        "convnext",
        "vit",
        "vit-dynamo",
        "shufflenet",
        "efficientnet_lite0",
    ] {
        let folder = if name == "efficientnet_lite0" {
            "../weights"
        } else {
            "oracles"
        };
        let model = onnx::read(shared.join(format!("{folder}/{name}.onnx"))).expect("a model");
        let import = import(&model).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(import.missing, [], "{name}");
        assert!(import.logits.is_some(), "{name}");
        let stored = tensors(&shared.join(format!("oracles/{name}.safetensors")));
        let smallest = stored
            .iter()
            .filter(|(key, _)| key.ends_with("image"))
            .min_by_key(|(_, (_, values))| values.len());
        let (key, (shape, image)) = smallest.expect("an image");
        let size = key.strip_suffix("image").expect("the ending");
        let values = forward(&import, Shape::of(shape).expect("a shape"), image);
        // In one tensor of the real network onnxruntime differs by 2.4e-5 from itself, with and
        // without its optimizations: so much does rounding change it.
        let most = match name {
            "efficientnet_lite0" => 2.4e-5,
            _ => 1e-5,
        };
        let mut compared = 0;
        let mut worst = 0.0_f64;
        for (key, (_, expected)) in &stored {
            let Some(tensor) = key.strip_prefix(size) else {
                continue;
            };
            if tensor == "image" || tensor.starts_with("gradient") || tensor.starts_with("noisy") {
                continue;
            }
            let node = if tensor == "scores" {
                import.logits.map(|logits| import.layers[logits].node)
            } else {
                import.graph.find(tensor)
            };
            let node = node.unwrap_or_else(|| panic!("{name}: no tensor {tensor}"));
            let found = &values[node.index()];
            let axes = found.shape.axes();
            let found = if found.values.len() == expected.len() {
                found.values.clone()
            } else {
                thinned(found, if axes == 4 { 1 } else { axes - 1 })
            };
            assert_eq!(found.len(), expected.len(), "{name}: {tensor}");
            let largest = expected
                .iter()
                .fold(0.0_f64, |a, b| a.max(f64::from(b.abs())));
            for (found, expected) in found.iter().zip(expected) {
                let difference = (found - f64::from(*expected)).abs() / largest;
                assert!(difference <= most, "{name}: {tensor}: {difference:.2e}");
                worst = worst.max(difference);
            }
            compared += 1;
        }
        assert!(compared >= 3, "{name}: {compared}");
        println!("{name}: {compared} tensors at {size}, largest difference {worst:.1e}");
    }
}

#[test]
fn the_zoos_topologies_are_imported_whole() {
    let Some(shared) = shared() else {
        return;
    };
    for name in [
        "bvlc_alexnet",
        "densenet121",
        "inception_v1",
        "inception_v2",
        "resnet50",
        "shufflenet",
        "squeezenet",
        "vgg19",
        "zfnet512",
    ] {
        let model = onnx::read(shared.join(format!("light/light_{name}.onnx"))).expect("a model");
        let import = import(&model).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(import.missing, [], "{name}");
        assert_eq!(import.image, [224, 224], "{name}");
        let logits = import.logits.map(|logits| &import.layers[logits]);
        let logits = logits.unwrap_or_else(|| panic!("{name} has no logits"));
        let facts = import.graph.all_facts([224, 224]);
        let classes = logits.view.map(logits.node, &facts).map(Map::to_array);
        assert_eq!(classes, Some([1000, 1, 1]), "{name}");
    }
}
