//! The whole network as one operation, on the CPU backends.

#![allow(
    deprecated,
    reason = "burn deprecates its ndarray backend; users of it exist"
)]

use std::sync::{Arc, Mutex, PoisonError};

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, TensorMetadata,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind, unary},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::{Tensor, TensorData},
};
use oneiric_core::{read, with_host};
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

/// The wanted nodes for an input [n, 3, h, w], each [n, channels, height, width].
///
/// # Panics
///
/// When the input is too small for a node.
pub(crate) fn forward_frozen(
    network: &Frozen,
    input: Tensor<4>,
    wanted: &[usize],
    relu: ReluGradient,
) -> Vec<Tensor<4>> {
    let pass = Arc::new(Pass {
        network: network.clone(),
        wanted: wanted.iter().map(|&node| NodeId::new(node)).collect(),
        relu,
        run: Mutex::default(),
    });
    let input = input.into_dispatch();
    let flat: Tensor<1> = Tensor::from_dispatch(<Dispatch as FrozenPass>::forward_pass(
        input,
        Arc::clone(&pass),
    ));
    let shapes = pass.shapes();
    if let [shape] = shapes[..] {
        return vec![flat.reshape(shape)];
    }
    let mut start = 0;
    let parts = shapes.into_iter().map(|shape| {
        let end = start + shape.iter().product::<usize>();
        let part = flat.clone().slice(start..end);
        start = end;
        part.reshape(shape)
    });
    parts.collect()
}

/// What the forward pass leaves for the gradient.
#[derive(Debug)]
pub(crate) struct Pass {
    network: Frozen,
    wanted: Vec<NodeId>,
    relu: ReluGradient,
    run: Mutex<Option<Run>>,
}

impl Pass {
    fn with_run<T>(&self, read: impl FnOnce(&Run) -> T) -> T {
        let run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        read(run.as_ref().expect("the forward pass comes first"))
    }

    fn shapes(&self) -> Vec<[usize; 4]> {
        self.with_run(|run| (0..self.wanted.len()).map(|i| run.shape(i)).collect())
    }

    /// All wanted nodes one behind the other.
    fn forward(&self, input: &[f32], shape: [usize; 4]) -> Vec<f32> {
        let run = self.network.forward(input, shape, &self.wanted);
        let run = run.unwrap_or_else(|error| panic!("{error}"));
        let lengths: Vec<usize> = (0..self.wanted.len())
            .map(|index| run.shape(index).iter().product())
            .collect();
        let mut flat = vec![0.0; lengths.iter().sum()];
        let mut rest = &mut flat[..];
        for (index, length) in lengths.into_iter().enumerate() {
            let (output, after) = rest.split_at_mut(length);
            run.write_output(index, output)
                .expect("of the node's length");
            rest = after;
        }
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = Some(run);
        flat
    }

    fn gradient(&self, flat: &[f32]) -> Vec<f32> {
        let relu = match self.relu {
            ReluGradient::Plain => oneiric_graph::ReluGradient::Plain,
            ReluGradient::Redirected => oneiric_graph::ReluGradient::Redirected,
        };
        self.with_run(|run| {
            let mut rest = flat;
            let parts = (0..self.wanted.len()).map(|index| {
                let (part, after) = rest.split_at(run.shape(index).iter().product());
                rest = after;
                // A layer that the loss does not depend on costs nothing.
                part.iter().any(|value| *value != 0.0).then_some(part)
            });
            let parts: Vec<_> = parts.collect();
            run.input_gradient(&parts, relu)
                .expect("gradients of the outputs' lengths")
        })
    }
}

#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "wgpu"),
    Autodiff
)]
pub(crate) trait FrozenPass: Backend {
    /// All wanted nodes, flat, from the input [n, 3, h, w].
    fn forward_pass(input: FloatTensor<Self>, pass: Arc<Pass>) -> FloatTensor<Self> {
        let device = input.device();
        let shape = input.shape().dims();
        let flat = with_host::<Self, _>(input, |input| pass.forward(input, shape));
        let length = flat.len();
        Self::float_from_data(TensorData::new(flat, [length]), &device)
    }
}

#[cfg(feature = "flex")]
impl FrozenPass for burn::backend::Flex {}
#[cfg(feature = "ndarray")]
impl FrozenPass for burn::backend::NdArray {}
// Never reached: networks on a GPU run as burn's operations.
#[cfg(feature = "wgpu")]
impl FrozenPass for burn::backend::Cube {}

#[derive(Debug)]
struct FrozenBackward;

impl<B: Backend> Backward<B, 1> for FrozenBackward {
    /// The forward pass, and the shape of its input.
    type State = (Arc<Pass>, [usize; 4]);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let (pass, shape) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| {
            let device = gradient.device();
            let values = with_host::<B, _>(gradient, |flat| pass.gradient(flat));
            B::float_from_data(TensorData::new(values, shape), &device)
        });
    }
}

impl<B: FrozenPass, C: CheckpointStrategy> FrozenPass for Autodiff<B, C> {
    fn forward_pass(input: FloatTensor<Self>, pass: Arc<Pass>) -> FloatTensor<Self> {
        let node = input.node();
        let input = input.into_primitive();
        let shape = input.shape().dims();
        let flat = B::forward_pass(input, Arc::clone(&pass));
        match FrozenBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((pass, shape), flat),
            OpsKind::UnTracked(prep) => prep.finish(flat),
        }
    }
}
