//! Networks from ONNX files against what onnxruntime and PyTorch compute, on every backend.

use burn::tensor::{Device, Tensor};
use oneiric_model::{LayerId, NetworkExt, OnnxNetwork, Preprocessing, ReluGradient};
use oneiric_testkit::{Array, Oracle, Tolerance, assert_close, devices, shared};

fn network(path: &str, device: &Device) -> Option<OnnxNetwork> {
    let path = shared(path)?;
    let net = OnnxNetwork::open(path, Preprocessing::none(3), device);
    Some(net.unwrap_or_else(|error| panic!("{error}")))
}

/// Returns the activations as they are stored: of large maps, every 8th channel only.
fn thinned(found: &Array, expected: &Array) -> Array {
    if found.values.len() == expected.values.len() {
        return Array::new(expected.shape.clone(), found.values.clone());
    }
    let [_, channels, height, width] = found.shape[..] else {
        panic!("a layer has four axes");
    };
    let plane = height * width;
    let places = (0..found.values.len()).filter(|at| at / plane % channels % 8 == 0);
    Array::new(
        expected.shape.clone(),
        places.map(|at| found.values[at]).collect(),
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
            let [_, _, height, width] = image.dims();
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
                let layer = if tensor == "scores" {
                    net.logits().expect("class scores")
                } else {
                    match net.layer(tensor) {
                        Ok(layer) => layer,
                        // Tensors of attention's inside, which are no maps.
                        Err(_) => continue,
                    }
                };
                count += 1;
                let what = format!("{name} {key} on {backend}");
                match channel {
                    None => {
                        let found = forward(&net, image.clone(), layer);
                        if !is_as_stored(&net, layer, expected, [height, width]) {
                            continue;
                        }
                        let found = thinned(&Array::of(found), expected);
                        let tolerance = if backend.is_host() {
                            Tolerance::ACTIVATIONS
                        } else {
                            Tolerance::ACTIVATIONS_GPU
                        };
                        assert_close(&what, &found, expected, tolerance);
                    }
                    // Of tokens, the mean is over those before the map as well.
                    Some(_) if net.layer(&format!("{tensor}:prefix")).is_ok() => {}
                    Some(channel) => {
                        let input = image.clone().autodiff().require_grad();
                        let found = forward(&net, input.clone(), layer);
                        let loss = found.narrow(1, channel, 1).mean();
                        let gradient = input.grad_remove(&mut loss.backward());
                        let gradient = Array::of(gradient.expect("a gradient"));
                        assert_close(&what, &gradient, expected, Tolerance::GRADIENTS);
                    }
                }
            }
            assert!(count >= 3, "{name} at {size}: {count}");
        }
    }
}

fn forward(net: &OnnxNetwork, image: Tensor<4>, layer: LayerId) -> Tensor<4> {
    net.forward_to(image, &[layer], ReluGradient::Plain)
        .remove(0)
}

/// True for a layer whose values lie in the same order as in the file: a map or a vector.
fn is_as_stored(net: &OnnxNetwork, layer: LayerId, expected: &Array, image: [usize; 2]) -> bool {
    let Some([height, width]) = net.layer_size(layer, image) else {
        return false;
    };
    let channels = net.describe(layer).channels();
    match expected.shape[..] {
        [_, _, h, w] => [h, w] == [height, width],
        [_, c] => c == channels && height * width == 1,
        _ => false,
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
