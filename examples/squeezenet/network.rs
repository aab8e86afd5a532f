//! SqueezeNet 1.1 (Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters",
//! 2016; version 1.1 as in its authors' repository), with torchvision's names: an example of a
//! network that oneiric knows nothing of.

use std::ops::ControlFlow;

use oneiric::{
    Network,
    burn::{
        module::{Module, Param},
        nn::{
            Initializer, PaddingConfig2d,
            conv::{Conv2d, Conv2dConfig},
            pool::MaxPool2dConfig,
        },
        tensor::{Device, Tensor, TensorData},
    },
    model::{Layer, LayerId, Probe},
    weights::NamedTensors,
};

/// Mean and standard deviation of ImageNet's colours, as all of torchvision's networks want them.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// What is left of 17 pixels before the last pooling is 2, the least that it takes.
const SMALLEST: [usize; 2] = [17, 17];

/// The places of the fire modules in torchvision's `features`, and the channels of each after its
/// squeeze and after each half of its expansion. A pooling comes before 3, 6 and 9.
const FIRES: [(usize, usize, usize); 8] = [
    (3, 16, 64),
    (4, 16, 64),
    (6, 32, 128),
    (7, 32, 128),
    (9, 48, 192),
    (10, 48, 192),
    (11, 64, 256),
    (12, 64, 256),
];
/// Channels of the first convolution.
const STEM: usize = 64;

/// The scores of the classes at each position, before the ReLU that the network ends in.
pub(crate) const SCORES: &str = "classifier.1";

/// The weights, as burn wants them: a module, which can be trained.
#[derive(Module, Debug)]
pub(crate) struct Weights {
    stem: Conv2d,
    fires: Vec<Fire>,
    classifier: Conv2d,
}

#[derive(Module, Debug)]
struct Fire {
    squeeze: Conv2d,
    expand1x1: Conv2d,
    expand3x3: Conv2d,
}

/// What makes it a network to look into: the weights, and what there is to say about them.
#[derive(Debug)]
pub(crate) struct SqueezeNet {
    pub(crate) weights: Weights,
    layers: Vec<Layer>,
    labels: Vec<String>,
    device: Device,
}

impl SqueezeNet {
    /// A network with random weights, of `1 / narrowing` of the channels, on a device without
    /// autodiff.
    pub(crate) fn random(narrowing: usize, labels: Vec<String>, device: &Device) -> Self {
        let conv = |from: usize, to: usize, kernel: usize| {
            let padding = kernel / 2;
            // He et al., 2015: burn's own start is for networks with normalisations.
            let gain = std::f64::consts::SQRT_2;
            Conv2dConfig::new([from, to], [kernel; 2])
                .with_initializer(Initializer::KaimingUniform {
                    gain,
                    fan_out_only: false,
                })
                .with_padding(PaddingConfig2d::Explicit(
                    padding, padding, padding, padding,
                ))
                .init(device)
        };
        let mut from = STEM / narrowing;
        let mut stem = conv(3, from, 3);
        stem.stride = [2, 2];
        stem.padding = PaddingConfig2d::Valid;
        let fires = FIRES.iter().map(|(_, squeezed, expanded)| {
            let (squeezed, expanded) = (squeezed / narrowing, expanded / narrowing);
            let squeeze = conv(from, squeezed, 1);
            from = 2 * expanded;
            Fire {
                squeeze,
                expand1x1: conv(squeezed, expanded, 1),
                expand3x3: conv(squeezed, expanded, 3),
            }
        });
        let fires = fires.collect();
        let weights = Weights {
            stem,
            fires,
            classifier: conv(from, labels.len(), 1),
        };
        Self::new(weights, labels, device)
    }

    /// torchvision's network, from its state dict `squeezenet1_1-b8a52dc0.pth`.
    pub(crate) fn torchvision(
        tensors: &NamedTensors,
        labels: Vec<String>,
        device: &Device,
    ) -> Result<Self, String> {
        let mut net = Self::random(1, labels, device);
        let weights = &mut net.weights;
        load(&mut weights.stem, tensors, "features.0", device)?;
        for ((place, ..), fire) in FIRES.iter().zip(&mut weights.fires) {
            let name = |part| format!("features.{place}.{part}");
            load(&mut fire.squeeze, tensors, &name("squeeze"), device)?;
            load(&mut fire.expand1x1, tensors, &name("expand1x1"), device)?;
            load(&mut fire.expand3x3, tensors, &name("expand3x3"), device)?;
        }
        load(&mut weights.classifier, tensors, "classifier.1", device)?;
        net.weights = net.weights.valid();
        Ok(net)
    }

    fn new(weights: Weights, labels: Vec<String>, device: &Device) -> Self {
        let mut layers = Vec::new();
        let mut list = |name: &str, channels| layers.push(Layer::new(name, channels));
        let [stem, ..] = weights.stem.weight.dims();
        list("features.1", stem);
        list("features.2", stem);
        let mut channels = stem;
        for ((place, ..), fire) in FIRES.iter().zip(&weights.fires) {
            if let 6 | 9 = place {
                list(&format!("features.{}", place - 1), channels);
            }
            let [squeezed, ..] = fire.squeeze.weight.dims();
            list(&format!("features.{place}.squeeze_activation"), squeezed);
            channels = 2 * fire.expand1x1.weight.dims()[0];
            list(&format!("features.{place}"), channels);
        }
        list(SCORES, labels.len());
        list("classifier.2", labels.len());
        list("classifier.3", labels.len());
        Self {
            weights,
            layers,
            labels,
            device: device.clone(),
        }
    }
}

impl Network for SqueezeNet {
    fn layers(&self) -> &[Layer] {
        &self.layers
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn logits(&self) -> Option<LayerId> {
        Some(LayerId::new(self.layers.len() - 1))
    }

    fn labels(&self) -> &[String] {
        &self.labels
    }

    fn smallest_image(&self) -> [usize; 2] {
        SMALLEST
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        let Weights {
            stem,
            fires,
            classifier,
        } = &self.weights;
        // The last window may hang over the edge.
        let pool = MaxPool2dConfig::new([3, 3])
            .with_strides([2, 2])
            .with_ceil_mode(true)
            .init();
        let x = probe.relu(stem.forward(self.preprocess(images)));
        let mut x = probe.layer("features.1", x)?;
        for ((place, ..), fire) in FIRES.iter().zip(fires) {
            if let 3 | 6 | 9 = place {
                x = pool.forward(x);
                x = probe.layer(&format!("features.{}", place - 1), x)?;
            }
            x = probe.relu(fire.squeeze.forward(x));
            x = probe.layer(&format!("features.{place}.squeeze_activation"), x)?;
            let ones = probe.relu(fire.expand1x1.forward(x.clone()));
            let threes = probe.relu(fire.expand3x3.forward(x));
            x = Tensor::cat(vec![ones, threes], 1);
            x = probe.layer(&format!("features.{place}"), x)?;
        }
        let x = probe.layer(SCORES, classifier.forward(x))?;
        let x = probe.layer("classifier.2", probe.relu(x))?;
        probe.layer(
            "classifier.3",
            x.flatten::<3>(2, 3).mean_dim(2).unsqueeze_dim(3),
        )?;
        ControlFlow::Continue(())
    }
}

impl SqueezeNet {
    /// From 0..=1 to what it was trained on.
    fn preprocess(&self, images: Tensor<4>) -> Tensor<4> {
        let row = |values: [f32; 3]| {
            let data = TensorData::new(values.to_vec(), [1, 3, 1, 1]);
            Tensor::<4>::from_data(data, &self.device)
        };
        (images - row(MEAN)) / row(DEVIATION)
    }
}

/// Puts `name.weight` and `name.bias` into a convolution; PyTorch lays them out as burn does.
fn load(
    conv: &mut Conv2d,
    tensors: &NamedTensors,
    name: &str,
    device: &Device,
) -> Result<(), String> {
    conv.weight = param(
        tensors,
        &format!("{name}.weight"),
        conv.weight.dims(),
        device,
    )?;
    let channels = conv.weight.dims()[0];
    conv.bias = Some(param(tensors, &format!("{name}.bias"), [channels], device)?);
    Ok(())
}

fn param<const D: usize>(
    tensors: &NamedTensors,
    name: &str,
    shape: [usize; D],
    device: &Device,
) -> Result<Param<Tensor<D>>, String> {
    let found = tensors
        .get(name)
        .ok_or_else(|| format!("the file has no tensor {name:?}"))?;
    if found.shape != shape {
        return Err(format!("{name} is {:?} instead of {shape:?}", found.shape));
    }
    let data = TensorData::new(found.values.clone(), shape);
    Ok(Param::from_tensor(Tensor::from_data(data, device)))
}
