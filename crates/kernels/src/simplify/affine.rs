//! Factors and summands of channels, as depthwise convolutions of 1x1.

use oneiric_graph::{Binary, Conv, Node, NodeId, Op, Window};

use super::{Simpler, Walk, form::Form};

/// A function `factor * x + summand` of each channel of a map.
pub(super) struct Affine {
    pub(super) from: NodeId,
    factors: Vec<f32>,
    summands: Vec<f32>,
}

impl Affine {
    /// The factor, if it is that of all channels and nothing is added.
    pub(super) fn scale(&self) -> Option<f32> {
        let first = *self.factors.first()?;
        let same = self.factors.iter().all(|factor| *factor == first);
        (same && self.summands.iter().all(|summand| *summand == 0.0)).then_some(first)
    }
}

impl Walk<'_, '_> {
    /// A map combined with numbers for its channels.
    pub(super) fn affine(
        &mut self,
        node: &Node,
        op: Binary,
        from: NodeId,
        is_first: bool,
        (form, numbers): (Form, Vec<f32>),
    ) -> Option<Simpler> {
        let (factors, summands): (Vec<f32>, Vec<f32>) = match (op, is_first) {
            (Binary::Mul, _) => numbers.iter().map(|number| (*number, 0.0)).unzip(),
            (Binary::Div, true) => numbers.iter().map(|number| (1.0 / number, 0.0)).unzip(),
            (Binary::Add, _) => numbers.iter().map(|number| (1.0, *number)).unzip(),
            (Binary::Sub, true) => numbers.iter().map(|number| (1.0, -number)).unzip(),
            (Binary::Sub, false) => numbers.iter().map(|number| (-1.0, *number)).unzip(),
            _ => return None,
        };
        // A bias of a product with a matrix.
        if let Some(&(input, matrix)) = self.products.get(&from)
            && factors.iter().all(|factor| *factor == 1.0)
        {
            let bias = self
                .values
                .add(node, "bias", vec![summands.len()], summands);
            return Some(Simpler::dense(input, matrix, Some(bias), form));
        }
        let affine = match self.affines.get(&from) {
            Some(before) => Affine {
                from: before.from,
                factors: pairs(&factors, &before.factors, |a, b| a * b),
                summands: pairs(
                    &summands,
                    &pairs(&factors, &before.summands, |a, b| a * b),
                    |a, b| a + b,
                ),
            },
            None => Affine {
                from,
                factors,
                summands,
            },
        };
        // What one function alone can compute is not finite for a channel that the file scales by 0.
        let all = affine.factors.iter().chain(&affine.summands);
        if !all.clone().all(|value| value.is_finite()) {
            return None;
        }
        let (channels, from) = (affine.factors.len(), affine.from);
        let (weight, bias) = (affine.factors.clone(), affine.summands.clone());
        let shape = vec![channels, 1, 1, 1];
        let conv = Conv {
            weight: self.values.add(node, "factors", shape, weight),
            bias: Some(self.values.add(node, "summands", vec![channels], bias)),
            window: Window::default(),
            groups: channels,
        };
        self.affines.insert(self.next(), affine);
        Some(Simpler::new(Op::from(conv), vec![from], form))
    }
}

fn pairs(a: &[f32], b: &[f32], function: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| function(*a, *b)).collect()
}
