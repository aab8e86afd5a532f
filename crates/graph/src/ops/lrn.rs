//! Local response normalization.

use std::hash::{Hash, Hasher};

use oneiric_support::SettingError;
use serde::{Deserialize, Serialize};

use super::Operator;
#[cfg(feature = "oracle")]
use crate::oracle::{Backward, Tensor, Weights};
use crate::{NodeError, Shape, Weight};

/// Local response normalization across channels:
/// `y_i = x_i / (bias + alpha * sum_{|j - i| <= radius} x_j^2)^beta`.
///
/// This is TensorFlow's form (`tf.nn.local_response_normalization`). Caffe, PyTorch and ONNX divide
/// their alpha by the length `2 * radius + 1` of the window first; [`Lrn::caffe`] converts.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Lrn {
    /// Channels on either side that count, at most 1024.
    pub radius: usize,
    /// The number that is added to the scaled sum; above 0.
    pub bias: f32,
    /// The scale of the sum of squares; not negative.
    pub alpha: f32,
    /// The exponent.
    pub beta: f32,
}

impl Lrn {
    /// Converts Caffe's (or PyTorch's) parameters, whose `alpha` is divided by the length `size`
    /// of the window.
    #[must_use]
    pub const fn caffe(size: usize, alpha: f32, beta: f32, k: f32) -> Self {
        Self {
            radius: size / 2,
            bias: k,
            alpha: alpha / size as f32,
            beta,
        }
    }

    /// The settings as bits, by which they are compared and hashed.
    const fn bits(self) -> (usize, [u32; 3]) {
        let Self {
            radius,
            bias,
            alpha,
            beta,
        } = self;
        (radius, [bias.to_bits(), alpha.to_bits(), beta.to_bits()])
    }
}

impl PartialEq for Lrn {
    fn eq(&self, other: &Self) -> bool {
        self.bits() == other.bits()
    }
}

impl Eq for Lrn {}

impl Hash for Lrn {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bits().hash(state);
    }
}

impl Operator for Lrn {
    fn channels(&self, inputs: &[usize], _: &[Weight]) -> Result<usize, NodeError> {
        let setting = |part| format!("the {part} of the normalization");
        let Self {
            radius,
            bias,
            alpha,
            beta,
        } = *self;
        SettingError::require(setting("radius"), radius, radius <= 1024, "at most 1024")?;
        let good = bias.is_finite() && bias > 0.0;
        SettingError::require(setting("bias"), bias, good, "finite and above 0")?;
        let good = alpha.is_finite() && alpha >= 0.0;
        SettingError::require(setting("alpha"), alpha, good, "finite and not negative")?;
        SettingError::require(setting("beta"), beta, beta.is_finite(), "finite")?;
        Ok(inputs[0])
    }

    fn size(&self, inputs: &[Shape], _: &[Weight]) -> Result<[usize; 2], NodeError> {
        Ok(inputs[0].size())
    }

    #[cfg(feature = "oracle")]
    fn forward(&self, inputs: &[&Tensor], _: &Weights<'_>) -> Tensor {
        let x = inputs[0];
        let pairs = x.values.iter().zip(self.bases(x));
        let values = pairs.map(|(value, base)| value * base.powf(-f64::from(self.beta)));
        Tensor::new(x.shape, values.collect())
    }

    #[cfg(feature = "oracle")]
    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let (x, g) = (pass.inputs[0], pass.gradient);
        let bases = self.bases(x);
        let (alpha, beta) = (f64::from(self.alpha), f64::from(self.beta));
        let plane = x.shape.height * x.shape.width;
        let mut gradient = Tensor::zeros(x.shape);
        for at in 0..x.values.len() {
            let sum: f64 = (0..x.shape.channels)
                .filter(|j| j.abs_diff(at / plane) <= self.radius)
                .map(|j| j * plane + at % plane)
                .map(|j| g.values[j] * x.values[j] * bases[j].powf(-beta - 1.0))
                .sum();
            gradient.values[at] =
                g.values[at] * bases[at].powf(-beta) - 2.0 * alpha * beta * x.values[at] * sum;
        }
        vec![gradient]
    }
}

#[cfg(feature = "oracle")]
impl Lrn {
    /// `bias + alpha * sum` of every value.
    fn bases(&self, x: &Tensor) -> Vec<f64> {
        let plane = x.shape.height * x.shape.width;
        let base = |at: usize| {
            let sum: f64 = (0..x.shape.channels)
                .filter(|j| j.abs_diff(at / plane) <= self.radius)
                .map(|j| x.values[j * plane + at % plane].powi(2))
                .sum();
            f64::from(self.bias) + f64::from(self.alpha) * sum
        };
        (0..x.values.len()).map(base).collect()
    }
}
