//! Optimizers of burn with their state, for latent tensors.

use burn::{
    optim::{Adam, AdamConfig, Optimizer},
    tensor::Tensor,
};

/// Keeps the moments' quotient finite. burn's own default, 1e-5, is the size of the gradients
/// here and would slow the small ones down; this is PyTorch's and the paper's (Kingma and Ba,
/// 2015).
const ADAM_EPSILON: f32 = 1e-8;

/// An optimizer with its state, type-erased.
pub(crate) trait Stepper: Send {
    /// Steps latent tensor `index` towards a smaller loss.
    fn step(
        &mut self,
        index: usize,
        learning_rate: f64,
        value: Tensor<1>,
        gradient: Tensor<1>,
    ) -> Tensor<1>;

    /// Resets the state.
    fn forget(&mut self);
}

/// Adam with the settings of Lucid.
pub(crate) fn adam() -> Adam {
    AdamConfig::new().with_epsilon(ADAM_EPSILON).build()
}

pub(crate) fn stepper<O: Optimizer>(optimizer: O) -> Box<dyn Stepper> {
    Box::new(Stateful {
        optimizer,
        states: Vec::new(),
    })
}

struct Stateful<O: Optimizer> {
    optimizer: O,
    states: Vec<Option<O::State<1>>>,
}

impl<O: Optimizer> Stepper for Stateful<O> {
    fn step(
        &mut self,
        index: usize,
        learning_rate: f64,
        value: Tensor<1>,
        gradient: Tensor<1>,
    ) -> Tensor<1> {
        if self.states.len() <= index {
            self.states.resize_with(index + 1, || None);
        }
        let state = self.states[index].take();
        let (value, state) = self.optimizer.step(learning_rate, value, gradient, state);
        self.states[index] = state;
        value
    }

    fn forget(&mut self) {
        self.states.clear();
    }
}
