//! Networks made from graphs, as a user makes them.

use burn::tensor::Tensor;
use oneiric_model::{
    BurnReason, GraphNetwork, HostTensor, Kernels, LayerId, ModelError, NamedTensors, NetworkExt,
    Preprocessing, ReluGradient,
    graph::{ConvConfig, Graph, GraphBuilder, Lrn, MaxPool, Padding, Rounding, Shape, oracle},
};
use oneiric_testkit::{Array, Tolerance, assert_close, devices};

/// A small network with two branches and classes.
fn graph() -> Graph {
    let mut net = GraphBuilder::new(3);
    let conv = ConvConfig::new(8, [3, 3]).stride([2, 2]);
    let x = net.conv("stem", net.input(), conv.padding(Padding::SameUpper));
    let x = net.relu("stem/relu", x);
    let x = net.lrn("norm", x, Lrn::caffe(5, 0.5, 0.75, 1.0));
    let pool = MaxPool::new([3, 3]).stride([2, 2]).rounding(Rounding::Ceil);
    let x = net.max_pool("pool", x, pool);
    let left = net.conv("left", x, ConvConfig::new(5, [1, 1]));
    let left = net.relu("left/relu", left);
    let config = ConvConfig::new(6, [3, 3]).without_bias();
    let right = net.conv("right", x, config.padding(Padding::symmetric([1, 1])));
    let x = net.concat("both", &[left, right]);
    let x = net.global_average_pool("mean", x);
    let x = net.conv("scores", x, ConvConfig::new(4, [1, 1]));
    net.softmax("softmax", x);
    net.build().expect("a graph")
}

fn tensors(graph: &Graph) -> NamedTensors {
    GraphNetwork::random_tensors(graph, 3)
}

#[test]
fn a_few_lines_make_a_network_that_keeps_its_promises() {
    for (backend, device) in devices() {
        let net = GraphNetwork::random(graph(), 1, &device).expect("a network");
        let net = net
            .with_preprocessing(Preprocessing::uniform(2.0, [1.0; 3]))
            .and_then(|net| net.with_logits("scores"))
            .and_then(|net| net.with_labels(["a", "b", "c"].map(str::to_owned)))
            .expect("that fits");
        net.verify([23, 18]).expect("nothing is wrong with it");
        assert_eq!(net.kernels(), Kernels::fastest(backend));
        assert_eq!(net.burn_reason().is_none(), backend.is_host());
        assert_eq!(net.class("b").expect("a label"), 1);
        let images = Tensor::full([2, 3, 20, 24], 0.25, &device);
        let told = net.predict(images).expect("it has classes");
        assert_eq!((told.len(), told[0].len()), (2, 4));
        let layer = net.layer("left/relu").expect("a node");
        assert_eq!(net.layer_size(layer, [23, 18]), Some([6, 4]));
        let aliased = net.clone().with_aliases(|name| match name {
            "left" => vec!["branch.0".to_owned()],
            _ => Vec::new(),
        });
        let found = aliased.layer("Branch/0").expect("an alias");
        assert_eq!(aliased.describe(found).name(), "left");
        assert_eq!(aliased.id(), net.id());
    }
}

#[test]
fn every_kernel_computes_the_definition() {
    let graph = graph();
    let tensors = tensors(&graph);
    let weights: Vec<Vec<f32>> = graph
        .weights()
        .iter()
        .map(|weight| tensors[&weight.name].values.clone())
        .collect();
    let preprocessing = Preprocessing {
        scale: vec![2.0, 3.0, 0.5],
        mean: vec![0.5, -1.0, 0.25],
        ..Preprocessing::none(3)
    }
    .bgr();
    let size = [21, 26];
    let image = Array::noise([1, 3, size[0], size[1]], 5);
    let plane = size[0] * size[1];
    let input = (0..3 * plane).map(|at| {
        // Blue comes first in the input.
        let (channel, position) = (at / plane, at % plane);
        let value = f64::from(image.values[(2 - channel) * plane + position]);
        value * f64::from(preprocessing.scale[channel]) - f64::from(preprocessing.mean[channel])
    });
    let input = oracle::Tensor::new(Shape::new(3, size), input.collect());
    let expected = oracle::forward(&graph, &weights, input);
    for (backend, device) in devices() {
        let net = GraphNetwork::new(graph.clone(), tensors.clone(), &device)
            .and_then(|net| net.with_preprocessing(preprocessing.clone()))
            .expect("a network");
        for kernels in Kernels::available(backend) {
            let net = net.clone().with_kernels(kernels).expect("available");
            assert_eq!(net.kernels(), kernels);
            let layers: Vec<LayerId> = (0..expected.len()).rev().map(LayerId::new).collect();
            let found = net.forward_to(image.tensor(&device), &layers, ReluGradient::Plain);
            for (layer, found) in layers.iter().zip(found) {
                let expected = &expected[layer.index()];
                let values = expected.values.iter().map(|v| *v as f32).collect();
                let expected = Array::new(Array::of(found.clone()).shape, values);
                let what = format!("{} by {kernels:?}", net.describe(*layer));
                let tolerance = if backend.is_host() {
                    Tolerance::ACTIVATIONS
                } else {
                    Tolerance::ACTIVATIONS_GPU
                };
                assert_close(&what, &Array::of(found), &expected, tolerance);
            }
        }
    }
}

#[test]
fn weights_load_whole_or_are_refused_with_the_tensors_named() {
    let (_, device) = devices().remove(0);
    let graph = graph();
    let mut broken = tensors(&graph);
    broken.remove("stem.bias");
    broken.get_mut("left.bias").expect("there").values[2] = f32::INFINITY;
    broken.get_mut("right.weight").expect("there").shape = vec![6, 8, 9, 1];
    let (shape, values) = (vec![1], vec![0.0]);
    broken.insert("right.bias".to_owned(), HostTensor { shape, values });
    match GraphNetwork::new(graph, broken, &device) {
        Err(ModelError::Weights {
            missing,
            misshapen,
            not_finite,
            unknown,
            ..
        }) => {
            assert_eq!(missing, ["stem.bias"]);
            assert_eq!(misshapen[0].name, "right.weight");
            assert_eq!(misshapen[0].expected, [6, 8, 3, 3]);
            assert_eq!(not_finite, ["left.bias"]);
            assert_eq!(unknown, ["right.bias"]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn settings_that_do_not_fit_are_refused() {
    let (_, device) = devices().remove(0);
    let net = GraphNetwork::random(graph(), 1, &device).expect("a network");
    let refused = net.clone().with_preprocessing(Preprocessing::none(1));
    match refused {
        Err(ModelError::Preprocessing { expected, found }) => assert_eq!((expected, found), (3, 1)),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        net.clone().with_logits("nothing"),
        Err(ModelError::UnknownLayer { .. })
    ));
    let named = net.with_logits("scores").expect("a node");
    let refused = named.with_labels(vec![String::new(); 5]);
    assert!(matches!(
        refused,
        Err(ModelError::Labels {
            classes: 4,
            found: 5
        })
    ));
    let mut large = GraphBuilder::new(1);
    let pool = MaxPool::new([1000, 1]).stride([1000, 1]);
    let x = large.max_pool("a", large.input(), pool);
    large.max_pool("b", x, pool);
    let refused = GraphNetwork::random(large.build().expect("a graph"), 0, &device);
    assert!(
        matches!(refused, Err(ModelError::NoImageFits { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_network_says_which_node_the_kernels_lack() {
    let (backend, device) = devices().remove(0);
    let mut net = GraphBuilder::new(4);
    let x = net.relu("relu", net.input());
    let x = net.softmax("shares", x);
    net.conv("after", x, ConvConfig::new(4, [3, 3]));
    let net = GraphNetwork::random(net.build().expect("a graph"), 1, &device).expect("a network");
    assert_eq!(net.kernels(), Kernels::Burn);
    match net.burn_reason() {
        Some(BurnReason::Kernels(reason)) => {
            assert!(reason.to_string().contains("shares"), "{reason}");
        }
        Some(BurnReason::Device { .. }) => assert!(!backend.is_host()),
        other => panic!("{other:?}"),
    }
    net.verify([6, 5]).expect("burn computes it");
}

#[test]
fn expanded_weights_are_of_any_graph() {
    for (_, device) in devices() {
        // A rectangular, strided convolution in two groups behind a dilated one.
        let mut net = GraphBuilder::new(2);
        let first = ConvConfig::new(4, [2, 3]).dilation([3, 1]).without_bias();
        let x = net.conv("first", net.input(), first);
        let x = net.relu("relu", x);
        let second = ConvConfig::new(2, [1, 2])
            .stride([2, 3])
            .groups(2)
            .without_bias();
        let y = net.conv("second", x, second);
        let graph = net.build().expect("a graph");
        let net = GraphNetwork::random(graph.clone(), 2, &device).expect("a network");
        let input = net.layer("input").expect("a node");
        let target = net.layer("second").expect("a node");
        let found = net.expanded_weights(input, target, 1).expect("a kernel");
        assert_eq!([found.channels(), found.height(), found.width()], [2, 4, 4]);
        // The gradient of the only position, with the ReLU left out.
        let mut linear = GraphBuilder::new(2);
        let x = linear.conv("first", linear.input(), first);
        linear.conv("second", x, second);
        let linear = linear.build().expect("a graph");
        let tensors = GraphNetwork::random_tensors(&graph, 2);
        let weights: Vec<Vec<f32>> = linear
            .weights()
            .iter()
            .map(|weight| tensors[&weight.name].values.clone())
            .collect();
        let image = oracle::Tensor::zeros(Shape::new(2, [4, 4]));
        let all = oracle::forward(&linear, &weights, image);
        let one = oracle::Tensor::new(Shape::new(2, [1, 1]), vec![0.0, 1.0]);
        let given = [(linear.find("second").expect("a node"), one)];
        let plain = ReluGradient::Plain;
        let gradient = oracle::input_gradient(&linear, &weights, &all, &given, plain);
        let expected = gradient.values.iter().map(|v| *v as f32).collect();
        assert_close(
            "expanded",
            &Array::new([2, 4, 4], found.values().to_vec()),
            &Array::new([2, 4, 4], expected),
            Tolerance::ARITHMETIC,
        );
        assert_eq!(y.index(), target.index());
    }
}
