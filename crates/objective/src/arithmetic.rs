//! Arithmetic with objectives, by value and by reference. Operands are never shared or changed: a
//! reference is copied, which copies a list of terms and no network.

use std::{
    iter::Sum,
    ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign},
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

impl Neg for &Objective {
    type Output = Objective;

    fn neg(self) -> Objective {
        -self.clone()
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

impl AddAssign for Objective {
    fn add_assign(&mut self, other: Self) {
        self.terms.extend(other.terms);
    }
}

impl AddAssign<&Self> for Objective {
    fn add_assign(&mut self, other: &Self) {
        self.terms.extend(other.terms.iter().cloned());
    }
}

impl SubAssign for Objective {
    fn sub_assign(&mut self, other: Self) {
        *self += -other;
    }
}

impl SubAssign<&Self> for Objective {
    fn sub_assign(&mut self, other: &Self) {
        *self += -other;
    }
}

impl Sum for Objective {
    fn sum<I: Iterator<Item = Self>>(objectives: I) -> Self {
        Self {
            terms: objectives.flat_map(|objective| objective.terms).collect(),
        }
    }
}

impl<'a> Sum<&'a Self> for Objective {
    fn sum<I: Iterator<Item = &'a Self>>(objectives: I) -> Self {
        objectives.cloned().sum()
    }
}

/// Operators between objectives of which one or both are references.
macro_rules! between_references {
    ($($operator:ident $method:ident),*) => {$(
        impl $operator<&Objective> for Objective {
            type Output = Objective;

            fn $method(self, other: &Objective) -> Objective {
                self.$method(other.clone())
            }
        }

        impl $operator<Objective> for &Objective {
            type Output = Objective;

            fn $method(self, other: Objective) -> Objective {
                self.clone().$method(other)
            }
        }

        impl $operator<&Objective> for &Objective {
            type Output = Objective;

            fn $method(self, other: &Objective) -> Objective {
                self.clone().$method(other.clone())
            }
        }
    )*};
}

between_references!(Add add, Sub sub, Mul mul);

/// Operators with a reference on the left and a number on the right.
macro_rules! reference_and_number {
    ($($operator:ident $method:ident),*) => {$(
        impl $operator<f64> for &Objective {
            type Output = Objective;

            fn $method(self, number: f64) -> Objective {
                self.clone().$method(number)
            }
        }
    )*};
}

reference_and_number!(Add add, Sub sub, Mul mul, Div div);

/// Operators with a number on the left and a reference on the right.
macro_rules! number_and_reference {
    ($($operator:ident $method:ident),*) => {$(
        impl $operator<&Objective> for f64 {
            type Output = Objective;

            fn $method(self, objective: &Objective) -> Objective {
                self.$method(objective.clone())
            }
        }
    )*};
}

number_and_reference!(Add add, Sub sub, Mul mul);
