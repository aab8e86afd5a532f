//! Functions of single values.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI};

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Fact, NodeError, Number, ReluGradient, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

/// A function of each value by itself. True is 1 and false 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unary {
    /// The value without its sign.
    Abs,
    /// The value with the other sign.
    Neg,
    /// The exponential function.
    Exp,
    /// The natural logarithm.
    Log,
    /// The square root.
    Sqrt,
    /// 1 over the value.
    Reciprocal,
    /// The next smaller integer.
    Floor,
    /// The next larger integer.
    Ceil,
    /// The nearest integer, the even one of two.
    Round,
    /// The integer part.
    Trunc,
    /// -1, 0 or 1.
    Sign,
    /// The sine.
    Sin,
    /// The cosine.
    Cos,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// The error function.
    Erf,
    /// `ln(1 + exp(x))`.
    Softplus,
    /// `x / (1 + |x|)`.
    Softsign,
    /// True for 0.
    Not,
    /// True for everything but 0.
    IsNonzero,
    /// True for what is no number.
    IsNan,
    /// `x * Phi(x)` with the normal distribution's `Phi`, or its usual approximation by a tanh.
    Gelu {
        /// True for the approximation.
        tanh: bool,
    },
    /// `x` above 0, `alpha * (exp(x) - 1)` elsewhere.
    Elu {
        /// The factor.
        alpha: Number,
    },
    /// `gamma` times [`Elu`](Self::Elu).
    Selu {
        /// The factor below 0.
        alpha: Number,
        /// The factor of all.
        gamma: Number,
    },
    /// `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))`.
    Celu {
        /// The scale.
        alpha: Number,
    },
    /// `x` from 0 on, `slope * x` below.
    LeakyRelu {
        /// The factor below 0.
        slope: Number,
    },
    /// `alpha * x + beta` within 0..=1.
    HardSigmoid {
        /// The factor.
        alpha: Number,
        /// The summand.
        beta: Number,
    },
    /// `x` times `x / 6 + 1 / 2` within 0..=1.
    HardSwish,
    /// `x * sigmoid(alpha * x)`: SiLU for an alpha of 1.
    Swish {
        /// The factor in the sigmoid.
        alpha: Number,
    },
    /// `x * tanh(softplus(x))`.
    Mish,
    /// `x` above `alpha`, 0 elsewhere.
    ThresholdedRelu {
        /// The threshold.
        alpha: Number,
    },
    /// The value within bounds; the upper one wins if it is below the lower one. ReLU6 has the
    /// bounds 0 and 6.
    Clip {
        /// The lower bound.
        low: Option<Number>,
        /// The upper bound.
        high: Option<Number>,
    },
}

impl Unary {
    /// ReLU6: the value within 0..=6.
    pub const RELU6: Self = Self::Clip {
        low: Some(Number(0.0)),
        high: Some(Number(6.0)),
    };

    /// The lower and upper bound of a clip that cuts off at 0, as a ReLU does, and that a redirected
    /// gradient therefore wakes.
    #[must_use]
    pub fn rectified(&self) -> Option<[f64; 2]> {
        match self {
            Self::Clip {
                low: Some(low),
                high,
            } if low.0 == 0.0 => Some([0.0, high.map_or(f64::INFINITY, |high| high.0)]),
            _ => None,
        }
    }

    fn value(self, x: f64) -> f64 {
        let truth = |truth: bool| f64::from(u8::from(truth));
        let elu = |alpha: f64| if x > 0.0 { x } else { alpha * x.exp_m1() };
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        match self {
            Self::Abs => x.abs(),
            Self::Neg => -x,
            Self::Exp => x.exp(),
            Self::Log => x.ln(),
            Self::Sqrt => x.sqrt(),
            Self::Reciprocal => x.recip(),
            Self::Floor => x.floor(),
            Self::Ceil => x.ceil(),
            Self::Round => x.round_ties_even(),
            Self::Trunc => x.trunc(),
            Self::Sign if x == 0.0 || x.is_nan() => x,
            Self::Sign => x.signum(),
            Self::Sin => x.sin(),
            Self::Cos => x.cos(),
            Self::Tanh => x.tanh(),
            Self::Sigmoid => sigmoid(x),
            Self::Erf => libm::erf(x),
            Self::Softplus => softplus(x),
            Self::Softsign => x / (1.0 + x.abs()),
            Self::Not => truth(x == 0.0),
            Self::IsNonzero => truth(x != 0.0),
            Self::IsNan => truth(x.is_nan()),
            Self::Gelu { tanh: false } => 0.5 * x * (1.0 + libm::erf(x * FRAC_1_SQRT_2)),
            Self::Gelu { tanh: true } => {
                let inner = (2.0 / PI).sqrt() * (x + 0.044_715 * x * x * x);
                0.5 * x * (1.0 + inner.tanh())
            }
            Self::Elu { alpha } => elu(alpha.0),
            Self::Selu { alpha, gamma } => gamma.0 * elu(alpha.0),
            Self::Celu { alpha } => x.max(0.0) + (alpha.0 * (x / alpha.0).exp_m1()).min(0.0),
            Self::LeakyRelu { slope } => {
                if x < 0.0 {
                    slope.0 * x
                } else {
                    x
                }
            }
            Self::HardSigmoid { alpha, beta } => (alpha.0 * x + beta.0).clamp(0.0, 1.0),
            Self::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
            Self::Swish { alpha } => x * sigmoid(alpha.0 * x),
            Self::Mish => x * softplus(x).tanh(),
            Self::ThresholdedRelu { alpha } => {
                if x > alpha.0 {
                    x
                } else {
                    0.0
                }
            }
            // NaN stays.
            Self::Clip { low, high } => {
                let above = match low {
                    Some(low) if x < low.0 => low.0,
                    _ => x,
                };
                match high {
                    Some(high) if above > high.0 => high.0,
                    _ => above,
                }
            }
        }
    }

    /// The derivative where it is simple; `None` to take a central difference.
    fn derivative(self, x: f64) -> Option<f64> {
        Some(match self {
            Self::Floor
            | Self::Ceil
            | Self::Round
            | Self::Trunc
            | Self::Sign
            | Self::Not
            | Self::IsNonzero
            | Self::IsNan => 0.0,
            Self::Abs if x == 0.0 => 0.0,
            Self::Abs => x.signum(),
            Self::LeakyRelu { slope } => {
                if x > 0.0 {
                    1.0
                } else {
                    slope.0
                }
            }
            Self::HardSigmoid { alpha, beta } => {
                let line = alpha.0 * x + beta.0;
                if line > 0.0 && line < 1.0 {
                    alpha.0
                } else {
                    0.0
                }
            }
            Self::HardSwish => {
                if x >= 3.0 {
                    1.0
                } else if x > -3.0 {
                    x / 3.0 + 0.5
                } else {
                    0.0
                }
            }
            Self::Elu { alpha } => {
                if x > 0.0 {
                    1.0
                } else {
                    alpha.0 * x.exp()
                }
            }
            Self::Erf => FRAC_2_SQRT_PI * (-x * x).exp(),
            Self::Clip { low, high } => {
                let inside = low.is_none_or(|low| x > low.0) && high.is_none_or(|high| x < high.0);
                f64::from(u8::from(inside || x.is_nan()))
            }
            _ => return None,
        })
    }
}

impl Operator for Unary {
    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        Ok(inputs[0])
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        Ok(inputs[0].shape)
    }

    fn forward(&self, inputs: &[&Tensor], _: &Weights<'_>) -> Tensor {
        inputs[0].map(|x| self.value(x))
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let x = pass.inputs[0];
        let slope = |x: f64| {
            self.derivative(x).unwrap_or_else(|| {
                let step = 1e-5 * x.abs().max(1.0);
                (self.value(x + step) - self.value(x - step)) / (2.0 * step)
            })
        };
        let pairs = || x.values.iter().zip(&pass.gradient.values);
        let plain: Vec<f64> = pairs().map(|(x, g)| slope(*x) * g).collect();
        let is_dead = plain.iter().all(|value| *value == 0.0);
        let values = match (pass.relu, self.rectified()) {
            // What is below may rise, and what is above may fall; the gradient is that of a loss
            // to be minimized.
            (ReluGradient::Redirected, Some([low, high])) if is_dead => pairs()
                .map(|(&x, &g)| {
                    let blocked = (x <= low && g > 0.0) || (x >= high && g < 0.0);
                    if blocked { 0.0 } else { g }
                })
                .collect(),
            _ => plain,
        };
        vec![Tensor::new(x.shape, values)]
    }
}
