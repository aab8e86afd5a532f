//! Terms of an objective, each a weight times the result of a short program.

use crate::source::Source;

/// A weight times the result of its steps.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    pub(crate) weight: f64,
    /// Steps in postfix order: each takes the last values and leaves one. A list and not a tree, so
    /// that nothing is ever as deep as the arithmetic that made it.
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// A measure's value.
    Read(Source),
    /// The number 1, which the weight of a constant multiplies.
    One,
    /// The sum of the last values, as many as there are weights, each times its weight.
    WeightedSum(Vec<f64>),
    /// The product of two values.
    Product,
}

impl Term {
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.steps.iter().filter_map(|step| match step {
            Step::Read(source) => Some(source),
            _ => None,
        })
    }

    pub(crate) fn sources_mut(&mut self) -> impl Iterator<Item = &mut Source> {
        self.steps.iter_mut().filter_map(|step| match step {
            Step::Read(source) => Some(source),
            _ => None,
        })
    }

    /// Lists its own weight and those inside.
    pub(crate) fn weights(&self) -> impl Iterator<Item = f64> {
        let inside = self.steps.iter().flat_map(|step| match step {
            Step::WeightedSum(weights) => weights.as_slice(),
            _ => &[],
        });
        std::iter::once(self.weight).chain(inside.copied())
    }

    /// Makes one term of a sum of several; `None` for a sum of nothing.
    pub(crate) fn of_sum(mut terms: Vec<Self>) -> Option<Self> {
        if terms.len() < 2 {
            return terms.pop();
        }
        let weights = terms.iter().map(|term| term.weight).collect();
        let mut steps: Vec<Step> = terms.into_iter().flat_map(|term| term.steps).collect();
        steps.push(Step::WeightedSum(weights));
        Some(Self { weight: 1.0, steps })
    }

    pub(crate) fn times(mut self, other: Self) -> Self {
        self.weight *= other.weight;
        self.steps.extend(other.steps);
        self.steps.push(Step::Product);
        self
    }
}
