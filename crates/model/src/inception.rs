//! InceptionV1.

pub(crate) mod builder;
mod card;
mod config;
mod files;
mod names;
mod scheme;
mod tensors;

use std::{fmt, ops::ControlFlow, sync::Arc};

use burn::tensor::{Device, Tensor};
use oneiric_core::{Backend, Picture, read};
use oneiric_weights::NamedTensors;

pub use config::{BlockWidths, InceptionV1Config, PaddingRule, Variant};

use crate::{
    BurnReason, GraphNetwork, Kernels, LayerId, ModelError, Network, NetworkExt, NetworkInfo,
    NetworkWeights, Prediction, Probe, ReluGradient, classify::imagenet_labels,
};
use builder::{LOGITS, SOFTMAX};

/// Classes of ImageNet's ILSVRC 2012.
const IMAGENET_CLASSES: usize = 1000;

/// An InceptionV1 with frozen weights. Clones share the weights.
///
/// It is a [`GraphNetwork`] with a configuration, files and names of its own. It takes images of
/// any size. Before the classifier the features are averaged over all positions: at 224x224 that is
/// the original networks' 7x7 average pooling, and other sizes have class scores too (TensorFlow's
/// graph has none below 193 pixels, and a map of them above 224).
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::{Device, Tensor};
/// use oneiric_model::{InceptionV1, InceptionV1Config, NetworkExt, ReluGradient};
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
    config: Arc<InceptionV1Config>,
    /// The origin of the weights, for [`InceptionV1::save`].
    source: Arc<str>,
    network: GraphNetwork,
}

impl InceptionV1 {
    /// Creates a network from its configuration and its tensors, named and laid out as in a file of
    /// its variant: TensorFlow's graph (`mixed4a_3x3_bottleneck_w` `[k, k, in, out]`, `..._b`
    /// `[out]`, `softmax2_w` `[in, classes]`), which [`Variant::Custom`] uses too; lucent's state
    /// dict; Caffe's model (`inception_4a/3x3_reduce.weight` `[out, in, k, k]`,
    /// `loss3/classifier.weight` `[classes, in]`); torchvision's state dict.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Weights`] if a tensor is missing, misshapen, not finite or unknown,
    /// and the errors of [`InceptionV1Config::graph`] and [`GraphNetwork::new`].
    pub fn from_tensors(
        config: InceptionV1Config,
        tensors: NamedTensors,
        device: &Device,
    ) -> Result<Self, ModelError> {
        Backend::of(device)?;
        let graph = config.graph()?;
        let tensors = tensors::to_graph(&config, &graph, tensors)?;
        let network = GraphNetwork::new(graph, tensors, device)?
            .with_preprocessing(config.preprocessing.clone())?
            .with_aliases(names::aliases)
            .with_logits(LOGITS)?;
        let net = Self {
            network,
            source: "tensors".into(),
            config: Arc::new(config),
        };
        if card::is_imagenet(net.config.variant) && net.config.classes == IMAGENET_CLASSES {
            return net.with_labels(imagenet_labels());
        }
        Ok(net)
    }

    /// Creates a network with random weights: normal with variance 2 / fan-in (He et al., 2015),
    /// biases 0. Its features mean nothing, but its shapes and its speed are those of a trained
    /// network. It is a control, too: a picture that looks the same for random weights does not
    /// show what a network has learned.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`from_tensors`](Self::from_tensors).
    pub fn random(
        config: InceptionV1Config,
        seed: u64,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let tensors = tensors::random(&config, &config.graph()?, seed);
        let net = Self::from_tensors(config, tensors, device)?;
        Ok(net.with_source(&format!("random weights, seed {seed}")))
    }

    /// Sets the description of the weights' origin, which [`save`](Self::save) writes.
    #[must_use]
    pub fn with_source(mut self, source: &str) -> Self {
        self.source = source.into();
        self
    }

    /// Sets the labels, one for each class, in order. (`inception5h` has 1008 outputs and a file of
    /// 1001 labels, so fewer are allowed.)
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Labels`] if there are more labels than classes.
    pub fn with_labels(self, labels: Vec<String>) -> Result<Self, ModelError> {
        let network = self.network.with_labels(labels)?;
        Ok(Self { network, ..self })
    }

    /// Returns the network with other weights: changed ones, or tensors that autodiff tracks, to
    /// train them.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Weights`] if the weights are those of another graph.
    pub fn with_weights(&self, weights: NetworkWeights) -> Result<Self, ModelError> {
        let network = self.network.with_weights(weights)?;
        let net = self.clone();
        Ok(Self { network, ..net })
    }

    /// Sets the executor of the network, to compare it with the fastest.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`GraphNetwork::with_kernels`].
    pub fn with_kernels(self, kernels: Kernels) -> Result<Self, ModelError> {
        let network = self.network.with_kernels(kernels)?;
        Ok(Self { network, ..self })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &InceptionV1Config {
        &self.config
    }

    /// The network as a graph, with everything that is common to all graphs.
    #[must_use]
    pub const fn network(&self) -> &GraphNetwork {
        &self.network
    }

    /// The weights, by the names of [`InceptionV1Config::graph`].
    #[must_use]
    pub const fn weights(&self) -> &NetworkWeights {
        self.network.weights()
    }

    /// Returns the executor of the network.
    #[must_use]
    pub fn kernels(&self) -> Kernels {
        self.network.kernels()
    }

    /// Returns the reason why burn's operations compute the network; `None` if the kernels do.
    #[must_use]
    pub fn burn_reason(&self) -> Option<BurnReason> {
        self.network.burn_reason()
    }

    /// Returns [`GraphNetwork::multiply_adds`].
    #[must_use]
    pub fn multiply_adds(&self, layers: &[LayerId], image: [usize; 2]) -> Option<u64> {
        self.network.multiply_adds(layers, image)
    }

    /// Classifies a photograph: all classes, the most probable first. `probability` is the
    /// network's softmax.
    ///
    /// The network gets the largest square in the photograph's center, scaled to the size that it
    /// was trained on (224x224, except for the bundled network).
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Picture`] if the photograph does not have 1, 3 or 4 channels, and
    /// [`ModelError::Device`] if the device cannot read the result back.
    pub fn classify(&self, photograph: &Picture) -> Result<Vec<Prediction>, ModelError> {
        let photograph = photograph.to_rgb()?;
        let side = self.config.side;
        let shorter = photograph.width().min(photograph.height());
        let square = photograph
            .crop_center(shorter, shorter)
            .resize(side, side)?;
        let softmax = self.layer(SOFTMAX)?;
        let images = square.to_tensor(self.device());
        let softmax = self.forward_to(images, &[softmax], ReluGradient::Plain);
        let probabilities = read(softmax[0].clone())?;
        Ok(Prediction::ranked(&probabilities, self.labels()))
    }
}

impl Network for InceptionV1 {
    fn info(&self) -> &NetworkInfo {
        self.network.info()
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        self.network.forward(images, probe)
    }
}

impl AsRef<GraphNetwork> for InceptionV1 {
    fn as_ref(&self) -> &GraphNetwork {
        &self.network
    }
}

impl From<InceptionV1> for GraphNetwork {
    fn from(net: InceptionV1) -> Self {
        net.network
    }
}

impl fmt::Debug for InceptionV1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InceptionV1")
            .field("config", &self.config)
            .field("device", self.device())
            .field("labels", &self.labels().len())
            .finish()
    }
}
