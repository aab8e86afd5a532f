//! A fully connected layer.

use std::hash::{Hash, Hasher};

use oneiric_support::SettingError;
use serde::{Deserialize, Serialize};

use super::Operator;
#[cfg(feature = "oracle")]
use crate::oracle::{Backward, Tensor, Weights};
use crate::{
    NodeError, Shape, Weight, WeightId,
    weight::{check_vector, declared},
};

/// A matrix product with the input as one vector: `y = alpha * W x + beta * b`, as [out, 1, 1].
///
/// The vector has the values of the input in the order [channels, height, width], so the matrix
/// fixes the size of the image that the network takes unless the input always has one position.
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

    fn channels(&self, inputs: &[usize], weights: &[Weight]) -> Result<usize, NodeError> {
        for (setting, value) in [("alpha", self.alpha), ("beta", self.beta)] {
            let setting = format!("the {setting} of the matrix product");
            SettingError::require(setting, value, value.is_finite(), "finite")?;
        }
        let weight = declared(weights, self.weight)?;
        let features = match weight.shape.len() {
            2 => self.dimensions(weights)[1],
            _ => 0,
        };
        if features == 0 || features % inputs[0] != 0 {
            return Err(NodeError::WeightShape {
                weight: weight.name.clone(),
                expected: format!("[out, a multiple of {}], or transposed", inputs[0]),
                found: weight.shape.clone(),
            });
        }
        let [out, _] = self.dimensions(weights);
        if let Some(bias) = self.bias {
            check_vector(weights, bias, out)?;
        }
        Ok(out)
    }

    fn size(&self, inputs: &[Shape], weights: &[Weight]) -> Result<[usize; 2], NodeError> {
        let [_, expected] = self.dimensions(weights);
        let Shape {
            channels,
            height,
            width,
        } = inputs[0];
        // A plane may have more positions than a number can say.
        let found = channels.saturating_mul(height).saturating_mul(width);
        if found == expected {
            Ok([1, 1])
        } else {
            Err(NodeError::Features { expected, found })
        }
    }

    fn multiply_adds(&self, _: &[Shape], _: Shape, weights: &[Weight]) -> u64 {
        weights[self.weight.0].count() as u64
    }

    #[cfg(feature = "oracle")]
    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let x = inputs[0];
        let mut y = weights.output(self, &[x.shape]);
        for (o, y) in y.values.iter_mut().enumerate() {
            let products = x.values.iter().enumerate();
            *y = products.map(|(i, x)| self.factor(weights, o, i) * x).sum();
            if let Some(bias) = self.bias {
                *y += f64::from(self.beta) * f64::from(weights.values(bias)[o]);
            }
        }
        y
    }

    #[cfg(feature = "oracle")]
    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let mut gradient = Tensor::zeros(pass.inputs[0].shape);
        for (i, value) in gradient.values.iter_mut().enumerate() {
            let products = pass.gradient.values.iter().enumerate();
            *value = products
                .map(|(o, g)| self.factor(pass.weights, o, i) * g)
                .sum();
        }
        vec![gradient]
    }
}

#[cfg(feature = "oracle")]
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
