//! The networks against values computed by Caffe, TensorFlow and PyTorch.

mod common;

use burn::tensor::{Device, Tensor};
use common::weights_of;
use oneiric_core::Backend;
use oneiric_model::{
    HostTensor, InceptionV1, InceptionV1Config, Kernels, NamedTensors, NetworkExt, ReluGradient,
    Variant,
};
use oneiric_testkit::{
    Array, Oracle, Tolerance, assert_close, caffemodel_blobs, devices, graphdef_constants, shared,
};

const BVLC_WEIGHTS: &str = "weights/bvlc_googlenet.safetensors";
const BVLC_SYNTHETIC: &str = "oracles/caffe_googlenet/synthetic_v1.caffemodel";
const GRAPH_5H: &str = "oracles/inception5h/synthetic_graph.pb";
const LUCENT_5H: &str = "oracles/inception5h/synthetic_lucent.pth";
const TORCHVISION: &str = "oracles/googlenet_torchvision/synthetic.pth";
const SIZES: [&str; 3] = ["127x127", "224x224", "161x200"];

/// The number of values above which an oracle holds only every 8th channel of a tensor.
const THINNED_ABOVE: usize = 60_000;

/// The devices for a whole network: burn's ndarray backend takes minutes for one.
fn fast_devices() -> Vec<(Backend, Device)> {
    let devices = devices().into_iter();
    devices
        .filter(|(backend, _)| *backend == Backend::Flex)
        .collect()
}

/// Returns the network with each executor of its device, and the executor's name.
fn on_all_kernels(net: InceptionV1, backend: Backend) -> Vec<(String, InceptionV1)> {
    let kernels = Kernels::available(backend).into_iter();
    kernels
        .map(|kernels| {
            let net = net.clone().with_kernels(kernels).expect("available");
            (format!("{backend} by {kernels:?}"), net)
        })
        .collect()
}

/// Returns the network with each executor and each size of image.
fn everywhere(net: InceptionV1, backend: Backend) -> Vec<((String, InceptionV1), &'static str)> {
    let nets = on_all_kernels(net, backend).into_iter();
    nets.flat_map(|net| SIZES.map(|size| (net.clone(), size)))
        .collect()
}

fn activation_tolerance(backend: Backend) -> Tolerance {
    if backend.is_host() {
        Tolerance::ACTIVATIONS
    } else {
        Tolerance::ACTIVATIONS_GPU
    }
}

/// Returns every 8th channel, if the oracle holds only those.
fn thinned(acts: Array, expected: &Array) -> Array {
    if acts.values.len() <= THINNED_ABOVE || acts.values.len() == expected.values.len() {
        return acts;
    }
    let plane = acts.shape[2] * acts.shape[3];
    let channels = acts.shape[1].div_ceil(8);
    let planes = acts.values.chunks(plane).step_by(8).flatten().copied();
    Array::new(
        [1, channels, acts.shape[2], acts.shape[3]],
        planes.collect(),
    )
}

/// Compares all layers with the oracle's tensors of these names.
fn assert_layers(
    net: &InceptionV1,
    backend: Backend,
    by: &str,
    input: Tensor<4>,
    preprocessed: bool,
    oracle: &[(&str, Array)],
) {
    let layers: Vec<_> = oracle
        .iter()
        .map(|(name, _)| net.layer(name).expect(name))
        .collect();
    let acts = if preprocessed {
        net.network()
            .forward_preprocessed(input, &layers, ReluGradient::Plain)
    } else {
        net.forward_to(input, &layers, ReluGradient::Plain)
    };
    for ((name, expected), acts) in oracle.iter().zip(acts) {
        let acts = thinned(Array::of(acts), expected);
        let count = expected.values.len();
        // Vectors come as [n], [1, n] or with further ones.
        let (acts, expected) = if acts.shape[2..] == [1, 1] {
            (acts.reshape([count]), expected.clone().reshape([count]))
        } else {
            let mut shape = expected.shape.clone();
            if shape.len() == 3 {
                shape.insert(0, 1);
            }
            (acts, expected.clone().reshape(shape))
        };
        let is_logits = ["loss3", "softmax2_pre", "prob", "softmax2"]
            .iter()
            .any(|start| name.starts_with(start));
        let tolerance = match activation_tolerance(backend) {
            _ if is_logits => Tolerance::LOGITS,
            _ if backend.is_host() && CAFFE_NORMALIZED.contains(name) => CAFFE_NORMALIZATION,
            tolerance => tolerance,
        };
        assert_close(&format!("{name} on {by}"), &acts, &expected, tolerance);
    }
}

/// Caffe's own values of the first layers after a normalization lie up to 1.22e-5 of the largest
/// from the same arithmetic in f64 (its power is approximate); later layers average that out.
const CAFFE_NORMALIZED: [&str; 3] = ["pool1_norm1", "conv2_norm2", "pool2_3x3_s2"];
const CAFFE_NORMALIZATION: Tolerance = Tolerance::OfLargest(1.25e-5);

/// An image of an oracle in which the largest values of a pooling window lie so close together
/// that rounding decides where the gradient goes, and the part of it where that does not reach.
struct NearTie {
    size: &'static str,
    /// The part of the name of the executors whose rounding differs from the oracle's.
    by: &'static str,
    /// The tolerance of the whole gradient.
    tolerance: Tolerance,
    /// Rows and columns that must hold the usual tolerance.
    beyond: [std::ops::Range<usize>; 2],
}

const TIES_OF_BVLC: [NearTie; 2] = [
    // Two windows' largest values are 4e-8 and 1.9e-7 apart: PyTorch in f64, or in f32 without
    // oneDNN, is itself 3.3e-4 from the oracle. Elsewhere all agree.
    NearTie {
        size: "224x224",
        by: "",
        tolerance: Tolerance::RelativeNorm(4e-3),
        beyond: [0..224, 164..224],
    },
    // In `mixed3b`, channel 415, rows 12 to 14, columns 16 to 18: 14.37186 and 14.37177, where the
    // largest activation is some hundred.
    NearTie {
        size: "161x200",
        by: "Portable",
        tolerance: Tolerance::RelativeNorm(1.2e-3),
        beyond: [0..65, 0..200],
    },
];

/// PyTorch in f32 without oneDNN is 4.24e-4 from the oracle, in f64 4.3e-7. Elsewhere all agree.
const TIES_OF_TORCHVISION: [NearTie; 1] = [NearTie {
    size: "161x200",
    by: "",
    tolerance: Tolerance::RelativeNorm(5e-4),
    beyond: [0..129, 0..200],
}];

const TIES_OF_INCEPTION5H: [NearTie; 2] = [
    // In `mixed3a`, channel 117, row 14, columns 16 and 17: 2.250461 and 2.250453, 1.8e-7 of the
    // largest activation apart.
    NearTie {
        size: "224x224",
        by: "Frozen(",
        tolerance: Tolerance::RelativeNorm(4e-4),
        beyond: [0..98, 0..224],
    },
    // A near tie that turns with some instructions and not with others, always with the same
    // difference, which no other position has.
    NearTie {
        size: "127x127",
        by: "Frozen(",
        tolerance: Tolerance::RelativeNorm(5e-3),
        beyond: [52..127, 0..127],
    },
];

fn assert_image_gradient(
    what: &str,
    size: &str,
    ties: &[NearTie],
    gradient: &Array,
    expected: &Array,
) {
    let mut ties = ties.iter();
    let Some(tie) = ties.find(|tie| tie.size == size && what.contains(tie.by)) else {
        return assert_close(what, gradient, expected, Tolerance::GRADIENTS);
    };
    assert_close(what, gradient, expected, tie.tolerance);
    let [rows, columns] = tie.beyond.clone();
    let beyond = |array: &Array| {
        let [height, width] = array.shape[array.shape.len() - 2..] else {
            panic!("{:?}", array.shape)
        };
        let planes = array.values.chunks(height * width);
        let lines = planes.flat_map(|plane| plane.chunks(width).take(rows.end).skip(rows.start));
        let values = lines.flat_map(|line| &line[columns.clone()]);
        Array::new([3, rows.len(), columns.len()], values.copied().collect())
    };
    let (gradient, expected) = (beyond(gradient), beyond(expected));
    assert_close(what, &gradient, &expected, Tolerance::GRADIENTS);
}

/// Returns d mean(acts[:, channel]) / d image at the image itself.
fn image_gradient(net: &InceptionV1, image: Tensor<4>, layer: &str, channel: usize) -> Array {
    let image = image.autodiff().require_grad();
    let layer = net.layer(layer).expect("a layer");
    let acts = net
        .forward_to(image.clone(), &[layer], ReluGradient::Plain)
        .remove(0);
    let mut gradients = acts.narrow(1, channel, 1).mean().backward();
    Array::of(image.grad_remove(&mut gradients).expect("a gradient"))
}

fn espresso(net: &InceptionV1, backend: Backend, device: &Device) {
    let Some(oracle) = Oracle::read("oracles/caffe_googlenet/espresso_activations.safetensors")
    else {
        return;
    };
    let input = oracle.get("data").clone().reshape([1, 3, 227, 227]);
    let names: Vec<&str> = oracle.names().filter(|name| *name != "data").collect();
    assert_eq!(names.len(), 16);
    let expected: Vec<(&str, Array)> = names
        .into_iter()
        .map(|name| (name, oracle.get(name).clone()))
        .collect();
    for (by, net) in on_all_kernels(net.clone(), backend) {
        let input = input.tensor(device);
        assert_layers(&net, backend, &by, input, true, &expected);
    }
}

#[test]
fn bvlc_on_a_photograph_is_caffes() {
    let Some(weights) = shared(BVLC_WEIGHTS) else {
        return;
    };
    for (backend, device) in fast_devices() {
        let net = InceptionV1::load(&weights, &device).expect("the real weights");
        espresso(&net, backend, &device);

        // And from the picture, through our own preprocessing, to the label.
        let oracle = Oracle::read("oracles/caffe_googlenet/espresso_activations.safetensors");
        let data = oracle.expect("beside the weights").get("data").clone();
        let mut values = Vec::new();
        for at in 0..227 * 227 {
            for (channel, mean) in [(2, 123.0), (1, 117.0), (0, 104.0)] {
                let value: f32 = data.values[channel * 227 * 227 + at];
                values.push(((value + mean) / 255.0).clamp(0.0, 1.0));
            }
        }
        let photograph = oneiric_core::Picture::new(227, 227, values).expect("a photograph");
        let best = &net.classify(&photograph).expect("readable")[0];
        assert_eq!((best.class, best.label.as_deref()), (967, Some("espresso")));
        assert!(best.probability > 0.9, "{}", best.probability);
    }
}

#[cfg(feature = "wgpu")]
#[test]
fn bvlc_on_a_photograph_is_caffes_on_a_gpu() {
    let Some(weights) = shared(BVLC_WEIGHTS) else {
        return;
    };
    for (backend, device) in devices().into_iter().filter(|(b, _)| *b == Backend::Wgpu) {
        let net = InceptionV1::load(&weights, &device).expect("the real weights");
        espresso(&net, backend, &device);
    }
}

#[test]
fn bvlc_on_synthetic_weights_is_pytorchs() {
    let Some(weights) = shared(BVLC_SYNTHETIC) else {
        return;
    };
    let oracle = Oracle::read("oracles/caffe_googlenet/activations.safetensors").expect("beside");
    for (backend, device) in fast_devices() {
        let net = InceptionV1::load(&weights, &device).expect("synthetic weights");
        for ((by, net), size) in everywhere(net, backend) {
            let image = oracle.get(&format!("{size}/rgb01"));
            let names = [
                "inception_3b/output",
                "inception_4a/output",
                "inception_4e/output",
                "inception_5b/output",
                "loss3/classifier",
            ];
            let expected: Vec<(&str, Array)> = names
                .into_iter()
                .map(|name| (name, oracle.get(&format!("{size}/{name}")).clone()))
                .collect();
            assert_layers(&net, backend, &by, image.tensor(&device), false, &expected);

            // The oracle's is with respect to the input in 0..=255, blue first.
            let gradient = image_gradient(&net, image.tensor(&device), "inception_4c", 23);
            let plane = image.values.len() / 3;
            let planes = gradient.values.chunks(plane).rev().flatten();
            let gradient = Array::new(image.shape.clone(), planes.map(|v| v / 255.0).collect());
            let expected = oracle.get(&format!("{size}/grad_mean_inception_4c_23_wrt_bgr"));
            let what = format!("gradient at {size} on {by}");
            assert_image_gradient(&what, size, &TIES_OF_BVLC, &gradient, expected);
        }
    }
}

#[test]
fn inception5h_on_synthetic_weights_is_tensorflows() {
    let Some(weights) = shared(GRAPH_5H) else {
        return;
    };
    let oracle = Oracle::read("oracles/inception5h/activations.safetensors").expect("beside");
    for (backend, device) in fast_devices() {
        let net = InceptionV1::load(&weights, &device).expect("synthetic weights");
        for ((by, net), size) in everywhere(net, backend) {
            let input = oracle.get(&format!("{size}/input"));
            let prefix = format!("{size}/");
            let expected: Vec<(&str, Array)> = oracle
                .names()
                .filter_map(|name| name.strip_prefix(&prefix))
                .filter(|name| *name != "input" && !name.starts_with("grad"))
                .map(|name| (name, oracle.get(&format!("{size}/{name}")).clone()))
                .collect();
            assert!(expected.len() >= 6, "{size}: {} layers", expected.len());
            assert_layers(&net, backend, &by, input.tensor(&device), true, &expected);

            // The gradient of the network's input: preprocessing an image rounds it, which turns
            // another near tie.
            let input = input.tensor(&device).autodiff().require_grad();
            let layer = net.layer("mixed4c").expect("a layer");
            let plain = ReluGradient::Plain;
            let acts = net
                .network()
                .forward_preprocessed(input.clone(), &[layer], plain);
            let mut gradients = acts[0].clone().narrow(1, 7, 1).mean().backward();
            let gradient = Array::of(input.grad_remove(&mut gradients).expect("a gradient"));
            let expected = oracle.get(&format!("{size}/grad_mean_mixed4c_7"));
            let what = format!("gradient at {size} on {by}");
            assert_image_gradient(&what, size, &TIES_OF_INCEPTION5H, &gradient, expected);
        }
    }
}

/// Maps torchvision's names to TensorFlow's: torchvision counts the poolings from 1, TensorFlow
/// names them by what follows.
fn tensorflows(torchvision: &str) -> &str {
    match torchvision {
        "maxpool1" => "maxpool0",
        "maxpool2" => "maxpool1",
        "maxpool4" => "maxpool10",
        name => name,
    }
}

#[test]
fn torchvision_with_its_batch_norm_folded_is_pytorchs() {
    let Some(weights) = shared(TORCHVISION) else {
        return;
    };
    let oracle = Oracle::read("oracles/googlenet_torchvision/activations.safetensors");
    let oracle = oracle.expect("beside");
    for (backend, device) in fast_devices() {
        let net = InceptionV1::load(&weights, &device).expect("synthetic weights");
        assert_eq!(net.labels()[130], "flamingo");
        for ((by, net), size) in everywhere(net, backend) {
            let image = oracle.get(&format!("{size}/rgb01"));
            let prefix = format!("{size}/");
            let expected: Vec<(&str, Array)> = oracle
                .names()
                .filter_map(|name| name.strip_prefix(&prefix))
                .filter(|name| *name != "rgb01" && !name.starts_with("grad"))
                .map(|name| {
                    let expected = oracle.get(&format!("{size}/{name}")).clone();
                    (tensorflows(name), expected)
                })
                .collect();
            assert_eq!(expected.len(), 9, "{size}");
            assert_layers(&net, backend, &by, image.tensor(&device), false, &expected);

            // The oracle's is with respect to the image after ImageNet's normalization, so it goes
            // through torchvision's own steps here: that one, and `transform_input`.
            let constants =
                |values: [f32; 3]| Tensor::<1>::from_floats(values, &device).reshape([1, 3, 1, 1]);
            let deviation = constants([0.229, 0.224, 0.225]);
            let mean = constants([0.485, 0.456, 0.406]);
            let normalized = (image.tensor(&device) - mean.clone()) / deviation.clone();
            let normalized = normalized.autodiff().require_grad();
            let input = normalized.clone() * (deviation / 0.5) + (mean - 0.5) / 0.5;
            let layer = net.layer("inception4c").expect("a layer");
            let acts = net
                .network()
                .forward_preprocessed(input, &[layer], ReluGradient::Plain);
            let mut gradients = acts[0].clone().narrow(1, 7, 1).mean().backward();
            let gradient = normalized.grad_remove(&mut gradients).expect("a gradient");
            let gradient = Array::of(gradient);
            let expected = oracle.get(&format!("{size}/grad_mean_inception4c_7_wrt_normalized"));
            let what = format!("gradient at {size} on {by}");
            assert_image_gradient(&what, size, &TIES_OF_TORCHVISION, &gradient, expected);
        }
    }
}

/// Loads a network from the same tensors, read by the test kit's own reader of the format.
fn read_otherwise(tensors: Vec<(String, Array)>, config: InceptionV1Config) -> InceptionV1 {
    let tensors: NamedTensors = tensors
        .into_iter()
        .map(|(name, Array { shape, values })| (name, HostTensor { shape, values }))
        .collect();
    let (_, device) = devices().remove(0);
    InceptionV1::from_tensors(config, tensors, &device).expect("synthetic weights")
}

#[test]
fn one_network_in_several_files_is_one_network_bit_for_bit() {
    let (Some(graph), Some(lucent), Some(caffe), Some(torchvision)) = (
        shared(GRAPH_5H),
        shared(LUCENT_5H),
        shared(BVLC_SYNTHETIC),
        shared(TORCHVISION),
    ) else {
        return;
    };
    let (_, device) = devices().remove(0);
    let load = |path| InceptionV1::load(path, &device).expect("a file of the oracles");
    let bytes = |path| std::fs::read(path).expect("readable");

    let graph_net = load(&graph);
    assert_eq!(weights_of(&graph_net), weights_of(&load(&lucent)));
    let constants = graphdef_constants(&bytes(&graph)).into_iter().collect();
    let otherwise = read_otherwise(constants, InceptionV1Config::inception5h());
    assert_eq!(weights_of(&graph_net), weights_of(&otherwise));

    let caffe_net = load(&caffe);
    let blobs = caffemodel_blobs(&bytes(&caffe)).into_iter().collect();
    let otherwise = read_otherwise(blobs, InceptionV1Config::bvlc());
    assert_eq!(weights_of(&caffe_net), weights_of(&otherwise));

    let folder = tempfile::tempdir().expect("a folder");
    let saved = folder.path().join("saved.safetensors");
    for (net, variant) in [
        (graph_net, Variant::Inception5h),
        (caffe_net, Variant::Bvlc),
        (load(&torchvision), Variant::Torchvision),
    ] {
        net.save(&saved).expect("writable");
        let again = load(&saved);
        assert_eq!(weights_of(&net), weights_of(&again));
        assert_eq!(again.config().variant, variant);
        assert_eq!(again.labels(), net.labels());
    }
}
