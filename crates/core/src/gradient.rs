//! Operations whose gradient is written by hand, added to burn's autodiff from outside.

use std::{fmt, sync::Arc};

use burn::{
    backend::{
        Autodiff, Backend, DispatchKindConversion, DispatchTensor,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, NodeGuard, Ops, OpsKind},
        },
        tensor::FloatTensor,
    },
    tensor::Tensor,
};

use crate::backends::on_backend;

/// Applies an operation with its own gradient.
///
/// `forward` computes the value from the input and returns it with its pullback, the function from
/// the gradient of a loss with respect to the value to that with respect to the input. Both work on
/// tensors without autodiff, on any backend. Nothing is kept for the gradient but what the pullback
/// captures, and that is dropped at once if the input needs no gradient.
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::{Device, Tensor};
/// use oneiric_core::custom_gradient;
///
/// // The sign, with the gradient of the identity.
/// let x = Tensor::<1>::from_data([-2.0, 3.0], &Device::flex().autodiff()).require_grad();
/// let sign = custom_gradient(x.clone(), |x| (x.sign(), |gradient| gradient));
/// let gradients = (sign * 5.0).sum().backward();
/// let gradient = x.grad(&gradients).expect("a gradient");
/// assert_eq!(gradient.into_data().to_vec::<f32>()?, [5.0, 5.0]);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// Panics if the input is on a backend that is not compiled in, or if `forward` or the pullback
/// returns a tensor with autodiff or on another backend.
pub fn custom_gradient<const D: usize, const E: usize, P>(
    input: Tensor<D>,
    forward: impl FnOnce(Tensor<D>) -> (Tensor<E>, P),
) -> Tensor<E>
where
    P: Fn(Tensor<E>) -> Tensor<D> + Send + Sync + 'static,
{
    custom_gradients([input], |[input]| {
        let (value, pullback) = forward(input);
        (value, move |gradient, _: [bool; 1]| {
            [Some(pullback(gradient))]
        })
    })
}

/// Applies an operation of several inputs with its own gradient: [`custom_gradient`] for each of
/// them.
///
/// The pullback is told which inputs need a gradient; it may leave out the others'.
///
/// # Panics
///
/// Panics as [`custom_gradient`] does, if the pullback leaves out a gradient that is needed, or if
/// the inputs differ in backend or checkpointing strategy.
pub fn custom_gradients<const N: usize, const D: usize, const E: usize, P>(
    inputs: [Tensor<D>; N],
    forward: impl FnOnce([Tensor<D>; N]) -> (Tensor<E>, P),
) -> Tensor<E>
where
    P: Fn(Tensor<E>, [bool; N]) -> [Option<Tensor<D>>; N] + Send + Sync + 'static,
{
    let strategies = inputs
        .iter()
        .find_map(Tensor::gradient_checkpointing_strategy);
    let Some(strategy) = strategies else {
        return forward(inputs).0;
    };
    let device = inputs[0].device();
    let mut nodes = Vec::with_capacity(N);
    let inputs = inputs.map(|input| {
        let input = if input.is_autodiff() {
            input
        } else {
            let input = input.autodiff();
            input.with_gradient_checkpointing_strategy(strategy)
        };
        let (input, node): (Tensor<D>, NodeGuard) =
            on_backend!(device, strategy, |B, C| split::<B, C, D>(input));
        nodes.push(node);
        input
    });
    let nodes: [NodeGuard; N] = nodes.try_into().expect("a node for each input");
    let (value, pullback) = forward(inputs);
    let pullback = Pullback(Arc::new(pullback));
    on_backend!(device, strategy, |B, C| attach::<B, C, _, N, E>(
        CustomBackward::<D, E>,
        pullback,
        nodes,
        value
    ))
}

/// Takes a tensor apart: its values without autodiff, and its node in the graph.
pub(crate) fn split<B, C, const D: usize>(tensor: Tensor<D>) -> (Tensor<D>, NodeGuard)
where
    B: Backend,
    C: CheckpointStrategy,
    DispatchTensor: DispatchKindConversion<B> + DispatchKindConversion<Autodiff<B, C>>,
{
    let (values, node) = tensor
        .try_into_primitive::<Autodiff<B, C>>()
        .expect("the inputs of an operation share their backend and their checkpointing")
        .into_parts();
    (Tensor::from_primitive::<B>(values), node)
}

/// Makes a value a node of the graph, behind those that it was computed from. Drops the state of the
/// backward step if none of them needs a gradient.
pub(crate) fn attach<B, C, S, const N: usize, const D: usize>(
    step: S,
    state: S::State,
    nodes: [NodeGuard; N],
    value: Tensor<D>,
) -> Tensor<D>
where
    B: Backend,
    C: CheckpointStrategy,
    S: Backward<B, N>,
    DispatchTensor: DispatchKindConversion<B> + DispatchKindConversion<Autodiff<B, C>>,
{
    let value = primitive::<B, D>(value);
    let value = match step.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish(state, value),
        OpsKind::UnTracked(prep) => prep.finish(value),
    };
    Tensor::from_primitive::<Autodiff<B, C>>(value)
}

fn primitive<B, const D: usize>(tensor: Tensor<D>) -> FloatTensor<B>
where
    B: Backend,
    DispatchTensor: DispatchKindConversion<B>,
{
    tensor
        .try_into_primitive::<B>()
        .expect("an operation stays on the backend of its input, without autodiff")
}

type Pull<const N: usize, const D: usize, const E: usize> =
    dyn Fn(Tensor<E>, [bool; N]) -> [Option<Tensor<D>>; N] + Send + Sync;

/// The state of the backward pass; burn wants it to be cloned and printed.
#[derive(Clone)]
struct Pullback<const N: usize, const D: usize, const E: usize>(Arc<Pull<N, D, E>>);

impl<const N: usize, const D: usize, const E: usize> fmt::Debug for Pullback<N, D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pullback")
    }
}

#[derive(Debug)]
struct CustomBackward<const D: usize, const E: usize>;

impl<B, const N: usize, const D: usize, const E: usize> Backward<B, N> for CustomBackward<D, E>
where
    B: Backend,
    DispatchTensor: DispatchKindConversion<B>,
{
    type State = Pullback<N, D, E>;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let needed = ops.parents.each_ref().map(Option::is_some);
        let gradient = Tensor::from_primitive::<B>(grads.consume::<B>(&ops.node));
        let gradients = (ops.state.0)(gradient, needed);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let Some(parent) = parent {
                let gradient = gradient.expect("a pullback returns each gradient that is needed");
                grads.register::<B>(parent.id, primitive::<B, D>(gradient));
            }
        }
    }
}
