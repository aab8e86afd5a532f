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
use oneiric_kernels::{ConvWeights as HostWeights, Frozen, Node, Run};

use super::ConvWeights;
use crate::{
    ReluGradient,
    config::{InceptionV1Config, Padding},
    graph::{Graph, Op},
};

/// The network for the CPU, its weights laid out for it. `None` for what comes after the
/// classifier's outputs: a softmax is left to burn.
pub(crate) fn frozen(
    config: &InceptionV1Config,
    graph: &Graph,
    convs: &[ConvWeights],
) -> Option<Frozen> {
    let nodes = graph.nodes.iter().map_while(|node| {
        let op = kernel_op(&node.op, config)?;
        let inputs = node.inputs.clone();
        Some(Node { op, inputs })
    });
    let values = convs.iter().map(|conv| {
        let (weight, bias) = (conv.weight.clone(), conv.bias.clone());
        Some((read(weight).ok()?, read(bias).ok()?))
    });
    let values: Vec<_> = values.collect::<Option<_>>()?;
    let weights = graph.convs.iter().zip(&values);
    let weights = weights.map(|(shape, (weight, bias))| HostWeights {
        out: shape.out,
        input: shape.input,
        kernel: shape.kernel,
        weight,
        bias,
    });
    let weights: Vec<_> = weights.collect();
    Frozen::new(nodes.collect(), 3, &weights).ok()
}

fn kernel_op(op: &Op, config: &InceptionV1Config) -> Option<oneiric_kernels::Op> {
    use oneiric_kernels::Op as Kernel;
    let padding = config.padding;
    Some(match *op {
        Op::Input => Kernel::Input,
        Op::Conv {
            weights,
            stride,
            bias,
        } => Kernel::Conv {
            weights,
            stride,
            pad: match padding {
                Padding::Same => |n, k, s| Padding::Same.conv(n, k, s),
                Padding::Caffe => |n, k, s| Padding::Caffe.conv(n, k, s),
            },
            bias,
        },
        Op::Relu => Kernel::Relu,
        Op::MaxPool { kernel, stride } => Kernel::MaxPool {
            kernel,
            stride,
            pad: match padding {
                Padding::Same => |n, k, s| Padding::Same.pool(n, k, s),
                Padding::Caffe => |n, k, s| Padding::Caffe.pool(n, k, s),
            },
        },
        Op::Lrn => {
            let lrn = config.lrn?;
            Kernel::Lrn(oneiric_kernels::Lrn {
                radius: lrn.radius,
                alpha: lrn.alpha,
                beta: lrn.beta,
                bias: lrn.bias,
            })
        }
        Op::Concat => Kernel::Concat,
        Op::GlobalAveragePool => Kernel::GlobalAveragePool,
        Op::Softmax => return None,
    })
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
        wanted: wanted.to_vec(),
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
    wanted: Vec<usize>,
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
            ReluGradient::Plain => oneiric_kernels::ReluGradient::Plain,
            ReluGradient::Redirected => oneiric_kernels::ReluGradient::Redirected,
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
