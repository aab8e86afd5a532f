//! Networks in ONNX files.

use std::{fs, ops::ControlFlow, path::Path};

use burn::tensor::{Device, Tensor};
use oneiric_onnx::{Import, Missing, import};
use oneiric_weights::{WeightsError, onnx};

use crate::{
    GraphNetwork, Layer, LayerId, ModelError, Network, NetworkInfo, NodeLayer, Preprocessing, Probe,
};

/// A network from an ONNX file. Clones share the weights.
///
/// Its layers go by their names in the file, those of their nodes, and their module paths in
/// PyTorch. What an image becomes before it enters the network is not in the file and must be given:
/// wrong preprocessing gives plausible, wrong pictures, and
/// [`predict`](crate::NetworkExt::predict) on a photograph is the check. docs/onnx.md goes from an
/// export to a picture.
///
/// ```no_run
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::Device;
/// use oneiric_model::{NetworkExt, OnnxNetwork, Preprocessing};
///
/// let net = OnnxNetwork::open("resnet50.onnx", Preprocessing::imagenet(), &Device::flex())?
///     .with_labels_from("imagenet_classes.txt")?;
/// for layer in net.layers() {
///     println!("{layer}: {} channels", layer.channels());
/// }
/// let conv = net.layer("layer3.5.conv2")?;
/// # }
/// # Ok::<(), oneiric_model::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct OnnxNetwork {
    network: GraphNetwork,
    kinds: Vec<String>,
    missing: Vec<Missing>,
    unreachable: Vec<String>,
}

impl OnnxNetwork {
    /// Opens a file, with its external data beside it.
    ///
    /// `preprocessing` maps an image in 0..=1 to the input, channel by channel.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::File`] if the file cannot be read or is damaged, [`ModelError::Onnx`]
    /// if it has no image as its input or nothing of it can be computed,
    /// [`ModelError::Preprocessing`] if `preprocessing` has other channels than the input, and the
    /// errors of [`GraphNetwork::new`].
    pub fn open(
        path: impl AsRef<Path>,
        preprocessing: Preprocessing,
        device: &Device,
    ) -> Result<Self, ModelError> {
        Self::from_model(&onnx::read(path)?, preprocessing, device)
    }

    /// Makes a network of a model that was read.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`open`](Self::open).
    pub fn from_model(
        model: &onnx::Model,
        preprocessing: Preprocessing,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let Import {
            graph,
            weights,
            layers,
            logits,
            missing,
            unreachable,
            image,
            ..
        } = import(model).map_err(Box::new)?;
        let logits = logits.map(|logits| layers[logits].name.clone());
        let network = GraphNetwork::for_image(graph, weights, image, device)?;
        // A tensor of other channels at another size has none that could be named.
        let (layers, kinds) = layers
            .into_iter()
            .filter_map(|source| {
                let layer = Layer::new(&source.name, source.channels);
                let layer = NodeLayer {
                    layer: source.aliases.into_iter().fold(layer, Layer::with_alias),
                    node: source.node,
                    view: source.view,
                };
                network.fits(&layer).then_some((layer, source.kind))
            })
            .unzip();
        let mut network = network
            .with_layers(layers)?
            .with_preprocessing(preprocessing)?;
        if let Some(logits) = logits {
            network = network.with_logits(&logits)?;
        }
        Ok(Self {
            network,
            kinds,
            missing,
            unreachable,
        })
    }

    /// Sets the layer of the class scores before the softmax, by name, in place of the one that was
    /// found.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::UnknownLayer`] if there is none of that name.
    pub fn with_logits(self, layer: &str) -> Result<Self, ModelError> {
        Ok(Self {
            network: self.network.with_logits(layer)?,
            ..self
        })
    }

    /// Sets the names of the classes, in the order of the scores.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Labels`] if there are more than classes.
    pub fn with_labels(self, labels: impl Into<Vec<String>>) -> Result<Self, ModelError> {
        Ok(Self {
            network: self.network.with_labels(labels)?,
            ..self
        })
    }

    /// Sets the names of the classes from a text file of a line each.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::File`] if the file cannot be read, and [`ModelError::Labels`] if it has
    /// more lines than the network classes.
    pub fn with_labels_from(self, path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|source| WeightsError::Read {
            path: path.to_owned(),
            source,
        })?;
        let labels: Vec<String> = text
            .trim_end()
            .lines()
            .map(|line| line.trim().to_owned())
            .collect();
        self.with_labels(labels)
    }

    /// The ONNX operator that computes a layer: `Conv`.
    ///
    /// # Panics
    ///
    /// Panics if the network has no such layer.
    #[must_use]
    pub fn kind(&self, layer: LayerId) -> &str {
        &self.kinds[layer.index()]
    }

    /// The nodes of the file that are not computed, each with the reason. All layers that do not
    /// depend on them are there.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// The tensors that depend on [`missing`](Self::missing) nodes.
    #[must_use]
    pub fn unreachable(&self) -> &[String] {
        &self.unreachable
    }

    /// The network as a graph.
    #[must_use]
    pub const fn graph_network(&self) -> &GraphNetwork {
        &self.network
    }
}

impl Network for OnnxNetwork {
    fn info(&self) -> &NetworkInfo {
        self.network.info()
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        self.network.forward(images, probe)
    }
}

impl AsRef<GraphNetwork> for OnnxNetwork {
    fn as_ref(&self) -> &GraphNetwork {
        &self.network
    }
}
