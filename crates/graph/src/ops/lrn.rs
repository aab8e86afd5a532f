//! Local response normalization.

use std::hash::{Hash, Hasher};

use oneiric_support::SettingError;
use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Fact, NodeError, Shape, Weight,
    oracle::{Backward, Tensor, Weights},
};

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
    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
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

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        inputs[0].shape.maps()?;
        Ok(inputs[0].shape)
    }

    fn forward(&self, inputs: &[&Tensor], _: &Weights<'_>) -> Tensor {
        let x = inputs[0];
        let pairs = x.values.iter().zip(self.bases(x));
        let values = pairs.map(|(value, base)| value * base.powf(-f64::from(self.beta)));
        Tensor::new(x.shape, values.collect())
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let (x, g) = (pass.inputs[0], pass.gradient);
        let bases = self.bases(x);
        let (alpha, beta) = (f64::from(self.alpha), f64::from(self.beta));
        let mut gradient = Tensor::zeros(x.shape);
        for at in 0..x.values.len() {
            let sum: f64 = self
                .neighbors(x, at)
                .map(|j| g.values[j] * x.values[j] * bases[j].powf(-beta - 1.0))
                .sum();
            gradient.values[at] =
                g.values[at] * bases[at].powf(-beta) - 2.0 * alpha * beta * x.values[at] * sum;
        }
        vec![gradient]
    }
}

impl Lrn {
    /// The places of the values at the position of one, in the channels around its own.
    fn neighbors(&self, x: &Tensor, at: usize) -> impl Iterator<Item = usize> {
        let (_, map) = x.maps();
        let plane = map.height * map.width;
        let (item, channel, position) = (at / map.count(), at / plane % map.channels, at % plane);
        let last = (channel + self.radius).min(map.channels - 1);
        let channels = channel.saturating_sub(self.radius)..=last;
        channels.map(move |channel| item * map.count() + channel * plane + position)
    }

    /// `bias + alpha * sum` of every value.
    fn bases(&self, x: &Tensor) -> Vec<f64> {
        let base = |at: usize| {
            let squares = self.neighbors(x, at).map(|j| x.values[j].powi(2));
            let sum: f64 = squares.sum();
            f64::from(self.bias) + f64::from(self.alpha) * sum
        };
        (0..x.values.len()).map(base).collect()
    }
}
