//! The description of a network.

use std::{fmt, sync::Arc};

use burn::tensor::Device;

use crate::{Layer, LayerId, ModelError, NetworkId, layer_names};

/// A rule for the rows and columns of a layer, given those of the image.
type SizeRule = dyn Fn(LayerId, [usize; 2]) -> Option<[usize; 2]> + Send + Sync;

/// The description of a network: everything but its forward pass.
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | `layers` | required | the layers, in the order of the forward pass |
/// | `device` | required | the device of the weights |
/// | [`channels`](Self::with_channels) | 3 | channels of the images |
/// | [`logits`](Self::with_logits) | none | the layer that holds the class scores |
/// | [`labels`](Self::with_labels) | none | names of the classes |
/// | [`smallest_image`](Self::with_smallest_image) | `[1, 1]` | the smallest image that fits |
/// | [`sizes`](Self::with_sizes) | a forward pass | the rows and columns of a layer |
///
/// Clones share the [`id`](Self::id): a network that wraps another without changing what its
/// layers hold returns the other's info.
#[derive(Clone)]
pub struct NetworkInfo {
    id: NetworkId,
    layers: Arc<[Layer]>,
    device: Device,
    channels: usize,
    logits: Option<LayerId>,
    labels: Arc<[String]>,
    smallest_image: [usize; 2],
    sizes: Option<Arc<SizeRule>>,
}

impl NetworkInfo {
    /// Creates a description, with an [`id`](Self::id) of its own.
    ///
    /// `layers` are all layers that can be read, in the order of the forward pass, no two of one
    /// name. `device` is the device of the weights, which autodiff does not track: they are
    /// constants, and no gradient of theirs is computed.
    #[must_use]
    pub fn new(layers: impl Into<Vec<Layer>>, device: &Device) -> Self {
        Self {
            id: NetworkId::new(),
            layers: layers.into().into(),
            device: device.clone(),
            channels: 3,
            logits: None,
            labels: Arc::new([]),
            smallest_image: [1, 1],
            sizes: None,
        }
    }

    /// Sets the channels of the images: 1 for a network of gray images.
    #[must_use]
    pub const fn with_channels(mut self, channels: usize) -> Self {
        self.channels = channels;
        self
    }

    /// Sets the layer that holds the class scores before the softmax, [n, classes, 1, 1], by name.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::UnknownLayer`] if no layer has that name.
    pub fn with_logits(mut self, layer: &str) -> Result<Self, ModelError> {
        self.logits = Some(layer_names::find(&self.layers, layer)?);
        Ok(self)
    }

    /// Sets the names of the classes, in the order of the scores. There may be fewer names than
    /// classes.
    #[must_use]
    pub fn with_labels(mut self, labels: impl Into<Vec<String>>) -> Self {
        self.labels = labels.into().into();
        self
    }

    /// Sets the rows and columns of the smallest images that the forward pass takes. Smaller images
    /// are then refused before a run; otherwise they panic in the forward pass.
    #[must_use]
    pub const fn with_smallest_image(mut self, size: [usize; 2]) -> Self {
        self.smallest_image = size;
        self
    }

    /// Sets a rule for the rows and columns of a layer for images of given rows and columns, `None`
    /// if such an image is too small. Without a rule, each check before a run makes a forward pass
    /// to find the size.
    #[must_use]
    pub fn with_sizes(
        mut self,
        sizes: impl Fn(LayerId, [usize; 2]) -> Option<[usize; 2]> + Send + Sync + 'static,
    ) -> Self {
        self.sizes = Some(Arc::new(sizes));
        self
    }

    /// Replaces the layers by the same ones with other aliases.
    pub(crate) fn with_layers(mut self, layers: Vec<Layer>) -> Self {
        self.layers = layers.into();
        self
    }

    /// Returns the same description with an id of its own, for a network that computes something
    /// else.
    #[must_use]
    pub fn with_new_id(mut self) -> Self {
        self.id = NetworkId::new();
        self
    }

    /// The identity of the network: equal for all that share its activations.
    #[must_use]
    pub const fn id(&self) -> &NetworkId {
        &self.id
    }

    /// The layers, in the order of the forward pass.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The device of the weights.
    #[must_use]
    pub const fn device(&self) -> &Device {
        &self.device
    }

    /// The channels of the images.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.channels
    }

    /// The layer that holds the class scores before the softmax; `None` if the network has none.
    #[must_use]
    pub const fn logits(&self) -> Option<LayerId> {
        self.logits
    }

    /// The names of the classes, in the order of the scores; empty if they are not known.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The rows and columns of the smallest images that the forward pass takes.
    #[must_use]
    pub const fn smallest_image(&self) -> [usize; 2] {
        self.smallest_image
    }

    /// The rule for the rows and columns of a layer, if there is one.
    pub(crate) fn sizes(&self) -> Option<&SizeRule> {
        self.sizes.as_deref()
    }
}

impl fmt::Debug for NetworkInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkInfo")
            .field("id", &self.id)
            .field("layers", &self.layers.len())
            .field("device", &self.device)
            .field("channels", &self.channels)
            .field("logits", &self.logits)
            .field("labels", &self.labels.len())
            .field("smallest_image", &self.smallest_image)
            .finish_non_exhaustive()
    }
}
