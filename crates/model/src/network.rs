//! What the later stages ask of a network: the seam between it and the objectives.

use std::fmt;

use burn::tensor::{Device, Tensor};

use crate::{ModelError, Prediction, names};

/// How the gradient passes a ReLU.
///
/// From a random image many units are dead: the gradient is zero everywhere and the optimisation
/// never starts. [`Redirected`](Self::Redirected) wakes them; see
/// [`redirected_relu`](crate::redirected_relu).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReluGradient {
    /// The derivative: zero where the input is negative.
    #[default]
    Plain,
    /// Lucid's: where an image's plain gradient is zero in the whole layer, whatever would raise
    /// a negative input passes.
    Redirected,
}

/// Number of a layer: its place in [`Network::layers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LayerId(pub(crate) usize);

impl LayerId {
    /// The layer at that place in [`Network::layers`].
    #[must_use]
    pub const fn new(index: usize) -> Self {
        Self(index)
    }

    /// The place in [`Network::layers`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }
}

/// A tensor of the network that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    name: String,
    caffe_name: Option<String>,
    channels: usize,
}

impl Layer {
    /// A layer of that name (TensorFlow's, where the network is an Inception).
    #[must_use]
    pub fn new(name: &str, channels: usize) -> Self {
        Self {
            name: name.to_owned(),
            caffe_name: names::caffe(name),
            channels,
        }
    }

    /// The name, as in TensorFlow's graph and the Distill articles: `mixed4c`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the same tensor in Caffe's model: `inception_4c/output`.
    #[must_use]
    pub fn caffe_name(&self) -> Option<&str> {
        self.caffe_name.as_deref()
    }

    /// Number of channels.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.channels
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A network with frozen weights and named layers, for objectives to read.
pub trait Network: fmt::Debug + Send + Sync {
    /// All layers, in the order of the forward pass.
    fn layers(&self) -> &[Layer];

    /// The same number for everything that shares these weights, another for everything else
    /// alive: several objectives of one network are read in one forward pass.
    fn identity(&self) -> usize;

    /// Where the weights are.
    fn device(&self) -> &Device;

    /// The layer that holds the class scores before the softmax, [n, classes, 1, 1].
    fn logits(&self) -> LayerId;

    /// The names of the classes; empty when they are not known.
    fn labels(&self) -> &[String];

    /// Height and width of a layer for images of that height and width; `None` when the image is
    /// too small for the layer to have one position.
    fn layer_size(&self, layer: LayerId, image: [usize; 2]) -> Option<[usize; 2]>;

    /// The activations of some layers, in their order, each [n, channels, height, width].
    ///
    /// Computes what these layers need and nothing behind them. `images` is a batch
    /// [n, 3, height, width] of RGB in 0..=1; the network's own preprocessing happens here.
    ///
    /// # Panics
    ///
    /// When an image is too small for a layer, which [`layer_size`](Self::layer_size) tells.
    fn forward_to(
        &self,
        images: Tensor<4>,
        layers: &[LayerId],
        relu: ReluGradient,
    ) -> Vec<Tensor<4>>;

    /// The layer of a name, in either of its spellings (`mixed4c`, `inception_4c`).
    ///
    /// # Errors
    ///
    /// [`ModelError::UnknownLayer`] with the nearest names.
    fn layer(&self, name: &str) -> Result<LayerId, ModelError> {
        names::find(self.layers(), name)
    }

    /// What a layer is.
    ///
    /// # Panics
    ///
    /// When the number is another network's and too large for this one.
    fn describe(&self, layer: LayerId) -> &Layer {
        &self.layers()[layer.0]
    }

    /// The class of a label, by its exact text or as the only label that has the text as whole
    /// words, upper and lower case alike.
    ///
    /// # Errors
    ///
    /// [`ModelError::UnknownLabel`] when none fits, or several do.
    fn class(&self, label: &str) -> Result<usize, ModelError> {
        Prediction::find_label(self.labels(), label)
    }
}
