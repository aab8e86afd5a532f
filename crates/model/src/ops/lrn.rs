//! Local response normalization across channels.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use burn::tensor::{Device, Tensor, TensorData, module, ops::ConvOptions};
use oneiric_graph::Lrn;

use super::{BurnOp, Inputs, Pass, Value};

impl BurnOp for Lrn {
    /// The sum over neighboring channels is a 1x1 convolution with a band matrix: exact, one matrix
    /// product, and several times faster than burn's average pooling over the channel axis.
    fn run(&self, mut inputs: Inputs<'_>, pass: &Pass<'_>) -> Value {
        let x = inputs.take_maps(0);
        let Band { matrix, bias } = pass.bands.of(self, x.dims()[1]);
        let options = ConvOptions::new([1; 2], [0; 2], [1; 2], 1);
        let squares = x.clone() * x.clone();
        let base = module::conv2d(squares, matrix, Some(bias), options);
        inputs.maps(x * base.powf_scalar(-self.beta))
    }
}

/// The sum over neighboring channels as a 1x1 convolution.
#[derive(Debug, Clone)]
struct Band {
    /// [c, c, 1, 1]: alpha where |i - j| <= radius.
    matrix: Tensor<4>,
    /// [c].
    bias: Tensor<1>,
}

impl Band {
    fn new(lrn: &Lrn, channels: usize, device: &Device) -> Self {
        let weight = |at: usize| {
            let (i, j) = (at / channels, at % channels);
            if i.abs_diff(j) <= lrn.radius {
                lrn.alpha
            } else {
                0.0
            }
        };
        let matrix = (0..channels * channels).map(weight).collect();
        let matrix = TensorData::new(matrix, [channels, channels, 1, 1]);
        let bias = TensorData::new(vec![lrn.bias; channels], [channels]);
        Self {
            matrix: Tensor::from_data(matrix, device),
            bias: Tensor::from_data(bias, device),
        }
    }
}

/// The band matrices of a network's normalizations, each made on first use; equal ones are shared.
#[derive(Debug, Clone)]
pub(crate) struct LrnBands {
    device: Device,
    made: Arc<Mutex<HashMap<(Lrn, usize), Band>>>,
}

impl LrnBands {
    pub(crate) fn new(device: &Device) -> Self {
        Self {
            device: device.clone(),
            made: Arc::default(),
        }
    }

    fn of(&self, lrn: &Lrn, channels: usize) -> Band {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let band = made.entry((*lrn, channels));
        let band = band.or_insert_with(|| Band::new(lrn, channels, &self.device));
        band.clone()
    }
}

#[cfg(test)]
mod tests {
    use oneiric_graph::Lrn;

    use crate::ops::testing::check;

    #[test]
    fn it_is_its_definition_in_both_forms() {
        for (name, lrn) in [
            (
                "TensorFlow's",
                Lrn {
                    radius: 5,
                    bias: 2.0,
                    alpha: 0.5,
                    beta: 0.5,
                },
            ),
            ("Caffe's", Lrn::caffe(5, 2.0, 0.75, 1.0)),
            (
                "wide",
                Lrn {
                    radius: 40,
                    bias: 1.0,
                    alpha: 0.1,
                    beta: 1.5,
                },
            ),
        ] {
            check(name, 16, &[[3, 4]], |net| net.lrn("norm", net.input(), lrn));
        }
    }
}
