//! Batch normalisation while training, folded into the convolutions afterwards.

use burn::tensor::Tensor;
use oneiric_model::ConvWeights;

/// Added to the variance.
const EPSILON: f32 = 1e-3;

/// How much of the running statistics a step keeps.
const MOMENTUM: f32 = 0.98;

/// Scale, shift and running statistics of one convolution's channels, each [channels] (Ioffe and
/// Szegedy, "Batch Normalization", 2015). Without it, twenty-two layers take many times as long
/// to learn.
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

    /// [n, channels, h, w] with mean `beta` and deviation `gamma`; notes the batch's statistics.
    pub(crate) fn apply(&mut self, x: Tensor<4>) -> Tensor<4> {
        let [n, channels, height, width] = x.dims();
        let mean_of = |x: Tensor<4>| {
            let per_image = x.reshape([n, channels, height * width]).mean_dim(2);
            per_image.mean_dim(0).reshape([1, channels, 1, 1])
        };
        let mean = mean_of(x.clone());
        let centred = x - mean.clone();
        let variance = mean_of(centred.clone() * centred.clone());
        let note = |running: &mut Tensor<1>, batch: &Tensor<4>| {
            let batch = batch.clone().without_autodiff().reshape([channels]);
            *running = running.clone() * MOMENTUM + batch * (1.0 - MOMENTUM);
        };
        note(&mut self.mean, &mean);
        note(&mut self.variance, &variance);
        let gamma = self.gamma.clone().reshape([1, channels, 1, 1]);
        let beta = self.beta.clone().reshape([1, channels, 1, 1]);
        let scale = gamma * (variance + EPSILON).sqrt().recip();
        centred * scale + beta
    }

    /// The convolution that does both, with the running statistics.
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
    use burn::tensor::{Tensor, module, ops::ConvOptions};
    use oneiric_core::{default_device, read};
    use oneiric_model::ConvWeights;

    use super::BatchNorm;

    #[test]
    fn the_folded_convolution_is_convolution_and_normalisation() {
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
        let mut normalised = norm.apply(convolve(&conv));
        // Until the running statistics are those of this batch.
        for _ in 0..1000 {
            normalised = norm.apply(convolve(&conv));
        }
        let folded = read(convolve(&norm.fold(&conv))).expect("readable");
        let normalised = read(normalised).expect("readable");
        for (folded, normalised) in folded.iter().zip(&normalised) {
            assert!((folded - normalised).abs() < 1e-4, "{folded} {normalised}");
        }
        // Channel 0: mean beta and deviation gamma, but for the epsilon.
        let channel: Vec<f32> = normalised
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
