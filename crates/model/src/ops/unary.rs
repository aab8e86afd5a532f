//! Functions of single values.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use burn::tensor::activation;
use oneiric_core::custom_gradient;
use oneiric_graph::{Number, ReluGradient, Unary};

use super::{BurnOp, Inputs, Pass, Value};

impl BurnOp for Unary {
    fn run(&self, mut inputs: Inputs<'_>, pass: &Pass<'_>) -> Value {
        let x = inputs.take(0);
        match (pass.relu, self.rectified()) {
            (ReluGradient::Redirected, Some(bounds)) => redirected_clip(x, bounds),
            _ => self.value(x),
        }
    }
}

/// Computes a function of each value.
trait OfValues {
    fn value(self, x: Value) -> Value;
}

impl OfValues for Unary {
    fn value(self, x: Value) -> Value {
        let below = |x: Value, alpha: Number| x.clamp_max(0.0).exp().sub_scalar(1.0) * alpha.0;
        let softplus = |x: Value| activation::relu(x.clone()) + x.abs().neg().exp().log1p();
        match self {
            Self::Abs => x.abs(),
            Self::Neg => x.neg(),
            Self::Exp => x.exp(),
            Self::Log => x.log(),
            Self::Sqrt => x.sqrt(),
            Self::Reciprocal => x.recip(),
            Self::Floor => x.floor(),
            Self::Ceil => x.ceil(),
            Self::Round => x.round(),
            Self::Trunc => x.clone().sign() * x.abs().floor(),
            Self::Sign => x.sign(),
            Self::Sin => x.sin(),
            Self::Cos => x.cos(),
            Self::Tanh => x.tanh(),
            Self::Sigmoid => activation::sigmoid(x),
            Self::Erf => x.erf(),
            Self::Softplus => softplus(x),
            Self::Softsign => x.clone() / x.abs().add_scalar(1.0),
            Self::Not => x.equal_elem(0.0).float(),
            Self::IsNonzero => x.not_equal_elem(0.0).float(),
            Self::IsNan => x.is_nan().float(),
            Self::Gelu { tanh: false } => {
                let share = (x.clone() * FRAC_1_SQRT_2).erf().add_scalar(1.0);
                x * share * 0.5
            }
            Self::Gelu { tanh: true } => {
                let cube = x.clone() * x.clone() * x.clone();
                let inner = (x.clone() + cube * 0.044_715) * (2.0 / PI).sqrt();
                x * inner.tanh().add_scalar(1.0) * 0.5
            }
            Self::Elu { alpha } => activation::relu(x.clone()) + below(x, alpha),
            Self::Selu { alpha, gamma } => {
                (activation::relu(x.clone()) + below(x, alpha)) * gamma.0
            }
            Self::Celu { alpha } => {
                let scaled = x.clone() / alpha.0;
                activation::relu(x) + below(scaled, alpha)
            }
            Self::LeakyRelu { slope } => activation::relu(x.clone()) + x.clamp_max(0.0) * slope.0,
            Self::HardSigmoid { alpha, beta } => (x * alpha.0 + beta.0).clamp(0.0, 1.0),
            Self::HardSwish => {
                let share = (x.clone() / 6.0).add_scalar(0.5).clamp(0.0, 1.0);
                x * share
            }
            Self::Swish { alpha } => {
                let share = activation::sigmoid(x.clone() * alpha.0);
                x * share
            }
            Self::Mish => x.clone() * softplus(x).tanh(),
            Self::ThresholdedRelu { alpha } => {
                let passes = x.clone().greater_elem(alpha.0);
                x * passes.float()
            }
            Self::Clip { low, high } => {
                let x = match low {
                    Some(low) => x.clamp_min(low.0),
                    None => x,
                };
                match high {
                    Some(high) => x.clamp_max(high.0),
                    None => x,
                }
            }
            _ => unreachable!("burn_op has checked it"),
        }
    }
}

/// ReLU6 and its like with the gradient that wakes dead units: what is below may rise and what is
/// above may fall, in an image in which the plain gradient is 0 everywhere.
///
/// Source: Lucid, `misc/redirected_relu_grad.py` (Apache-2.0); restated.
fn redirected_clip(x: Value, [low, high]: [f64; 2]) -> Value {
    custom_gradient(x, |x| {
        let clipped = x.clone().clamp_min(low);
        let clipped = if high.is_finite() {
            clipped.clamp_max(high)
        } else {
            clipped
        };
        (clipped, move |gradient: Value| {
            let [images, ..] = x.dims();
            let below = x.clone().lower_equal_elem(low);
            let above = x.clone().greater_equal_elem(high);
            let rises = gradient.clone().lower_elem(0.0);
            let falls = gradient.clone().greater_elem(0.0);
            let outside = below.clone().bool_or(above.clone());
            let plain = gradient.clone().mask_fill(outside, 0.0);
            let blocked = below.bool_and(falls).bool_or(above.bool_and(rises));
            let redirected = gradient.mask_fill(blocked, 0.0);
            let values = x.dims().iter().product::<usize>() / images.max(1);
            let magnitude = plain.clone().abs().reshape([images, values]).sum_dim(1);
            let dead = magnitude.reshape([images, 1, 1, 1, 1, 1]).equal_elem(0.0);
            plain.mask_where(dead.expand(x.dims()), redirected)
        })
    })
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{Binary, Constant, Number, Unary};

    use crate::ops::testing::check;

    #[test]
    fn they_are_their_definitions() {
        let number = |value: f64| Number(value);
        for unary in [
            Unary::Abs,
            Unary::Neg,
            Unary::Exp,
            Unary::Sin,
            Unary::Cos,
            Unary::Tanh,
            Unary::Sigmoid,
            Unary::Erf,
            Unary::Softplus,
            Unary::Softsign,
            Unary::Gelu { tanh: false },
            Unary::Gelu { tanh: true },
            Unary::Elu { alpha: number(0.7) },
            Unary::Selu {
                alpha: number(1.7),
                gamma: number(1.05),
            },
            Unary::Celu { alpha: number(0.6) },
            Unary::LeakyRelu { slope: number(0.1) },
            Unary::HardSigmoid {
                alpha: number(0.4),
                beta: number(0.5),
            },
            Unary::HardSwish,
            Unary::Swish { alpha: number(1.0) },
            Unary::Mish,
            Unary::ThresholdedRelu { alpha: number(0.2) },
            Unary::Clip {
                low: Some(number(-0.3)),
                high: Some(number(0.4)),
            },
            Unary::Clip {
                low: None,
                high: Some(number(0.1)),
            },
            Unary::RELU6,
            Unary::Floor,
            Unary::Ceil,
            Unary::Round,
            Unary::Trunc,
            Unary::Sign,
            Unary::Not,
        ] {
            check(&format!("{unary:?}"), 3, &[[1, 1], [5, 3]], |net| {
                let y = net.node("y", unary, &[net.input()]);
                net.node("product", Binary::Mul, &[y, net.input()])
            });
        }
        for unary in [Unary::Log, Unary::Sqrt, Unary::Reciprocal] {
            check(&format!("{unary:?}"), 3, &[[5, 3]], |net| {
                let exp = net.node("exp", Unary::Exp, &[net.input()]);
                net.node("y", unary, &[exp])
            });
        }
    }

    #[test]
    fn dead_units_of_relu6_wake_below_and_above() {
        for shift in [-9.0, 15.0] {
            check("dead", 2, &[[3, 3]], |net| {
                let shift = net.node("shift", Constant::scalar(shift), &[]);
                let x = net.node("x", Binary::Add, &[net.input(), shift]);
                net.node("relu6", Unary::RELU6, &[x])
            });
        }
    }
}
