//! Functions of two values.

use burn::tensor::activation;
use oneiric_graph::Binary;

use super::{BurnOp, Inputs, Pass, Value, value::common};

impl BurnOp for Binary {
    fn run(&self, mut inputs: Inputs<'_>, _: &Pass<'_>) -> Value {
        let exponent = inputs.fact(1).values;
        let (a, b) = (inputs.take(0), inputs.take(1));
        match self {
            Self::Add => a + b,
            Self::Sub => a - b,
            Self::Mul => a * b,
            Self::Div => a / b,
            Self::Pow => match exponent {
                Some(&[exponent]) => power(a, exponent),
                _ => {
                    let [a, b] = common([a, b]);
                    a.powf(b)
                }
            },
            Self::Max => {
                let [a, b] = common([a, b]);
                let smaller = a.clone().lower(b.clone());
                a.mask_where(smaller, b)
            }
            Self::Min => {
                let [a, b] = common([a, b]);
                let larger = a.clone().greater(b.clone());
                a.mask_where(larger, b)
            }
            Self::IntegerDiv => {
                let quotient = a / b;
                quotient.clone().sign() * quotient.abs().floor()
            }
            Self::Mod => a.clone() - b.clone() * (a / b).floor(),
            Self::Fmod => {
                let quotient = a.clone() / b.clone();
                a - b * (quotient.clone().sign() * quotient.abs().floor())
            }
            Self::PRelu => activation::relu(a.clone()) + a.clamp_max(0.0) * b,
            truth => {
                let [a, b] = common([a, b]);
                let is_true = |x: Value| x.not_equal_elem(0.0);
                match truth {
                    Self::Equal => a.equal(b),
                    Self::Less => a.lower(b),
                    Self::LessOrEqual => a.lower_equal(b),
                    Self::Greater => a.greater(b),
                    Self::GreaterOrEqual => a.greater_equal(b),
                    Self::And => is_true(a).bool_and(is_true(b)),
                    Self::Or => is_true(a).bool_or(is_true(b)),
                    _ => is_true(a).not_equal(is_true(b)),
                }
                .float()
            }
        }
    }
}

/// A power by a known exponent. A GPU's power is not a number for a negative base, whatever the
/// exponent.
fn power(x: Value, exponent: f64) -> Value {
    if exponent == 2.0 {
        return x.clone() * x;
    }
    if exponent == 0.5 {
        return x.sqrt();
    }
    if exponent.fract() == 0.0 && (1.0..=16.0).contains(&exponent) {
        let factors = (1..exponent as usize).map(|_| x.clone());
        return factors.fold(x.clone(), |product, factor| product * factor);
    }
    x.powf_scalar(exponent)
}

#[cfg(test)]
mod tests {
    use oneiric_graph::{Binary, Constant, GlobalAveragePool, Parameter, Unary};

    use crate::ops::testing::check;

    #[test]
    fn they_are_their_definitions_with_broadcasting() {
        for binary in [
            Binary::Add,
            Binary::Sub,
            Binary::Mul,
            Binary::Max,
            Binary::Min,
            Binary::PRelu,
            Binary::Equal,
            Binary::Less,
            Binary::LessOrEqual,
            Binary::Greater,
            Binary::GreaterOrEqual,
            Binary::And,
            Binary::Or,
            Binary::Xor,
        ] {
            check(&format!("{binary:?} of a weight"), 3, &[[4, 5]], |net| {
                let weight = net.weight("w", [3, 1, 1]);
                let weight = net.node("w", Parameter { weight }, &[]);
                let y = net.node("y", binary, &[net.input(), weight]);
                net.node("sum", Binary::Add, &[y, net.input()])
            });
            check(&format!("{binary:?} of the mean"), 3, &[[4, 5]], |net| {
                let mean = net.node("mean", GlobalAveragePool, &[net.input()]);
                let y = net.node("y", binary, &[mean, net.input()]);
                net.node("sum", Binary::Add, &[y, net.input()])
            });
        }
        for exponent in [2.0, 3.0, 0.5, 1.3] {
            check("power", 3, &[[4, 5]], |net| {
                let exponent = net.node("exponent", Constant::scalar(exponent), &[]);
                let exp = net.node("exp", Unary::Exp, &[net.input()]);
                net.node("power", Binary::Pow, &[exp, exponent])
            });
        }
        check("quotient", 3, &[[4, 5]], |net| {
            let three = net.node("three", Constant::scalar(3.0), &[]);
            let large = net.node("large", Binary::Add, &[net.input(), three]);
            net.node("quotient", Binary::Div, &[net.input(), large])
        });
    }
}
