//! Operators by burn's operations against their definitions in f64.

use std::ops::ControlFlow;

use burn::tensor::Tensor;
use oneiric_graph::{Graph, GraphBuilder, NodeId, ReluGradient, Shape, oracle};
use oneiric_testkit::{Array, Tolerance, assert_close, devices};
use oneiric_weights::{HostTensor, NamedTensors};

use super::{Value, lengths};
use crate::GraphNetwork;

/// Images in a batch.
const BATCH: usize = 2;

/// Checks the last node of a graph, and the gradient of the image, on every backend, for both
/// gradients of a ReLU and for images of those sizes.
///
/// # Panics
///
/// Panics if a value differs from the definition.
pub(crate) fn check(
    what: &str,
    channels: usize,
    sizes: &[[usize; 2]],
    build: impl FnOnce(&mut GraphBuilder) -> NodeId,
) {
    let mut net = GraphBuilder::new(channels);
    let node = build(&mut net);
    let graph = net.build().expect("a graph");
    let weights: Vec<Vec<f32>> = graph
        .weights()
        .iter()
        .zip(0..)
        .map(|(weight, seed)| Array::noise([weight.count()], seed).values)
        .collect();
    for size in sizes {
        for relu in [ReluGradient::Plain, ReluGradient::Redirected] {
            check_size(what, &graph, &weights, node, *size, relu);
        }
    }
}

fn check_size(
    what: &str,
    graph: &Graph,
    weights: &[Vec<f32>],
    node: NodeId,
    size: [usize; 2],
    relu: ReluGradient,
) {
    let shape = |node| graph.shape(node, size).expect("large enough");
    let (input, output) = (shape(graph.input()), shape(node));
    let whole = |shape: Shape| lengths(BATCH, shape);
    let image = input.map().expect("an image").to_array();
    let images = Array::noise([BATCH, image[0], image[1], image[2]], 1);
    let upstream = Array::noise(whole(output), 2);
    let (mut values, mut gradients) = (Vec::new(), Vec::new());
    for item in 0..BATCH {
        let image = item_of(&images, input, item);
        let tensors = oracle::forward(graph, weights, image);
        let given = [(node, item_of(&upstream, output, item))];
        let gradient = oracle::input_gradient(graph, weights, &tensors, &given, relu);
        values.extend(tensors[node.index()].values.iter().map(|v| *v as f32));
        gradients.extend(gradient.values.iter().map(|v| *v as f32));
    }
    let values = Array::new(whole(output), values);
    let gradients = Array::new(images.shape.clone(), gradients);
    let tensors: NamedTensors = graph
        .weights()
        .iter()
        .zip(weights)
        .map(|(weight, values)| {
            let (shape, values) = (weight.shape.clone(), values.clone());
            (weight.name.clone(), HostTensor { shape, values })
        })
        .collect();
    for (backend, device) in devices() {
        let net = GraphNetwork::for_image(graph.clone(), tensors.clone(), size, &device);
        let net = net.expect("a network");
        let image: Tensor<4> = images.tensor(&device);
        let image = image.autodiff().require_grad();
        let found = run(&net, image.clone(), node, relu);
        let loss = (found.clone() * upstream.tensor(&device)).sum();
        let gradient = image.grad_remove(&mut loss.backward());
        let gradient = Array::of(gradient.expect("it depends on the image"));
        let (forward, backward) = if backend.is_host() {
            (Tolerance::ACTIVATIONS, Tolerance::GRADIENTS)
        } else {
            (Tolerance::ACTIVATIONS_GPU, Tolerance::GRADIENTS)
        };
        let what = format!("{what} at {size:?}, {relu:?}, on {backend}");
        assert_close(&what, &Array::of(found), &values, forward);
        assert_close(
            &format!("gradient of {what}"),
            &gradient,
            &gradients,
            backward,
        );
    }
}

/// Computes a node by burn's operations.
pub(crate) fn run(net: &GraphNetwork, image: Tensor<4>, node: NodeId, relu: ReluGradient) -> Value {
    let [images, _, height, width] = image.dims();
    let graph = net.graph();
    let facts = graph.all_facts([height, width]);
    let input = facts.shape(graph.input()).expect("the image");
    let mut given = vec![None; graph.nodes().len()];
    given[0] = Some(image.reshape(lengths(images, input)));
    let mut found = None;
    let _ = net.burn_pass(&facts, &[node], given, relu, &mut |at, value| {
        if at == node {
            found = Some(value.clone());
        }
        ControlFlow::Continue(value)
    });
    found.expect("computed")
}

fn item_of(array: &Array, shape: Shape, item: usize) -> oracle::Tensor {
    let values = array.values.chunks(shape.count()).nth(item);
    let values = values.expect("in the batch").iter();
    oracle::Tensor::new(shape, values.map(|v| f64::from(*v)).collect())
}
