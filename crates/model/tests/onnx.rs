//! Networks from ONNX files against what onnxruntime and PyTorch compute, on every backend.

use burn::tensor::{Device, Tensor};
use oneiric_core::{Backend, Picture};
use oneiric_model::{
    LayerId, ModelError, NetworkExt, OnnxNetwork, Preprocessing, ReluGradient, graph::View,
};
use oneiric_testkit::{Array, Oracle, Tolerance, assert_close, devices, shared};
use oneiric_weights::onnx;

fn network(path: &str, device: &Device) -> Option<OnnxNetwork> {
    let path = shared(path)?;
    let net = OnnxNetwork::open(path, Preprocessing::none(3), device);
    Some(net.unwrap_or_else(|error| panic!("{error}")))
}

/// The tensor of EfficientNet-Lite0 in which onnxruntime differs by 2.4e-5 from itself, with and
/// without its optimizations: so much does rounding change it.
const SENSITIVE: &str = "/_blocks.1/_swish/Clip_output_0";

/// The gradient whose image was chosen so that rounding in f32 crosses no kink of a ReLU6. burn's
/// ndarray backend rounds more in its convolutions, and crosses one: it is 4.7e-3 off.
const KINKS: &str = "noisy/gradient of class 967";

/// Returns every 8th channel if the file stores only those; `axis` is that of the channels.
fn thinned(found: &Array, axis: usize, expected: &Array) -> Array {
    let shape = expected.shape.clone();
    if found.values.len() == expected.values.len() {
        return Array::new(shape, found.values.clone());
    }
    let inner: usize = found.shape[axis + 1..].iter().product();
    let channels = found.shape[axis];
    let places = (0..found.values.len()).filter(|at| (at / inner % channels).is_multiple_of(8));
    Array::new(shape, places.map(|at| found.values[at]).collect())
}

/// Returns the tensor of the file that a layer is a view of, with the axis of its channels.
fn in_file(net: &OnnxNetwork, image: Tensor<4>, name: &str) -> Option<(Tensor<4>, usize)> {
    let layer = match name {
        "scores" => net.logits().expect("class scores"),
        // Inside of attention are tensors that are no maps.
        _ => net.layer(name).ok()?,
    };
    let read = |layer: LayerId| -> Tensor<4> {
        let layers = net.forward_to(image.clone(), &[layer], ReluGradient::Plain);
        layers.into_iter().next().expect("a layer")
    };
    let tokens = |map: Tensor<4>| -> Tensor<4> {
        let [items, channels, height, width] = map.dims();
        let rows = map.reshape([items, channels, height * width, 1]);
        rows.permute([0, 3, 2, 1])
    };
    let found = read(layer);
    Some(
        match net.graph_network().node_layers()[layer.index()].view {
            View::ChannelsLast => (found.permute([0, 2, 3, 1]), 3),
            View::Tokens { prefix: 0, .. } => (tokens(found), 3),
            View::Tokens { .. } => {
                let prefix = net.layer(&format!("{name}:prefix")).expect("a prefix");
                (Tensor::cat(vec![tokens(read(prefix)), tokens(found)], 2), 3)
            }
            _ => (found, 1),
        },
    )
}

fn compare(name: &str, model: &str, oracle: &str) {
    let Some(stored) = Oracle::read(oracle) else {
        return;
    };
    for (backend, device) in devices() {
        let net = network(model, &device).expect("the file beside its numbers");
        assert!(net.missing().is_empty(), "{name}");
        for key in stored.names().filter(|key| key.ends_with("image")) {
            let size = key.strip_suffix("image").expect("the ending");
            let image: Tensor<4> = stored.get(key).tensor(&device);
            let mut count = 0;
            for key in stored.names() {
                let Some(tensor) = key.strip_prefix(size).filter(|tensor| *tensor != "image")
                else {
                    continue;
                };
                if size.is_empty() && tensor.starts_with("noisy/") {
                    continue;
                }
                let expected = stored.get(key);
                let (channel, tensor) = match tensor.strip_prefix("gradient of ") {
                    None => (None, tensor),
                    Some(rest) => match rest.strip_prefix("class ") {
                        Some(class) => (class.parse::<usize>().ok(), "scores"),
                        None => (
                            Some(3),
                            rest.strip_prefix("channel 3 of ").expect("a channel"),
                        ),
                    },
                };
                let input = image.clone().autodiff().require_grad();
                let Some((found, axis)) = in_file(&net, input.clone(), tensor) else {
                    continue;
                };
                count += 1;
                let what = format!("{name} {key} on {backend}");
                if let Some(channel) = channel {
                    let loss = found.narrow(axis, channel, 1).mean();
                    let gradient = input.grad_remove(&mut loss.backward());
                    let gradient = Array::of(gradient.expect("a gradient"));
                    let tolerance = match backend {
                        Backend::Flex => Tolerance::GRADIENTS,
                        _ if key == KINKS => Tolerance::RelativeNorm(1e-2),
                        _ => Tolerance::GRADIENTS,
                    };
                    assert_close(&what, &gradient, expected, tolerance);
                    continue;
                }
                let tolerance = match backend.is_host() {
                    true if tensor == SENSITIVE => Tolerance::OfLargest(5e-5),
                    true => Tolerance::ACTIVATIONS,
                    false => Tolerance::ACTIVATIONS_GPU,
                };
                // Large maps are stored by every 8th channel, tokens by every 8th number of the
                // last axis; the second axis of a map with its channels last counts as the former.
                let axis = if expected.shape.len() == 4 { 1 } else { axis };
                let found = thinned(&Array::of(found), axis, expected);
                assert_close(&what, &found, expected, tolerance);
            }
            assert!(count >= 2, "{name} at {size}: {count}");
        }
    }
}

#[test]
fn networks_of_every_architecture_are_what_onnxruntime_and_pytorch_compute() {
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
    ] {
        let file = |ending: &str| format!("onnx/oracles/{name}.{ending}");
        compare(name, &file("onnx"), &file("safetensors"));
    }
}

#[test]
fn a_real_network_is_what_onnxruntime_and_pytorch_compute() {
    compare(
        "EfficientNet-Lite0",
        "weights/efficientnet_lite0.onnx",
        "onnx/oracles/efficientnet_lite0.safetensors",
    );
}

#[test]
fn a_real_network_sees_the_espresso_in_a_photograph() {
    let (Some(labels), Some(photograph)) = (
        shared("labels/imagenet1k.txt"),
        shared("onnx/coffee_224.png"),
    ) else {
        return;
    };
    for (backend, device) in devices() {
        let path = shared("weights/efficientnet_lite0.onnx").expect("beside the labels");
        let preprocessing = Preprocessing::uniform(255.0 / 128.0, [127.0 / 128.0; 3]);
        let net = OnnxNetwork::open(path, preprocessing, &device)
            .and_then(|net| net.with_labels_from(&labels))
            .unwrap_or_else(|error| panic!("{error}"));
        let picture = Picture::open(&photograph).expect("a picture");
        let predictions = net.predict(picture.to_tensor(&device)).expect("scores");
        let best = &predictions[0][0];
        assert_eq!(best.class, 967, "{backend}");
        assert_eq!(best.label.as_deref(), Some("espresso"), "{backend}");
        assert!(
            (best.probability - 0.942).abs() < 5e-4,
            "{}",
            best.probability
        );
    }
}

#[test]
fn batches_are_single_images_also_where_the_file_bakes_in_one() {
    for (_, device) in devices() {
        for name in ["resnet", "vit", "shufflenet", "convnext"] {
            let Some(net) = network(&format!("onnx/oracles/{name}.onnx"), &device) else {
                return;
            };
            let [height, width] = net.smallest_image().map(|side| side.max(64));
            let images = Array::noise([3, 3, height, width], 5);
            let batch: Tensor<4> = images.tensor(&device);
            let logits = [net.logits().expect("class scores")];
            let scores = |images: Tensor<4>| {
                let scores = net.forward_to(images, &logits, ReluGradient::Plain);
                Array::of(scores.into_iter().next().expect("scores")).values
            };
            let together = scores(batch.clone());
            let alone: Vec<f32> = (0..3)
                .flat_map(|item| scores(batch.clone().narrow(0, item, 1)))
                .collect();
            let shape = [alone.len()];
            assert_close(
                name,
                &Array::new(shape, together),
                &Array::new(shape, alone),
                Tolerance::ACTIVATIONS,
            );
        }
    }
}

#[test]
fn topologies_of_the_model_zoo_give_their_output() {
    let (_, device) = devices().swap_remove(0);
    for (name, side) in [
        ("bvlc_alexnet", 224),
        ("densenet121", 224),
        ("inception_v1", 224),
        ("inception_v2", 224),
        ("resnet50", 224),
        ("shufflenet", 224),
        ("squeezenet", 224),
        ("vgg19", 224),
        ("zfnet512", 224),
    ] {
        let Some(net) = network(&format!("onnx/light/light_{name}.onnx"), &device) else {
            return;
        };
        assert!(net.missing().is_empty(), "{name}: {:?}", net.missing());
        let output = shared(&format!("onnx/light/light_{name}_output_0.pb"));
        let output = std::fs::read(output.expect("beside the network")).expect("a file");
        let output = onnx::parse_tensor(&output).expect("a tensor");
        let onnx::Values::Float(expected) = &output.values else {
            panic!("{name}: the output is of another type");
        };
        // The weights are constant, so any image gives the same output.
        let image = Array::noise([1, 3, side, side], 3);
        let probabilities = net.predict(image.tensor(&device)).expect("scores");
        let mut found = vec![0.0; expected.len()];
        for prediction in &probabilities[0] {
            found[prediction.class] = prediction.probability;
        }
        // Most of the files end in a softmax; the others' scores become probabilities here.
        let sum: f32 = expected.iter().sum();
        let is_softmax = (sum - 1.0).abs() < 1e-3 && expected.iter().all(|value| *value >= 0.0);
        let expected = if is_softmax {
            expected.clone()
        } else {
            let most = expected
                .iter()
                .fold(f32::MIN, |most, value| most.max(*value));
            let powers: Vec<f32> = expected.iter().map(|value| (value - most).exp()).collect();
            let sum: f32 = powers.iter().sum();
            powers.into_iter().map(|power| power / sum).collect()
        };
        let shape = [expected.len()];
        assert_close(
            name,
            &Array::new(shape, found),
            &Array::new(shape, expected),
            Tolerance::ACTIVATIONS,
        );
    }
}

#[test]
fn networks_whose_files_bake_in_one_image_are_verified() {
    let (_, device) = devices().swap_remove(0);
    for name in ["resnet", "vit", "vit-dynamo", "shufflenet"] {
        let Some(net) = network(&format!("onnx/oracles/{name}.onnx"), &device) else {
            return;
        };
        let size = net.smallest_image().map(|side| side.max(64));
        net.verify(size)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn an_image_of_a_size_that_a_network_does_not_take_is_refused() {
    let (_, device) = devices().swap_remove(0);
    let Some(net) = network("onnx/oracles/vit.onnx", &device) else {
        return;
    };
    let [height, width] = net.only_size(net.logits().expect("scores")).expect("one");
    let image = |height, width| Array::noise([1, 3, height, width], 1).tensor(&device);
    net.predict(image(height, width)).expect("its own size");
    let error = net
        .predict(image(height + 7, 2 * width))
        .expect_err("another size");
    assert!(
        matches!(error, ModelError::OtherSize { only: Some(only), .. } if only == [height, width]),
        "{error}"
    );
}
