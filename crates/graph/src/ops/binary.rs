//! Functions of two values.

use serde::{Deserialize, Serialize};

use super::{Operator, differences};
use crate::{
    Arity, Fact, NodeError, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

/// A function of the values of two tensors, which are broadcast to one shape as in NumPy. True is 1
/// and false 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Binary {
    /// The sum.
    Add,
    /// The difference.
    Sub,
    /// The product.
    Mul,
    /// The quotient.
    Div,
    /// The quotient of integers, rounded toward 0; 0 if the divisor is 0.
    IntegerDiv,
    /// The first to the power of the second.
    Pow,
    /// The larger one; NaN wins.
    Max,
    /// The smaller one; NaN wins.
    Min,
    /// The remainder with the sign of the divisor.
    Mod,
    /// The remainder with the sign of the dividend.
    Fmod,
    /// The first from 0 on, its product with the second below.
    PRelu,
    /// True if both are equal.
    Equal,
    /// True if the first is smaller.
    Less,
    /// True if the first is not larger.
    LessOrEqual,
    /// True if the first is larger.
    Greater,
    /// True if the first is not smaller.
    GreaterOrEqual,
    /// True if both are true.
    And,
    /// True if one is true.
    Or,
    /// True if exactly one is true.
    Xor,
}

impl Binary {
    fn value(self, a: f64, b: f64) -> f64 {
        let truth = |truth: bool| f64::from(u8::from(truth));
        let is_nan = a.is_nan() || b.is_nan();
        match self {
            Self::Add => a + b,
            Self::Sub => a - b,
            Self::Mul => a * b,
            Self::Div => a / b,
            Self::IntegerDiv if b == 0.0 => 0.0,
            Self::IntegerDiv => (a / b).trunc(),
            Self::Pow => a.powf(b),
            Self::Max | Self::Min if is_nan => f64::NAN,
            Self::Max => a.max(b),
            Self::Min => a.min(b),
            Self::Mod => {
                let rest = a % b;
                if rest != 0.0 && (rest < 0.0) != (b < 0.0) {
                    rest + b
                } else {
                    rest
                }
            }
            Self::Fmod => a % b,
            Self::PRelu => {
                if a < 0.0 {
                    a * b
                } else {
                    a
                }
            }
            Self::Equal => truth(a == b),
            Self::Less => truth(a < b),
            Self::LessOrEqual => truth(a <= b),
            Self::Greater => truth(a > b),
            Self::GreaterOrEqual => truth(a >= b),
            Self::And => truth(a != 0.0 && b != 0.0),
            Self::Or => truth(a != 0.0 || b != 0.0),
            Self::Xor => truth((a != 0.0) != (b != 0.0)),
        }
    }

    /// True if the result is a truth value, which changes with nothing gradually.
    #[must_use]
    pub const fn is_truth(&self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::Less
                | Self::LessOrEqual
                | Self::Greater
                | Self::GreaterOrEqual
                | Self::And
                | Self::Or
                | Self::Xor
        )
    }
}

impl Operator for Binary {
    fn arity(&self) -> Arity {
        Arity::Exactly(2)
    }

    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        Ok(match inputs {
            [Some(a), Some(b)] if a == b => Some(*a),
            _ => None,
        })
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        inputs[0].shape.broadcast(&inputs[1].shape)
    }

    fn is_smooth(&self, _: usize) -> bool {
        !self.is_truth()
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let shape = weights.shape_of(self, inputs);
        Tensor::from_index(shape, |index| {
            let [a, b] = [0, 1].map(|input| inputs[input].at_broadcast(index));
            self.value(a, b)
        })
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        if !matches!(self, Self::Add | Self::Sub | Self::Mul | Self::Div) {
            return differences::gradients(self, pass);
        }
        let mut gradients = [0, 1].map(|input| Tensor::zeros(pass.inputs[input].shape));
        let mut at = 0;
        let _ = Tensor::from_index(pass.output.shape, |index| {
            let [a, b] = [0, 1].map(|input| pass.inputs[input].at_broadcast(index));
            let slopes = match self {
                Self::Mul => [b, a],
                Self::Div => [b.recip(), -a / (b * b)],
                Self::Sub => [1.0, -1.0],
                _ => [1.0, 1.0],
            };
            for (own, slope) in gradients.iter_mut().zip(slopes) {
                let place = own.place_broadcast(index);
                own.values[place] += pass.gradient.values[at] * slope;
            }
            at += 1;
            0.0
        });
        gradients.into()
    }
}
