//! Networks and photographs that the tests share.

#![allow(dead_code, reason = "each test file uses its part")]

use std::{ops::ControlFlow, sync::Arc};

use burn::{
    nn::conv::{Conv2d, Conv2dConfig},
    tensor::{Device, Tensor},
};
use oneiric_core::Picture;
use oneiric_model::{InceptionV1, InceptionV1Config, Layer, Network, NetworkInfo, Probe};
use oneiric_testkit::{Array, devices};

pub(crate) fn tiny(device: &Device) -> InceptionV1 {
    InceptionV1::random(InceptionV1Config::tiny(), 5, device).expect("a configuration of ours")
}

/// A photograph of noise.
pub(crate) fn photograph(width: usize, height: usize, seed: u64) -> Picture {
    let noise = Array::noise([width * height * 3], seed).values;
    let values = noise.iter().map(|v| 0.5 + 0.5 * v).collect();
    Picture::new(width, height, values).expect("values in 0..1")
}

pub(crate) fn everywhere(check: impl Fn(&Device)) {
    for (_, device) in devices() {
        check(&device);
    }
}

/// A user-defined network of linear layers without biases: `first`, `second` and the class scores,
/// which are means over all positions.
#[derive(Debug)]
pub(crate) struct Linear {
    info: NetworkInfo,
    first: Conv2d,
    second: Conv2d,
}

impl Linear {
    pub(crate) fn new(device: &Device) -> Arc<Self> {
        let conv = |from, to, seed| {
            let config = Conv2dConfig::new([from, to], [3, 3]).with_bias(false);
            let mut conv = config.init(device);
            let weights = Array::noise([to, from, 3, 3], seed).tensor(device);
            conv.weight = conv.weight.map(|_| weights);
            conv
        };
        let layers = [("first", 6), ("second", 4), ("scores", 4)];
        let info = NetworkInfo::new(layers.map(|(name, n)| Layer::new(name, n)), device);
        let info = info.with_smallest_image([5, 5]).with_logits("scores");
        Arc::new(Self {
            info: info.expect("a layer of that name"),
            first: conv(3, 6, 1),
            second: conv(6, 4, 2),
        })
    }

    /// The kernel of the second layer, [4, 6, 3, 3].
    pub(crate) fn kernel(&self) -> Array {
        Array::of(self.second.weight.val())
    }
}

impl Network for Linear {
    fn info(&self) -> &NetworkInfo {
        &self.info
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        let x = probe.layer("first", self.first.forward(images))?;
        let x = probe.layer("second", self.second.forward(x))?;
        probe.layer("scores", x.flatten::<3>(2, 3).mean_dim(2).unsqueeze_dim(3))?;
        ControlFlow::Continue(())
    }
}
