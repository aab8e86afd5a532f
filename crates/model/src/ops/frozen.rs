//! The whole network as one operation, on the CPU backends.

use burn::tensor::{Tensor, TensorData};
use oneiric_core::{Parts, custom_gradient, map_host, read, with_host};
use oneiric_graph::{
    Concat, Conv, GlobalAveragePool, GraphBuilder, Lrn, MaxPool, NodeId, Op as KernelOp,
    Padding as GraphPadding, Relu, Rounding, Softmax, Window,
};
use oneiric_kernels::{Frozen, Run};

use super::ConvWeights;
use crate::{
    ReluGradient,
    config::{InceptionV1Config, Padding},
    graph::{Graph, Op},
};

/// Lays the network's weights out for the CPU; `None` if the kernels cannot run it.
pub(crate) fn frozen(
    config: &InceptionV1Config,
    graph: &Graph,
    convs: &[ConvWeights],
) -> Option<Frozen> {
    let values = convs.iter().map(|conv| {
        let (weight, bias) = (conv.weight.clone(), conv.bias.clone());
        Some([read(weight).ok()?, read(bias).ok()?])
    });
    let values: Vec<[Vec<f32>; 2]> = values.collect::<Option<_>>()?;
    let values: Vec<&[f32]> = values.iter().flatten().map(Vec::as_slice).collect();
    Frozen::new(&kernel_graph(config, graph)?, &values).ok()
}

/// The same graph, its weights those of the convolutions: for each the kernel, then the bias.
fn kernel_graph(config: &InceptionV1Config, graph: &Graph) -> Option<oneiric_graph::Graph> {
    let mut net = GraphBuilder::new(3);
    let convs = graph.convs.iter().map(|conv| {
        let shape = [conv.out, conv.input, conv.kernel, conv.kernel];
        let weight = net.weight(&format!("{}.weight", conv.name), shape);
        (
            weight,
            net.weight(&format!("{}.bias", conv.name), [conv.out]),
        )
    });
    let convs: Vec<_> = convs.collect();
    for (index, node) in graph.nodes.iter().enumerate().skip(1) {
        let inputs: Vec<NodeId> = node.inputs.iter().map(|&at| NodeId::new(at)).collect();
        let window = |kernel: usize, stride: usize, is_pool: bool| {
            let half = GraphPadding::symmetric([kernel / 2; 2]);
            let (padding, rounding) = match config.padding {
                Padding::Same => (GraphPadding::SameUpper, Rounding::Floor),
                Padding::Caffe if is_pool && stride > 1 => (GraphPadding::VALID, Rounding::Ceil),
                Padding::Caffe => (half, Rounding::Floor),
            };
            Window {
                stride: [stride; 2],
                padding,
                rounding,
                ..Window::default()
            }
        };
        let op: KernelOp = match node.op {
            Op::Input => return None,
            Op::Conv {
                weights,
                stride,
                bias,
            } => Conv {
                weight: convs[weights].0,
                bias: bias.then_some(convs[weights].1),
                window: window(graph.convs[weights].kernel, stride, false),
                groups: 1,
            }
            .into(),
            Op::Relu => Relu.into(),
            Op::MaxPool { kernel, stride } => MaxPool {
                kernel: [kernel; 2],
                window: window(kernel, stride, true),
            }
            .into(),
            Op::Lrn => {
                let lrn = config.lrn?;
                Lrn {
                    radius: lrn.radius,
                    bias: lrn.bias,
                    alpha: lrn.alpha,
                    beta: lrn.beta,
                }
                .into()
            }
            Op::Concat => Concat.into(),
            Op::GlobalAveragePool => GlobalAveragePool.into(),
            Op::Softmax => Softmax.into(),
        };
        net.node(graph.layers[index].name(), op, &inputs);
    }
    net.build().ok()
}

/// Computes the wanted nodes for an input [n, 3, h, w], each [n, channels, height, width].
///
/// # Panics
///
/// Panics if the input is too small for a node or is not in the host's memory.
pub(crate) fn forward_frozen(
    network: &Frozen,
    input: Tensor<4>,
    wanted: &[usize],
    relu: ReluGradient,
) -> Vec<Tensor<4>> {
    let shape = input.dims();
    let wanted: Vec<NodeId> = wanted.iter().map(|&node| NodeId::new(node)).collect();
    let mut shapes = Vec::new();
    let flat = custom_gradient(input, |input| {
        let device = input.device();
        let run = with_host(input, |input| network.forward(input, shape, &wanted));
        let run = run.unwrap_or_else(|error| panic!("{error}"));
        shapes = (0..wanted.len()).map(|index| run.shape(index)).collect();
        let lengths: Vec<usize> = shapes.iter().map(|shape| shape.iter().product()).collect();
        let values = outputs(&run, &lengths);
        let flat = TensorData::new(values, [lengths.iter().sum::<usize>()]);
        let pullback = move |gradient: Tensor<1>| {
            map_host(gradient, shape, |gradient| {
                input_gradient(&run, &lengths, gradient, relu)
            })
        };
        (Tensor::from_data(flat, &device), pullback)
    });
    if let [shape] = shapes[..] {
        return vec![flat.reshape(shape)];
    }
    let mut flat = Parts::new(flat);
    let mut start = 0;
    let parts = shapes.into_iter().map(|shape| {
        let place = start..start + shape.iter().product::<usize>();
        start = place.end;
        flat.part([place]).reshape(shape)
    });
    parts.collect()
}

/// Returns the outputs of a run, of those lengths, one behind the other.
fn outputs(run: &Run, lengths: &[usize]) -> Vec<f32> {
    let mut flat = vec![0.0; lengths.iter().sum()];
    let mut rest = &mut flat[..];
    for (index, length) in lengths.iter().enumerate() {
        let (output, after) = rest.split_at_mut(*length);
        run.write_output(index, output)
            .expect("of the node's length");
        rest = after;
    }
    flat
}

/// Returns the gradient with respect to the input of a run, for those with respect to the outputs.
fn input_gradient(run: &Run, lengths: &[usize], flat: &[f32], relu: ReluGradient) -> Vec<f32> {
    let relu = match relu {
        ReluGradient::Plain => oneiric_graph::ReluGradient::Plain,
        ReluGradient::Redirected => oneiric_graph::ReluGradient::Redirected,
    };
    let mut rest = flat;
    let parts = lengths.iter().map(|length| {
        let (part, after) = rest.split_at(*length);
        rest = after;
        // A layer that the loss does not depend on costs nothing.
        part.iter().any(|value| *value != 0.0).then_some(part)
    });
    let parts: Vec<_> = parts.collect();
    run.input_gradient(&parts, relu)
        .expect("gradients of the outputs' lengths")
}
