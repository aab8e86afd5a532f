//! Batch normalization during training, folded into the convolutions afterward.

use burn::tensor::Tensor;

use crate::conv_weights::ConvWeights;

/// The constant added to the variance.
const EPSILON: f32 = 1e-3;

/// The fraction of the running statistics that a step keeps.
const MOMENTUM: f32 = 0.98;

/// The scale, shift and running statistics of one convolution's channels, each of shape [channels]
/// (Ioffe and Szegedy, "Batch Normalization", 2015). Without batch normalization, the twenty-two
/// layers take many times as long to train.
#[derive(Debug, Clone)]
pub(crate) struct BatchNorm {
    pub(crate) gamma: Tensor<1>,
    pub(crate) beta: Tensor<1>,
    mean: Tensor<1>,
    variance: Tensor<1>,
}

impl BatchNorm {
    pub(crate) fn new(conv: &ConvWeights) -> Self {
        let beta = conv.bias.clone();
        Self {
            gamma: beta.ones_like(),
            beta: beta.zeros_like(),
            mean: beta.zeros_like(),
            variance: beta.ones_like(),
        }
    }

    /// Normalizes [n, channels, h, w] to the mean `beta` and the standard deviation `gamma`, and
    /// updates the running statistics.
    pub(crate) fn apply(&mut self, x: Tensor<4>) -> Tensor<4> {
        let [n, channels, height, width] = x.dims();
        let mean_of = |x: Tensor<4>| {
            let per_image = x.reshape([n, channels, height * width]).mean_dim(2);
            per_image.mean_dim(0).reshape([1, channels, 1, 1])
        };
        let mean = mean_of(x.clone());
        let centered = x - mean.clone();
        let variance = mean_of(centered.clone() * centered.clone());
        let update = |running: &mut Tensor<1>, batch: &Tensor<4>| {
            let batch = batch.clone().without_autodiff().reshape([channels]);
            *running = running.clone() * MOMENTUM + batch * (1.0 - MOMENTUM);
        };
        update(&mut self.mean, &mean);
        update(&mut self.variance, &variance);
        let gamma = self.gamma.clone().reshape([1, channels, 1, 1]);
        let beta = self.beta.clone().reshape([1, channels, 1, 1]);
        let scale = gamma * (variance + EPSILON).sqrt().recip();
        centered * scale + beta
    }

    /// Folds the normalization, with the running statistics, into the convolution.
    pub(crate) fn fold(&self, conv: &ConvWeights) -> ConvWeights {
        let scale = self.gamma.clone() * (self.variance.clone() + EPSILON).sqrt().recip();
        let [channels] = scale.dims();
        ConvWeights {
            weight: conv.weight.clone() * scale.clone().reshape([channels, 1, 1, 1]),
            bias: self.beta.clone() - self.mean.clone() * scale,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BatchNorm;
    use crate::conv_weights::ConvWeights;
    use burn::tensor::{Tensor, module, ops::ConvOptions};
    use oneiric_core::{default_device, read};

    #[test]
    fn the_folded_convolution_equals_convolution_and_normalization() {
        let device = default_device().expect("a backend is compiled in");
        let ramp = |count: usize| {
            let values: Vec<f32> = (0..count).map(|i| (i as f32 * 0.7).sin()).collect();
            Tensor::<1>::from_floats(values.as_slice(), &device)
        };
        let conv = ConvWeights {
            weight: ramp(4 * 3 * 9).reshape([4, 3, 3, 3]),
            bias: ramp(4).zeros_like(),
        };
        let images = ramp(2 * 3 * 8 * 8).reshape([2, 3, 8, 8]);
        let convolve = |conv: &ConvWeights| {
            let options = ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
            let (weight, bias) = (conv.weight.clone(), conv.bias.clone());
            module::conv2d(images.clone(), weight, Some(bias), options)
        };
        let mut norm = BatchNorm::new(&conv);
        norm.gamma = ramp(4) + 1.5;
        norm.beta = ramp(4) * 0.3;
        let mut normalized = norm.apply(convolve(&conv));
        // Repeat until the running statistics have converged to those of this batch.
        for _ in 0..1000 {
            normalized = norm.apply(convolve(&conv));
        }
        let folded = read(convolve(&norm.fold(&conv))).expect("readable");
        let normalized = read(normalized).expect("readable");
        for (folded, normalized) in folded.iter().zip(&normalized) {
            assert!((folded - normalized).abs() < 1e-4, "{folded} {normalized}");
        }
        // Channel 0 has the mean beta and, except for epsilon, the standard deviation gamma.
        let channel: Vec<f32> = normalized
            .chunks(64)
            .step_by(4)
            .flatten()
            .copied()
            .collect();
        let mean = channel.iter().sum::<f32>() / channel.len() as f32;
        assert!(mean.abs() < 1e-5, "beta of channel 0 is 0, the mean {mean}");
        let variance = channel.iter().map(|v| v * v).sum::<f32>() / channel.len() as f32;
        assert!((variance.sqrt() - 1.5).abs() < 0.01, "{variance}");
    }
}
