//! A tiny InceptionV1 on every backend compiled in: loading, errors and predictions.

mod common;

use burn::tensor::{Device, Tensor};
use common::weights_of;
use oneiric_core::Picture;
use oneiric_model::{
    BlockWidths, BurnReason, HostTensor, InceptionV1, InceptionV1Config, Kernels, LayerId,
    ModelError, NamedTensors, NetworkExt, PaddingRule, ReluGradient,
};
use oneiric_testkit::{Array, Tolerance, assert_close, devices};

fn tiny(device: &Device) -> InceptionV1 {
    InceptionV1::random(InceptionV1Config::tiny(), 3, device).expect("a configuration of ours")
}

fn images(h: usize, w: usize) -> Array {
    let noise = Array::noise([2, 3, h, w], 1);
    Array::new(
        noise.shape,
        noise.values.iter().map(|v| 0.5 + 0.5 * v).collect(),
    )
}

fn all_layers(net: &InceptionV1) -> Vec<LayerId> {
    net.layers()
        .iter()
        .map(|layer| net.layer(layer.name()).expect("its own name"))
        .collect()
}

#[test]
fn every_tensor_is_reachable_alike_on_every_backend_and_of_the_size_told() {
    let devices = devices();
    let run = |device: &Device| -> Vec<Array> {
        let net = tiny(device);
        let layers = all_layers(&net);
        let acts = net.forward_to(images(37, 50).tensor(device), &layers, ReluGradient::Plain);
        acts.into_iter().map(Array::of).collect()
    };
    let reference = run(&devices[0].1);
    for (backend, device) in &devices {
        let net = tiny(device);
        for ((layer, acts), expected) in net.layers().iter().zip(run(device)).zip(&reference) {
            let id = net.layer(layer.name()).expect("its own name");
            let [h, w] = net.layer_size(id, [37, 50]).expect("large enough");
            assert_eq!(acts.shape, [2, layer.channels(), h, w], "{layer}");
            let what = format!("{layer} on {backend}");
            assert_close(&what, &acts, expected, Tolerance::ACTIVATIONS_GPU);
        }
    }
}

#[test]
fn asking_for_one_layer_gives_what_asking_for_all_gives() {
    let (_, device) = devices().remove(0);
    let net = tiny(&device);
    let layers = all_layers(&net);
    let image = || images(40, 40).tensor(&device);
    let together = net.forward_to(image(), &layers, ReluGradient::Plain);
    for (layer, expected) in layers.iter().zip(together) {
        let alone = net.forward_to(image(), &[*layer, *layer], ReluGradient::Plain);
        for acts in alone {
            let name = net.describe(*layer).name();
            assert_close(
                name,
                &Array::of(acts),
                &Array::of(expected.clone()),
                Tolerance::ARITHMETIC,
            );
        }
    }
}

#[test]
fn blocks_are_their_branches_in_order_before_and_after_the_relu() {
    let (_, device) = devices().remove(0);
    let net = tiny(&device);
    for ending in ["", "_pre_relu"] {
        let names = ["1x1", "3x3", "5x5", "pool_reduce"].map(|b| format!("mixed4c_{b}{ending}"));
        let mut layers: Vec<LayerId> = names
            .iter()
            .map(|name| net.layer(name).expect("a branch"))
            .collect();
        layers.push(net.layer(&format!("mixed4c{ending}")).expect("the block"));
        let image = images(40, 40).tensor(&device);
        let mut acts = net.forward_to(image, &layers, ReluGradient::Plain);
        let block = Array::of(acts.pop().expect("the block"));
        assert_eq!(Array::of(Tensor::cat(acts, 1)), block);
        let negative = block.values.iter().any(|v| *v < 0.0);
        assert_eq!(negative, ending == "_pre_relu");
    }
}

#[test]
fn weights_are_constants_and_nothing_is_recorded_without_an_image_to_differentiate() {
    for (backend, device) in devices() {
        let net = tiny(&device.clone().autodiff());
        assert!(!net.device().is_autodiff(), "weights are constants");
        let layer = net.layer("mixed4a").expect("a layer");
        let image = images(32, 32)
            .tensor::<4>(&device)
            .autodiff()
            .require_grad();
        let acts = net
            .forward_to(image.clone(), &[layer], ReluGradient::Plain)
            .remove(0);
        let mut gradients = acts.sum().backward();
        assert!(image.grad_remove(&mut gradients).is_some(), "{backend}");

        // Without an image to differentiate, nothing is recorded.
        let plain = net.forward_to(
            images(32, 32).tensor(&device),
            &[layer],
            ReluGradient::Plain,
        );
        assert!(!plain[0].is_tracked(), "{backend}");
    }
}

#[test]
fn images_that_are_too_small_are_told() {
    let (_, device) = devices().remove(0);
    let caffe = InceptionV1Config {
        padding: PaddingRule::Caffe,
        ..InceptionV1Config::tiny()
    };
    let caffe = InceptionV1::random(caffe, 0, &device).expect("a configuration of ours");
    let layer = caffe.layer("mixed5b").expect("a layer");
    assert_eq!(caffe.layer_size(layer, [224, 224]), Some([7, 7]));
    assert_eq!(caffe.layer_size(layer, [161, 200]), Some([5, 6]));
    // By Caffe's formula: 31 -> 16 -> 8 -> 4 -> 2 -> 1; with one pixel less, 15 -> 7 -> 3 -> 1 ->
    // 0.
    for side in 1..40 {
        let size = caffe.layer_size(layer, [side, side]);
        assert_eq!(size.is_some(), side >= 31, "{side}");
        if let Some([h, w]) = size {
            let image = Tensor::<4>::full([1, 3, side, side], 0.5, &device);
            let acts = caffe
                .forward_to(image, &[layer], ReluGradient::Plain)
                .remove(0);
            assert_eq!(
                acts.dims()[2..],
                [h, w],
                "what is told is what happens at {side}"
            );
        }
    }
    // SAME padding always leaves a position.
    assert_eq!(tiny(&device).layer_size(layer, [1, 1]), Some([1, 1]));
    assert_eq!(tiny(&device).layer_size(layer, [0, 8]), None);
}

fn tiny_tensors() -> NamedTensors {
    // The names and shapes of the tiny network, from the message that refuses an empty file.
    let (_, device) = devices().remove(0);
    let empty = NamedTensors::new();
    let refused = InceptionV1::from_tensors(InceptionV1Config::tiny(), empty, &device);
    let Err(ModelError::Weights { missing, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(missing.len(), 2 * 58);
    let mut tensors = NamedTensors::new();
    for name in missing {
        tensors.insert(
            name,
            HostTensor {
                shape: vec![1],
                values: vec![0.0],
            },
        );
    }
    let refused = InceptionV1::from_tensors(InceptionV1Config::tiny(), tensors, &device);
    let Err(ModelError::Weights { misshapen, .. }) = refused else {
        panic!("{refused:?}")
    };
    let tensor = |shape: Vec<usize>| HostTensor {
        values: vec![0.5; shape.iter().product()],
        shape,
    };
    misshapen
        .into_iter()
        .map(|m| (m.name, tensor(m.expected)))
        .collect()
}

#[test]
fn weights_load_whole_or_are_refused_with_the_tensors_named() {
    let (_, device) = devices().remove(0);
    let load = |tensors| InceptionV1::from_tensors(InceptionV1Config::tiny(), tensors, &device);
    assert!(load(tiny_tensors()).is_ok());

    // The public files hold two auxiliary heads.
    let mut with_head = tiny_tensors();
    with_head.insert(
        "head0_bottleneck_w".into(),
        HostTensor {
            shape: vec![1],
            values: vec![0.0],
        },
    );
    assert!(load(with_head).is_ok());

    let mut broken = tiny_tensors();
    broken.remove("conv2d1_w");
    broken.get_mut("mixed3a_1x1_b").expect("there").values[0] = f32::NAN;
    broken.get_mut("mixed4e_3x3_w").expect("there").shape = vec![3, 3, 6, 4];
    broken.insert(
        "fc9".into(),
        HostTensor {
            shape: vec![1],
            values: vec![0.0],
        },
    );
    match load(broken) {
        Err(error @ ModelError::Weights { .. }) => {
            let message = error.to_string();
            let ModelError::Weights {
                missing,
                misshapen,
                not_finite,
                unknown,
                ..
            } = error
            else {
                unreachable!()
            };
            assert_eq!(missing, ["conv2d1_w"]);
            assert_eq!(misshapen[0].name, "mixed4e_3x3_w");
            assert_eq!(misshapen[0].expected, [3, 3, 4, 6]);
            assert_eq!(not_finite, ["mixed3a_1x1_b"]);
            assert_eq!(unknown, ["fc9"]);
            for name in ["conv2d1_w", "mixed4e_3x3_w", "mixed3a_1x1_b", "fc9"] {
                assert!(message.contains(name), "{message}");
            }
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn files_that_are_no_weights_are_refused() {
    let (_, device) = devices().remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("weights.safetensors");
    let missing = InceptionV1::load(&path, &device);
    assert!(matches!(missing, Err(ModelError::File(_))), "{missing:?}");

    for garbage in [&b""[..], b"garbage", &[0xff; 64]] {
        std::fs::write(&path, garbage).expect("writable");
        let refused = InceptionV1::load(&path, &device);
        assert!(matches!(refused, Err(ModelError::File(_))), "{refused:?}");
    }

    let file = |name: &str, dtype, data: &[u8]| {
        let view = safetensors::tensor::TensorView::new(dtype, vec![2], data).expect("fits");
        let bytes = safetensors::serialize([(name, view)], None).expect("serializable");
        std::fs::write(&path, bytes).expect("writable");
        InceptionV1::load(&path, &device)
    };
    let other = file("resnet.weight", safetensors::Dtype::F32, &[0; 8]);
    match other {
        Err(ModelError::UnknownVariant { ref found }) => assert_eq!(found, &["resnet.weight"]),
        _ => panic!("{other:?}"),
    }
    let integers = file("conv2d0_w", safetensors::Dtype::I32, &[0; 8]);
    assert!(matches!(integers, Err(ModelError::File(_))), "{integers:?}");
    let partial = file("conv2d0_w", safetensors::Dtype::F16, &[0; 4]);
    assert!(
        matches!(partial, Err(ModelError::Weights { .. })),
        "{partial:?}"
    );
}

#[test]
fn a_saved_network_comes_back_bit_for_bit_with_all_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    for (_, device) in devices() {
        let mut caffe = InceptionV1Config::tiny();
        caffe.padding = PaddingRule::Caffe;
        caffe.lrn = None;
        caffe.five_kernel = 3;
        caffe.last_pool = 2;
        caffe.side = 32;
        for (config, labels) in [
            (InceptionV1Config::tiny(), vec![]),
            (caffe, vec!["a", "b c"]),
        ] {
            let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
            let net = InceptionV1::random(config.clone(), 5, &device).expect("of ours");
            let net = net
                .with_labels(labels.clone())
                .expect("few")
                .with_source("a test");
            let path = folder.path().join("network.safetensors");
            net.save(&path).expect("writable");
            let again = InceptionV1::load(&path, &device).expect("just written");
            assert_eq!(weights_of(&again), weights_of(&net));
            assert_eq!(again.config(), &config);
            assert_eq!(again.labels(), labels);
            // The loaded network writes the same file.
            let second = folder.path().join("second.safetensors");
            again.save(&second).expect("writable");
            let bytes = |path| std::fs::read(path).expect("just written");
            assert_eq!(bytes(&path), bytes(&second));
        }
    }
}

#[test]
fn a_saved_network_says_what_it_is_and_notices_damage() {
    let (_, device) = devices().remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.safetensors");
    let net = InceptionV1::random(InceptionV1Config::tiny(), 5, &device).expect("of ours");
    net.save(&path).expect("writable");
    let bytes = std::fs::read(&path).expect("just written");
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).expect("safetensors");
    let metadata = header.metadata().clone().expect("metadata");
    assert_eq!(metadata["variant"], "custom");
    assert_eq!(metadata["source"], "random weights, seed 5");
    assert_eq!(metadata["oneiric.checksum"].len(), 64);
    let load = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("writable");
        InceptionV1::load(&path, &device)
    };
    let replaced = |old: &str, new: &str| {
        let mut bytes = bytes.clone();
        let at = bytes
            .windows(old.len())
            .position(|window| window == old.as_bytes());
        let at = at.expect("in the header");
        bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
        load(&bytes)
    };
    assert!(load(&bytes).is_ok());
    // The mean that is subtracted from the images, and their scale.
    for (old, new) in [
        ("[117.0,", "[118.0,"),
        (r#"scale\":255.0"#, r#"scale\":254.0"#),
    ] {
        let refused = replaced(old, new);
        assert!(matches!(refused, Err(ModelError::File(_))), "{refused:?}");
    }
    // Without a checksum, a change cannot be noticed.
    match replaced("oneiric.checksum", "oneiric.nonsense") {
        Err(ModelError::Card { key, .. }) => assert_eq!(key, "oneiric.checksum"),
        other => panic!("{other:?}"),
    }
    // A bit of the last weight.
    let mut damaged = bytes.clone();
    *damaged.last_mut().expect("not empty") ^= 1;
    let refused = load(&damaged);
    assert!(matches!(refused, Err(ModelError::File(_))), "{refused:?}");
}

#[test]
fn a_saved_network_with_an_impossible_normalization_is_refused() {
    let (_, device) = devices().remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.safetensors");
    let saved_and_loaded = |stem, radius| {
        let mut config = InceptionV1Config::tiny();
        config.stem = stem;
        config.blocks = [BlockWidths::new([1; 6]); 9];
        if let Some(lrn) = &mut config.lrn {
            lrn.radius = radius;
        }
        let net = InceptionV1::random(config, 5, &device)?;
        net.save(&path).expect("writable");
        InceptionV1::load(&path, &device)
    };
    let refused = saved_and_loaded([4, 1, 4], 1025);
    assert!(matches!(refused, Err(ModelError::Graph(_))), "{refused:?}");
    for (stem, radius) in [([1025, 1, 4], 5), ([4, 1, 1025], 5)] {
        let refused = saved_and_loaded(stem, radius);
        assert!(
            matches!(refused, Err(ModelError::Card { .. })),
            "{refused:?}"
        );
    }
    assert!(saved_and_loaded([1024, 1, 4], 5).is_ok());
}

#[test]
fn other_weights_must_fit_and_are_used() {
    let (_, device) = devices().remove(0);
    let net = tiny(&device);
    let mut weights = net.weights().clone();
    let bias: Tensor<1> = weights.get("mixed3a_1x1.bias").expect("declared");
    weights
        .set("mixed3a_1x1.bias", bias + 1.0)
        .expect("of its shape");
    let changed = net.with_weights(weights.clone()).expect("the same shapes");
    assert_ne!(changed.id(), net.id(), "another network");
    let layer = net.layer("mixed3a_1x1_pre_relu").expect("a layer");
    let run = |net: &InceptionV1| {
        let acts = net.forward_to(
            images(32, 32).tensor(&device),
            &[layer],
            ReluGradient::Plain,
        );
        Array::of(acts[0].clone())
    };
    let (before, after) = (run(&net), run(&changed));
    let raised = before.values.iter().map(|v| v + 1.0).collect();
    let raised = Array::new(before.shape, raised);
    assert_close("raised by the bias", &after, &raised, Tolerance::ARITHMETIC);

    let other: Tensor<4> = weights.get("conv2d1.weight").expect("declared");
    match weights.set("conv2d0.bias", other.clone().reshape([-1])) {
        Err(ModelError::Weights { misshapen, .. }) => {
            assert_eq!(misshapen[0].name, "conv2d0.bias");
            assert_eq!(
                (&misshapen[0].expected[..], &misshapen[0].found[..]),
                (&[8][..], &[64][..])
            );
        }
        other => panic!("{other:?}"),
    }
    for name in ["conv2d0.bias", "conv9.weight"] {
        let refused = weights.set(name, other.clone());
        assert!(
            matches!(refused, Err(ModelError::UnknownWeight { axes: 4, .. })),
            "{name}"
        );
    }
    let mut config = InceptionV1Config::tiny();
    config.classes = 7;
    let wider = InceptionV1::random(config, 1, &device).expect("of ours");
    match net.with_weights(wider.weights().clone()) {
        Err(ModelError::Weights { misshapen, .. }) => {
            let names: Vec<&str> = misshapen.iter().map(|wrong| wrong.name.as_str()).collect();
            assert_eq!(names, ["softmax2.weight", "softmax2.bias"]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_negative_variance_is_refused_and_not_folded() {
    let (_, device) = devices().remove(0);
    let mut config = InceptionV1Config::torchvision();
    config.stem = [4, 4, 4];
    config.blocks = InceptionV1Config::tiny().blocks;
    config.classes = 3;
    let empty = InceptionV1::from_tensors(config.clone(), NamedTensors::new(), &device);
    let Err(ModelError::Weights { missing, .. }) = empty else {
        panic!("{empty:?}")
    };
    // Nothing tells the two forms apart: the error names the tensors of the one that we save.
    assert!(
        missing.contains(&"conv1.conv.bias".to_owned()),
        "{missing:?}"
    );
    let tensor = |shape: Vec<usize>, value: f32| HostTensor {
        values: vec![value; shape.iter().product()],
        shape,
    };
    let mut tensors = NamedTensors::new();
    let parts = ["weight", "bias", "running_mean", "running_var"];
    for name in missing
        .iter()
        .filter_map(|name| name.strip_suffix(".conv.bias"))
    {
        tensors.insert(format!("{name}.conv.weight"), tensor(vec![1], 0.0));
        for part in parts {
            tensors.insert(format!("{name}.bn.{part}"), tensor(vec![1], 0.5));
        }
    }
    for name in ["fc.weight", "fc.bias"] {
        tensors.insert(name.to_owned(), tensor(vec![1], 0.0));
    }
    let refused = InceptionV1::from_tensors(config.clone(), tensors.clone(), &device);
    let Err(ModelError::Weights { misshapen, .. }) = refused else {
        panic!("{refused:?}")
    };
    for wrong in misshapen {
        let value = tensors[&wrong.name].values[0];
        tensors.insert(wrong.name, tensor(wrong.expected, value));
    }
    let load = |tensors| InceptionV1::from_tensors(config.clone(), tensors, &device);
    assert!(load(tensors.clone()).is_ok());
    tensors
        .get_mut("conv3.bn.running_var")
        .expect("there")
        .values[1] = -1.0;
    match load(tensors) {
        Err(ModelError::Weights { not_finite, .. }) => assert_eq!(not_finite, ["conv2d2 (folded)"]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_layer_without_channels_is_refused() {
    let (_, device) = devices().remove(0);
    let mut config = InceptionV1Config::tiny();
    config.blocks[4].five_bottleneck = 0;
    let refused = InceptionV1::random(config, 0, &device);
    assert!(
        matches!(refused, Err(ModelError::NoChannels { .. })),
        "{refused:?}"
    );
}

#[test]
fn classes_have_labels_and_probabilities() {
    let (_, device) = devices().remove(0);
    let labels: Vec<String> = ["cat", "dog", "bird"].map(str::to_owned).to_vec();
    let net = tiny(&device)
        .with_labels(labels)
        .expect("fewer than classes");
    assert_eq!(net.class("dog").expect("there"), 1);
    assert!(matches!(
        net.class("fish"),
        Err(ModelError::UnknownLabel { .. })
    ));
    let picture = Picture::new(60, 80, vec![0.3; 60 * 80 * 3]).expect("gray");
    let predictions = net.classify(&picture).expect("readable");
    let one_channel = Picture::with_channels(60, 80, 1, vec![0.3; 60 * 80]).expect("gray");
    assert_eq!(net.classify(&one_channel).expect("as gray"), predictions);
    assert_eq!(predictions.len(), 10);
    let total: f32 = predictions.iter().map(|p| p.probability).sum();
    assert!((total - 1.0).abs() < 1e-5, "{total}");
    let sorted = predictions
        .windows(2)
        .all(|w| w[0].probability >= w[1].probability);
    assert!(sorted, "{predictions:?}");
    let dog = predictions
        .iter()
        .find(|p| p.class == 1)
        .expect("all classes");
    assert_eq!(dog.label.as_deref(), Some("dog"));
    let too_many = tiny(&device).with_labels(vec![String::new(); 11]);
    assert!(matches!(
        too_many,
        Err(ModelError::Labels {
            classes: 10,
            found: 11
        })
    ));
}

#[test]
fn random_weights_repeat_with_their_seed() {
    let (_, device) = devices().remove(0);
    let logits = |seed| {
        let net = InceptionV1::random(InceptionV1Config::tiny(), seed, &device).expect("fine");
        let acts = net.forward_to(
            images(32, 32).tensor(&device),
            &[net.logits().expect("a classifier")],
            ReluGradient::Plain,
        );
        Array::of(acts[0].clone())
    };
    assert_eq!(logits(1), logits(1));
    assert_ne!(logits(1), logits(2));
}

#[test]
fn the_work_of_the_stem_is_counted_by_hand() {
    let (_, device) = devices().remove(0);
    let net = tiny(&device);
    let [stem0, stem1, stem2] = net.config().stem;
    let work = |layer: &str, size| {
        let layer = net.layer(layer).expect("a layer");
        net.multiply_adds(&[layer], size)
    };
    let first = 16 * 24 * stem0 * 3 * 49;
    assert_eq!(work("conv2d0", [32, 48]), Some(first as u64));
    let rest = 8 * 12 * (stem1 * stem0 + stem2 * stem1 * 9);
    assert_eq!(work("conv2d2", [32, 48]), Some((first + rest) as u64));
    assert_eq!(work("mixed5b", [0, 48]), None);
}

/// Returns the gradient of the image for a weighted sum of some layers.
fn gradient(net: &InceptionV1, image: &Array, layers: &[&str], relu: ReluGradient) -> Array {
    let layers: Vec<LayerId> = layers
        .iter()
        .map(|name| net.layer(name).expect("a layer"))
        .collect();
    let image = image.tensor(net.device()).autodiff().require_grad();
    let terms = net.forward_to(image.clone(), &layers, relu).into_iter();
    let terms = terms.enumerate().map(|(index, acts)| {
        let weights = Array::noise(acts.dims(), 7 + index as u64);
        (acts * weights.tensor(net.device())).sum()
    });
    let sum = terms.reduce(|sum, term| sum + term).expect("a layer");
    let mut gradients = sum.backward();
    Array::of(image.grad_remove(&mut gradients).expect("a gradient"))
}

#[test]
fn all_kernels_compute_the_same_network() {
    let mut caffe = InceptionV1Config::tiny();
    caffe.padding = PaddingRule::Caffe;
    caffe.last_pool = 1;
    caffe.lrn = None;
    // Layers of which one needs another, before and after a ReLU, and the classifier.
    let layers = ["mixed3b_3x3_pre_relu", "mixed4a", "mixed3b", "logits"];
    for (backend, device) in devices() {
        for config in [InceptionV1Config::tiny(), caffe.clone()] {
            let burn = InceptionV1::random(config, 3, &device).expect("a configuration of ours");
            let burn = burn.with_kernels(Kernels::Burn).expect("everywhere");
            let images = images(45, 38);
            for relu in [ReluGradient::Plain, ReluGradient::Redirected] {
                let expected = gradient(&burn, &images, &layers, relu);
                for kernels in Kernels::available(backend) {
                    let net = burn.clone().with_kernels(kernels).expect("available");
                    assert_eq!(net.kernels(), kernels);
                    let found = gradient(&net, &images, &layers, relu);
                    let what = format!("{relu:?} by {kernels:?} on {backend}");
                    assert_close(&what, &found, &expected, Tolerance::GRADIENTS);
                }
            }
        }
    }
}

#[test]
fn a_network_says_truly_what_computes_it() {
    let (backend, device) = devices().remove(0);
    let net = tiny(&device);
    assert_eq!(net.kernels(), Kernels::fastest(backend));
    let mut weights = net.weights().clone();
    let bias: Tensor<1> = weights.get("conv2d1.bias").expect("declared");
    let bias = bias.autodiff().require_grad();
    weights.set("conv2d1.bias", bias).expect("of its shape");
    let tracked = net.with_weights(weights).expect("its own shapes");
    assert_eq!(tracked.kernels(), Kernels::Burn);
    if let frozen @ Kernels::Frozen(_) = Kernels::fastest(backend) {
        assert!(net.burn_reason().is_none());
        match tracked.burn_reason() {
            Some(BurnReason::Tracked { weight }) => assert_eq!(weight, "conv2d1.bias"),
            other => panic!("{other:?}"),
        }
        match tracked.with_kernels(frozen) {
            Err(ModelError::Refused { kernels, reason }) => {
                assert_eq!(kernels, frozen);
                assert!(reason.to_string().contains("conv2d1.bias"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
        let chosen = net.with_kernels(Kernels::Burn).expect("everywhere");
        assert!(matches!(chosen.burn_reason(), Some(BurnReason::Chosen)));
    } else {
        assert!(matches!(net.burn_reason(), Some(BurnReason::Device { .. })));
    }
}

#[test]
fn a_last_map_of_one_row_is_averaged_alike_everywhere() {
    let logits = |device: &Device| {
        let net = tiny(device);
        let id = net.logits().expect("a classifier");
        let images = Array::noise([2, 3, 32, 64], 1).tensor(device);
        Array::of(net.forward_to(images, &[id], ReluGradient::Plain).remove(0))
    };
    let all = devices();
    let expected = logits(&all[0].1);
    for (backend, device) in &all {
        let actual = logits(device);
        assert_close(
            backend.name(),
            &actual,
            &expected,
            Tolerance::OfLargest(1e-4),
        );
    }
}
