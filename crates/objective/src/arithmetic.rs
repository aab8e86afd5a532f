//! Arithmetic with objectives. Operands are taken, never shared or changed behind one's back.

use std::{
    iter::Sum,
    ops::{Add, AddAssign, Div, Mul, Neg, Sub},
};

use crate::{
    Objective,
    term::{Step, Term},
};

impl Add for Objective {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.terms.extend(other.terms);
        self
    }
}

impl AddAssign for Objective {
    fn add_assign(&mut self, other: Self) {
        self.terms.extend(other.terms);
    }
}

/// Adds a constant: it shows in the value, and counts where the sum is a factor of a product.
impl Add<f64> for Objective {
    type Output = Self;

    fn add(mut self, number: f64) -> Self {
        self.terms.push(Term {
            weight: number,
            steps: vec![Step::One],
        });
        self
    }
}

impl Add<Objective> for f64 {
    type Output = Objective;

    fn add(self, objective: Objective) -> Objective {
        objective + self
    }
}

impl Sub for Objective {
    type Output = Self;

    #[allow(
        clippy::suspicious_arithmetic_impl,
        reason = "a difference is a sum with a negative"
    )]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Sub<f64> for Objective {
    type Output = Self;

    #[allow(
        clippy::suspicious_arithmetic_impl,
        reason = "a difference is a sum with a negative"
    )]
    fn sub(self, number: f64) -> Self {
        self + -number
    }
}

impl Sub<Objective> for f64 {
    type Output = Objective;

    #[allow(
        clippy::suspicious_arithmetic_impl,
        reason = "a difference is a sum with a negative"
    )]
    fn sub(self, objective: Objective) -> Objective {
        -objective + self
    }
}

impl Neg for Objective {
    type Output = Self;

    fn neg(self) -> Self {
        self * -1.0
    }
}

impl Mul<f64> for Objective {
    type Output = Self;

    fn mul(mut self, factor: f64) -> Self {
        for term in &mut self.terms {
            term.weight *= factor;
        }
        self
    }
}

impl Mul<Objective> for f64 {
    type Output = Objective;

    fn mul(self, objective: Objective) -> Objective {
        objective * self
    }
}

/// The product of two values, one term whatever its factors are. A factor without terms is 0, and
/// so is its product.
impl Mul for Objective {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let factors = Term::of_sum(self.terms).zip(Term::of_sum(other.terms));
        let product = factors.map(|(one, other)| one.times(other));
        Self {
            terms: product.into_iter().collect(),
        }
    }
}

impl Div<f64> for Objective {
    type Output = Self;

    fn div(mut self, divisor: f64) -> Self {
        for term in &mut self.terms {
            term.weight /= divisor;
        }
        self
    }
}

impl Sum for Objective {
    fn sum<I: Iterator<Item = Self>>(objectives: I) -> Self {
        Self {
            terms: objectives.flat_map(|objective| objective.terms).collect(),
        }
    }
}
