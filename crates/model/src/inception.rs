//! The InceptionV1 itself.

mod files;

use std::{
    collections::HashMap,
    fmt,
    ops::ControlFlow,
    sync::{Arc, OnceLock},
};

use burn::tensor::{Device, Tensor, TensorData, activation};
use oneiric_core::{Backend, Picture, read};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use oneiric_kernels::Frozen;
use oneiric_weights::{HostTensor, NamedTensors};

use crate::{
    ColourOrder, ConvWeights, InceptionV1Config, Kernels, Layer, LayerId, ModelError, Network,
    Prediction, Probe, ReluGradient,
    card::is_imagenet,
    classify::imagenet_labels,
    graph::{Graph, LOGITS, Op},
    ops::{self, LrnKernel},
    weights,
};

/// Classes of ImageNet's ILSVRC 2012.
const IMAGENET_CLASSES: usize = 1000;

/// An InceptionV1 with frozen weights. Clones share the weights.
///
/// It takes images of any size. Before the classifier the features are averaged over all
/// positions: at 224x224 that is the original networks' 7x7 average pooling, and other sizes have
/// class scores too (TensorFlow's graph has none below 193 pixels, and a map of them above 224).
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::{Device, Tensor};
/// use oneiric_model::{InceptionV1, InceptionV1Config, Network, ReluGradient};
///
/// let net = InceptionV1::random(InceptionV1Config::tiny(), 0, &Device::flex())?;
/// let layers = [net.layer("mixed4c")?, net.layer("logits")?];
/// let images = Tensor::full([2, 3, 64, 48], 0.5, net.device());
/// let acts = net.forward_to(images, &layers, ReluGradient::Plain);
/// assert_eq!(acts[0].dims(), [2, 16, 4, 3]);
/// assert_eq!(acts[1].dims(), [2, 10, 1, 1]);
/// # }
/// # Ok::<(), oneiric_model::ModelError>(())
/// ```
#[derive(Clone)]
pub struct InceptionV1 {
    inner: Arc<Inner>,
    labels: Arc<Vec<String>>,
    kernels: Kernels,
}

struct Inner {
    config: InceptionV1Config,
    /// Where the weights came from, for [`InceptionV1::save`].
    source: String,
    graph: Arc<Graph>,
    convs: Vec<ConvWeights>,
    /// By number of channels.
    lrn: HashMap<usize, LrnKernel>,
    /// What preprocessing subtracts, [1, 3, 1, 1] in the input's colour order.
    mean: Tensor<4>,
    device: Device,
    /// The weights as the CPU kernels want them, made when first needed; `None` if they are for
    /// burn alone.
    frozen: OnceLock<Option<Frozen>>,
}

impl InceptionV1 {
    /// A network from its configuration and its tensors, named and laid out as in a file of its
    /// variant: TensorFlow's graph (`mixed4a_3x3_bottleneck_w` `[k, k, in, out]`, `..._b` `[out]`,
    /// `softmax2_w` `[in, classes]`), which [`Variant::Custom`](crate::Variant::Custom) uses too;
    /// lucent's state dict; Caffe's model (`inception_4a/3x3_reduce.weight` `[out, in, k, k]`,
    /// `loss3/classifier.weight` `[classes, in]`); torchvision's state dict.
    ///
    /// # Errors
    ///
    /// [`ModelError::Weights`] when a tensor is missing, misshapen, not finite or unknown;
    /// [`ModelError::NoChannels`] for a configuration with an empty layer.
    pub fn from_tensors(
        config: InceptionV1Config,
        tensors: NamedTensors,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let kernels = Kernels::fastest(Backend::of(device)?);
        let device = device.clone().without_autodiff();
        let graph = Graph::new(&config);
        if let Some(layer) = graph.layers.iter().find(|layer| layer.channels() == 0) {
            return Err(ModelError::NoChannels {
                layer: layer.name().to_owned(),
            });
        }
        let convs = weights::load(&config, &graph, tensors, &device)?;
        let mut bands = HashMap::new();
        if let Some(lrn) = &config.lrn {
            for channels in [config.stem[0], config.stem[2]] {
                let band = bands.entry(channels);
                band.or_insert_with(|| LrnKernel::new(lrn, channels, &device));
            }
        }
        let mean = TensorData::new(config.preprocessing.mean.to_vec(), [1, 3, 1, 1]);
        let labels = if is_imagenet(config.variant) && config.classes == IMAGENET_CLASSES {
            imagenet_labels()
        } else {
            Vec::new()
        };
        Ok(Self {
            inner: Arc::new(Inner {
                mean: Tensor::from_data(mean, &device),
                lrn: bands,
                config,
                source: "tensors".to_owned(),
                graph: Arc::new(graph),
                convs,
                device,
                frozen: OnceLock::new(),
            }),
            labels: Arc::new(labels),
            kernels,
        })
    }

    /// The weights of the convolutions, in the order of the forward pass.
    #[must_use]
    pub fn weights(&self) -> &[ConvWeights] {
        &self.inner.convs
    }

    /// The same network with other weights, as [`weights`](Self::weights) gives them: to train
    /// it, with tensors that autodiff tracks, or to change it.
    ///
    /// # Errors
    ///
    /// [`ModelError::Weights`] when the number or the shapes of the tensors are others.
    pub fn with_weights(&self, convs: Vec<ConvWeights>) -> Result<Self, ModelError> {
        weights::check_shapes(&self.inner.config, &self.inner.graph, &convs)?;
        Ok(self.replace(convs, &self.inner.source))
    }

    /// The same network with another note of where its weights came from, which
    /// [`save`](Self::save) writes.
    #[must_use]
    pub fn with_source(&self, source: &str) -> Self {
        self.replace(self.inner.convs.clone(), source)
    }

    fn replace(&self, convs: Vec<ConvWeights>, source: &str) -> Self {
        let inner = &*self.inner;
        Self {
            inner: Arc::new(Inner {
                config: inner.config.clone(),
                source: source.to_owned(),
                graph: Arc::clone(&inner.graph),
                convs,
                lrn: inner.lrn.clone(),
                mean: inner.mean.clone(),
                device: inner.device.clone(),
                frozen: OnceLock::new(),
            }),
            labels: Arc::clone(&self.labels),
            kernels: self.kernels,
        }
    }

    /// A network with random weights: normal with variance 2 / fan-in (He et al., 2015), biases
    /// 0. What it "sees" says nothing, but shapes, speed and code are those of a trained one; and
    /// a picture that looks the same for random weights does not show what a network has learned.
    ///
    /// # Errors
    ///
    /// As [`from_tensors`](Self::from_tensors).
    pub fn random(
        config: InceptionV1Config,
        seed: u64,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let tensors = weights::names_and_shapes(&config)
            .into_iter()
            .map(|(name, shape, fan_in)| {
                let count = shape.iter().product();
                let values = match fan_in {
                    Some(fan_in) => Normal::new(0.0, (2.0 / fan_in as f32).sqrt())
                        .map(|normal| normal.sample_iter(&mut rng).take(count).collect())
                        .unwrap_or_else(|_| vec![0.0; count]),
                    None => vec![0.0; count],
                };
                (name, HostTensor { shape, values })
            })
            .collect();
        Ok(Self::from_tensors(config, tensors, device)?
            .with_source(&format!("random weights, seed {seed}")))
    }

    /// The same network with other labels, one a class, in order. (`inception5h` has 1008
    /// outputs and a file of 1001 labels, so fewer are allowed.)
    ///
    /// # Errors
    ///
    /// [`ModelError::Labels`] when there are more labels than classes.
    pub fn with_labels(mut self, labels: Vec<String>) -> Result<Self, ModelError> {
        let classes = self.inner.config.classes;
        if labels.len() > classes {
            return Err(ModelError::Labels {
                classes,
                found: labels.len(),
            });
        }
        self.labels = Arc::new(labels);
        Ok(self)
    }

    /// The same network, computed by other kernels than the fastest: to compare them.
    ///
    /// # Errors
    ///
    /// [`ModelError::Kernels`] when they are not among [`Kernels::available`], or cannot compute
    /// this network.
    pub fn with_kernels(mut self, kernels: Kernels) -> Result<Self, ModelError> {
        let available = Kernels::available(Backend::of(&self.inner.device)?);
        let is_available = available.contains(&kernels);
        self.kernels = kernels;
        if !is_available || self.kernels() != kernels {
            return Err(ModelError::Kernels { kernels, available });
        }
        Ok(self)
    }

    /// What computes the network: burn also where autodiff tracks the weights, and for what the
    /// kernels do not know (a normalisation that divides by 0).
    #[must_use]
    pub fn kernels(&self) -> Kernels {
        match self.frozen() {
            Some(frozen) => Kernels::Frozen(frozen.isa()),
            None => Kernels::Burn,
        }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &InceptionV1Config {
        &self.inner.config
    }

    /// How many multiplications (each with an addition) the convolutions that these layers need
    /// make for an image of that height and width: the useful work of a forward pass. The gradient
    /// of the image takes as many again. `None` when the image is too small for a layer.
    #[must_use]
    pub fn multiply_adds(&self, layers: &[LayerId], image: [usize; 2]) -> Option<u64> {
        let graph = &self.inner.graph;
        let sizes = graph.sizes(image);
        let wanted: Vec<usize> = layers.iter().map(|layer| layer.0).collect();
        let mut total = 0;
        for (index, _) in graph.needed(&wanted).iter().enumerate().filter(|n| *n.1) {
            let [height, width] = sizes[index]?;
            if let Op::Conv { weights, .. } = graph.nodes[index].op {
                let conv = &graph.convs[weights];
                let per_position = conv.out * conv.input * conv.kernel * conv.kernel;
                total += (per_position * height * width) as u64;
            }
        }
        Some(total)
    }

    /// What the network says a photograph shows: all classes, the most probable first.
    ///
    /// The largest square in the photograph's centre is looked at, scaled to the size that the
    /// network was trained on (224x224, but for the small one that ships inside).
    ///
    /// # Errors
    ///
    /// When the device does not hand the result over.
    pub fn classify(&self, photograph: &Picture) -> Result<Vec<Prediction>, ModelError> {
        let photograph = photograph.to_rgb()?;
        let side = self.inner.config.side;
        let shorter = photograph.width().min(photograph.height());
        let square = photograph
            .crop_center(shorter, shorter)
            .resize(side, side)?;
        let softmax = LayerId(self.inner.graph.layers.len() - 1);
        let images = square.to_tensor(&self.inner.device);
        let softmax = self.forward_to(images, &[softmax], ReluGradient::Plain);
        let probabilities = read(softmax[0].clone())?;
        Ok(Prediction::ranked(&probabilities, &self.labels))
    }

    /// From a batch of RGB images [n, 3, height, width] in 0..=1 to the network's input: colours
    /// in its order, times its scale, minus its mean.
    #[must_use]
    pub fn preprocess(&self, images: Tensor<4>) -> Tensor<4> {
        let images = match self.inner.config.preprocessing.order {
            ColourOrder::Rgb => images,
            ColourOrder::Bgr => images.flip([1]),
        };
        images.mul_scalar(self.inner.config.preprocessing.scale) - self.inner.mean.clone()
    }

    /// [`Network::forward_to`] for an input that is already preprocessed.
    ///
    /// # Panics
    ///
    /// When the input is too small for a layer.
    #[must_use]
    pub fn forward_preprocessed(
        &self,
        input: Tensor<4>,
        layers: &[LayerId],
        relu: ReluGradient,
    ) -> Vec<Tensor<4>> {
        match self.frozen() {
            Some(frozen) => self.forward_frozen(&frozen, input, layers, relu),
            None => {
                let mut probe = Probe::new(self.layers(), layers, relu);
                let _ = self.forward_by_burn(input, &mut probe);
                probe.into_values()
            }
        }
    }

    fn forward_frozen(
        &self,
        frozen: &Frozen,
        input: Tensor<4>,
        layers: &[LayerId],
        relu: ReluGradient,
    ) -> Vec<Tensor<4>> {
        let nodes = &self.inner.graph.nodes;
        let is_softmax = |layer: &LayerId| matches!(nodes[layer.0].op, Op::Softmax);
        // The kernels end at the classifier's outputs.
        let wanted = layers.iter().map(|layer| match is_softmax(layer) {
            true => nodes[layer.0].inputs[0],
            false => layer.0,
        });
        let wanted: Vec<usize> = wanted.collect();
        let values = ops::forward_frozen(frozen, input, &wanted, relu);
        let values = layers.iter().zip(values);
        let values = values.map(|(layer, value)| match is_softmax(layer) {
            true => activation::softmax(value, 1),
            false => value,
        });
        values.collect()
    }

    /// The network for the CPU, unless burn is to compute it.
    fn frozen(&self) -> Option<Frozen> {
        let Kernels::Frozen(isa) = self.kernels else {
            return None;
        };
        let Inner {
            config,
            graph,
            convs,
            frozen,
            ..
        } = &*self.inner;
        let frozen = frozen.get_or_init(|| {
            // Weights that autodiff tracks are not frozen.
            let tracked = convs
                .iter()
                .any(|conv| conv.weight.is_tracked() || conv.bias.is_tracked());
            let frozen = || ops::frozen(config, graph, convs);
            (!tracked).then(frozen).flatten()
        });
        frozen.clone()?.with_isa(isa).ok()
    }

    /// Computes by burn's operations what the probe asks for, of a preprocessed input.
    fn forward_by_burn(&self, input: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        let Inner { graph, .. } = &*self.inner;
        let wanted: Vec<usize> = probe.wanted().iter().map(|layer| layer.0).collect();
        let needed = graph.needed(&wanted);
        // How often each node will still be read, so that the last reader takes it.
        let mut readers = vec![0_usize; graph.nodes.len()];
        for (_, node) in graph.nodes.iter().enumerate().filter(|(i, _)| needed[*i]) {
            for &input in &node.inputs {
                readers[input] += 1;
            }
        }
        let mut values: Vec<Option<Tensor<4>>> = vec![None; graph.nodes.len()];
        let mut read = |values: &mut Vec<Option<Tensor<4>>>, node: usize| {
            readers[node] -= 1;
            let value = match readers[node] {
                0 => values[node].take(),
                _ => values[node].clone(),
            };
            value.expect("a node is computed before it is read")
        };
        for (index, node) in graph.nodes.iter().enumerate() {
            if !needed[index] {
                continue;
            }
            let value = match node.op {
                Op::Input => input.clone(),
                _ => {
                    let inputs = node.inputs.iter().map(|&i| read(&mut values, i)).collect();
                    self.compute(&node.op, inputs, probe.relu_gradient())
                }
            };
            values[index] = Some(probe.at(LayerId(index), value)?);
        }
        ControlFlow::Continue(())
    }

    fn compute(&self, op: &Op, mut inputs: Vec<Tensor<4>>, relu: ReluGradient) -> Tensor<4> {
        let Inner {
            config, convs, lrn, ..
        } = &*self.inner;
        if let Op::Concat = op {
            return Tensor::cat(inputs, 1);
        }
        let x = inputs.remove(0);
        match op {
            Op::Input | Op::Concat => x,
            Op::Conv {
                weights,
                stride,
                bias,
            } => ops::conv2d(x, &convs[*weights], *stride, config.padding, *bias),
            Op::Relu => ops::relu(x, relu),
            Op::MaxPool { kernel, stride } => ops::max_pool(x, *kernel, *stride, config.padding),
            Op::Lrn => lrn[&x.dims()[1]].apply(x),
            Op::GlobalAveragePool => ops::global_average_pool(x),
            Op::Softmax => activation::softmax(x, 1),
        }
    }
}

impl Network for InceptionV1 {
    fn layers(&self) -> &[Layer] {
        &self.inner.graph.layers
    }

    fn identity(&self) -> usize {
        Arc::as_ptr(&self.inner) as usize
    }

    fn device(&self) -> &Device {
        &self.inner.device
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        self.forward_by_burn(self.preprocess(images), probe)
    }

    fn logits(&self) -> Option<LayerId> {
        let is_logits = |layer: &Layer| layer.name() == LOGITS;
        self.layers().iter().position(is_logits).map(LayerId)
    }

    fn labels(&self) -> &[String] {
        &self.labels
    }

    fn layer_size(&self, layer: LayerId, image: [usize; 2]) -> Option<[usize; 2]> {
        self.inner.graph.sizes(image)[layer.0]
    }

    fn forward_to(
        &self,
        images: Tensor<4>,
        layers: &[LayerId],
        relu: ReluGradient,
    ) -> Vec<Tensor<4>> {
        self.forward_preprocessed(self.preprocess(images), layers, relu)
    }
}

impl fmt::Debug for InceptionV1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InceptionV1")
            .field("config", &self.inner.config)
            .field("device", &self.inner.device)
            .field("labels", &self.labels.len())
            .finish()
    }
}
