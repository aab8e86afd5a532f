//! The gradient of a ReLU.

use serde::{Deserialize, Serialize};

/// The rule by which a gradient passes a ReLU.
///
/// From a random image many units are dead: the gradient is zero everywhere and the optimization
/// never starts. [`Redirected`](Self::Redirected) wakes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum ReluGradient {
    /// The derivative: zero where the input is negative.
    #[default]
    Plain,
    /// Lucid's redirected gradient: for an image whose plain gradient is zero in the whole layer,
    /// a gradient that would raise a negative input passes. (`lucid/misc/redirected_relu_grad.py`)
    Redirected,
}
