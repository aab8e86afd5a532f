//! A fully connected layer.

use std::hash::{Hash, Hasher};

use oneiric_support::SettingError;
use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Fact, NodeError, Shape, Weight, WeightId,
    oracle::{Backward, Tensor, Weights},
    weight::{check_vector, declared},
};

/// A matrix product with the input as one vector: `y = alpha * W x + beta * b`, as [1, out].
///
/// The vector has the values of the input in their order in memory, so the matrix fixes the
/// size of the image that the network takes unless the input always has one position.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Gemm {
    /// The matrix, [out, features]; [features, out] if it is transposed.
    pub weight: WeightId,
    /// The bias, `[out]`; `None` adds nothing.
    pub bias: Option<WeightId>,
    /// The factor of the product.
    pub alpha: f32,
    /// The factor of the bias.
    pub beta: f32,
    /// True if the matrix is [features, out].
    pub transposed: bool,
}

impl Gemm {
    /// Output channels and features, from the declarations of the weights.
    ///
    /// # Panics
    ///
    /// Panics if the weights are not those of the graph that the layer is in.
    #[must_use]
    pub fn dimensions(&self, weights: &[Weight]) -> [usize; 2] {
        let shape = &weights[self.weight.0].shape;
        if self.transposed {
            [shape[1], shape[0]]
        } else {
            [shape[0], shape[1]]
        }
    }

    /// The settings with numbers as bits, by which they are compared and hashed.
    const fn bits(self) -> (WeightId, Option<WeightId>, [u32; 2], bool) {
        let factors = [self.alpha.to_bits(), self.beta.to_bits()];
        (self.weight, self.bias, factors, self.transposed)
    }
}

impl PartialEq for Gemm {
    fn eq(&self, other: &Self) -> bool {
        self.bits() == other.bits()
    }
}

impl Eq for Gemm {}

impl Hash for Gemm {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bits().hash(state);
    }
}

impl Operator for Gemm {
    fn weights(&self) -> Vec<WeightId> {
        [self.weight].into_iter().chain(self.bias).collect()
    }

    fn channels(
        &self,
        inputs: &[Option<usize>],
        weights: &[Weight],
    ) -> Result<Option<usize>, NodeError> {
        for (setting, value) in [("alpha", self.alpha), ("beta", self.beta)] {
            let setting = format!("the {setting} of the matrix product");
            SettingError::require(setting, value, value.is_finite(), "finite")?;
        }
        let weight = declared(weights, self.weight)?;
        let features = match weight.shape.len() {
            2 => self.dimensions(weights)[1],
            _ => 0,
        };
        let channels = inputs[0].unwrap_or(1);
        if features == 0 || features % channels != 0 {
            return Err(NodeError::WeightShape {
                weight: weight.name.clone(),
                expected: format!("[out, a multiple of {channels}], or transposed"),
                found: weight.shape.clone(),
            });
        }
        let [out, _] = self.dimensions(weights);
        if let Some(bias) = self.bias {
            check_vector(weights, bias, out)?;
        }
        Ok(Some(out))
    }

    fn shape(&self, inputs: &[Fact<'_>], weights: &[Weight]) -> Result<Shape, NodeError> {
        let [out, expected] = self.dimensions(weights);
        let [items, ref rest @ ..] = *inputs[0].shape.lengths() else {
            let found = 1;
            return Err(NodeError::Features { expected, found });
        };
        let found = rest.iter().product();
        if found == expected {
            Shape::of(&[items, out])
        } else {
            Err(NodeError::Features { expected, found })
        }
    }

    fn multiply_adds(&self, _: &[Shape], output: Shape, weights: &[Weight]) -> u64 {
        let items = output.lengths()[0];
        (items * weights[self.weight.0].count()) as u64
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let x = inputs[0];
        let mut y = weights.output(self, inputs);
        let [items, out] = *y.shape.lengths() else {
            unreachable!("a matrix product has two axes");
        };
        let features = x.values.len() / items.max(1);
        for (at, y) in y.values.iter_mut().enumerate() {
            let (item, o) = (at / out, at % out);
            let products = x.values[item * features..][..features].iter().enumerate();
            *y = products.map(|(i, x)| self.factor(weights, o, i) * x).sum();
            if let Some(bias) = self.bias {
                *y += f64::from(self.beta) * f64::from(weights.values(bias)[o]);
            }
        }
        y
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let mut gradient = Tensor::zeros(pass.inputs[0].shape);
        let [items, out] = *pass.gradient.shape.lengths() else {
            unreachable!("a matrix product has two axes");
        };
        let features = gradient.values.len() / items.max(1);
        for (at, value) in gradient.values.iter_mut().enumerate() {
            let (item, i) = (at / features, at % features);
            let products = pass.gradient.values[item * out..][..out].iter().enumerate();
            *value = products
                .map(|(o, g)| self.factor(pass.weights, o, i) * g)
                .sum();
        }
        vec![gradient]
    }
}

impl Gemm {
    /// The factor of one feature in one output.
    fn factor(&self, weights: &Weights<'_>, out: usize, feature: usize) -> f64 {
        let columns = weights.shape(self.weight)[1];
        let at = if self.transposed {
            feature * columns + out
        } else {
            out * columns + feature
        };
        f64::from(self.alpha) * f64::from(weights.values(self.weight)[at])
    }
}
