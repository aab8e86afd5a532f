//! Errors of networks and of their weights.

use oneiric_core::{DeviceError, PictureError};
use oneiric_graph::GraphError;
use oneiric_weights::WeightsError;

use crate::{BurnReason, Flaw, Kernels};

/// The number of names that a message lists; it counts the rest.
const LISTED: usize = 6;

/// A tensor that has another shape than the network needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misshapen {
    /// The name of the tensor.
    pub name: String,
    /// The shape that the network needs.
    pub expected: Vec<usize>,
    /// The shape of the tensor.
    pub found: Vec<usize>,
}

/// An error of a network, its weights or a request to it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The device cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The picture cannot be used.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The file cannot be read, or is not what it claims to be.
    #[error(transparent)]
    File(#[from] WeightsError),
    /// The file cannot be downloaded.
    #[cfg(feature = "download")]
    #[error(transparent)]
    Download(#[from] oneiric_download::DownloadError),
    /// The metadata of a saved network is missing or damaged.
    #[error("the metadata {key:?} of the weights is damaged ({reason}); save the network again")]
    Card {
        /// The key of the metadata.
        key: &'static str,
        /// The reason why the value is not accepted.
        reason: String,
    },
    /// The tensors have the names of no known variant.
    #[error(
        "these are not the weights of a known InceptionV1: expected Caffe's names (such as \
         \"conv1/7x7_s2.weight\"), TensorFlow's (\"conv2d0_w\"), lucent's \
         (\"conv2d0_pre_relu_conv.weight\") or torchvision's (\"conv1.conv.weight\"), found {}", some(.found)
    )]
    UnknownVariant {
        /// The names in the file.
        found: Vec<String>,
    },
    /// The tensors do not fit the network; nothing was loaded.
    #[error("the weights do not fit {network} and were not loaded{}", problems(.missing, .misshapen, .not_finite, .unknown))]
    Weights {
        /// The network that they should be of.
        network: &'static str,
        /// Tensors that the network needs and the file lacks.
        missing: Vec<String>,
        /// Tensors with another shape.
        misshapen: Vec<Misshapen>,
        /// Tensors that hold a value that is not finite.
        not_finite: Vec<String>,
        /// Tensors that the network does not have.
        unknown: Vec<String>,
    },
    /// No layer has that name.
    #[error("there is no layer {name:?}; {}", near_layers(.near))]
    UnknownLayer {
        /// The name as given.
        name: String,
        /// The nearest names.
        near: Vec<String>,
    },
    /// No label, or more than one, fits the text.
    #[error("{}", no_label(.label, .candidates, .near))]
    UnknownLabel {
        /// The text as given.
        label: String,
        /// Labels that fit it, each with its class's number; none or several.
        candidates: Vec<String>,
        /// The nearest labels; none if the network has no labels.
        near: Vec<String>,
    },
    /// The number of labels is not that of the classes.
    #[error("the network has {classes} classes, got {found} labels; give one a class, in order")]
    Labels {
        /// Classes of the network.
        classes: usize,
        /// Labels that were given.
        found: usize,
    },
    /// The kernels are not available on this machine or device.
    #[error("{kernels:?} is not available here; use one of {available:?}")]
    Kernels {
        /// The kernels that were asked for.
        kernels: Kernels,
        /// The kernels that are available.
        available: Vec<Kernels>,
    },
    /// The kernels cannot compute this network.
    #[error("{kernels:?} cannot compute this network: {reason}; use Burn")]
    Refused {
        /// The kernels that were asked for.
        kernels: Kernels,
        /// The reason.
        reason: Box<BurnReason>,
    },
    /// The ONNX model cannot be imported.
    #[error(transparent)]
    Onnx(#[from] Box<oneiric_onnx::ImportError>),
    /// The graph is not allowed.
    #[error(transparent)]
    Graph(Box<GraphError>),
    /// A layer's view does not fit the tensor of its node.
    #[error(
        "the layer {layer:?} cannot be seen as its view and channels say: for an image of {}x{} \
         its node's tensor {}", .image[0], .image[1],
        .shape.as_ref().map_or("cannot be computed".to_owned(), |s| format!("has the shape {s:?}"))
    )]
    View {
        /// The name of the layer.
        layer: String,
        /// Rows and columns of the image.
        image: [usize; 2],
        /// The lengths of the tensor's axes; `None` if it cannot be computed.
        shape: Option<Vec<usize>>,
    },
    /// The graph has an operator that no executor computes.
    #[error("the node {node:?}: there is no implementation of {operator}")]
    Operator {
        /// The name of the node.
        node: String,
        /// The name of the operator.
        operator: &'static str,
    },
    /// No image is large enough for all nodes of the graph.
    #[error("no image of up to {largest}x{largest} pixels fits the graph: {source}")]
    NoImageFits {
        /// Rows and columns of the largest image that was tried.
        largest: usize,
        /// The error for that image.
        source: Box<GraphError>,
    },
    /// The preprocessing has another number of channels than the network's input.
    #[error("the preprocessing has {found} channels, but the network's input has {expected}")]
    Preprocessing {
        /// The channels of the input.
        expected: usize,
        /// The channels of the preprocessing.
        found: usize,
    },
    /// The network has no weight of that name and number of axes.
    #[error("there is no weight {name:?} with {axes} axes; the network has {}", some(.known))]
    UnknownWeight {
        /// The name as given.
        name: String,
        /// The axes of the tensor that was asked for or given.
        axes: usize,
        /// The names of all weights.
        known: Vec<String>,
    },
    /// There are no expanded weights between the layers.
    #[error("no expanded weights from {from} to {to}: {reason}")]
    NoSuchWeights {
        /// The earlier layer.
        from: String,
        /// The later layer.
        to: String,
        /// The reason why there are none.
        reason: &'static str,
    },
    /// The network has no class scores.
    #[error("the network has no class scores; name the layer that holds them with `with_logits`")]
    NoLogits,
    /// The images have another number of channels than the network takes.
    #[error("the network takes images of {expected} channels, got {found}")]
    Channels {
        /// Channels that the network takes.
        expected: usize,
        /// Channels of the images.
        found: usize,
    },
    /// The image is smaller than the network takes.
    #[error(
        "the network takes images of {}x{} pixels and more (width x height), got {}x{}",
        .smallest[1], .smallest[0], .image[1], .image[0]
    )]
    ImageSize {
        /// Height and width of the image.
        image: [usize; 2],
        /// Height and width of the smallest image that the network takes.
        smallest: [usize; 2],
    },
    /// The image has a size that a layer does not take.
    #[error(
        "the layer {layer:?} does not take images of {}x{} pixels (width x height){}",
        .image[1], .image[0],
        .only.map_or(String::new(), |[height, width]| {
            format!(", but of {width}x{height} only; resize them (Picture::resize)")
        })
    )]
    OtherSize {
        /// The name of the layer.
        layer: String,
        /// Height and width of the image.
        image: [usize; 2],
        /// Height and width of the only images that the layer takes, if it takes those of one size.
        only: Option<[usize; 2]>,
    },
    /// A network's description and its forward pass do not agree; see
    /// [`NetworkExt::verify`](crate::NetworkExt::verify).
    #[error("the network's description and its forward pass do not agree:{}", listed_flaws(.flaws))]
    Flawed {
        /// Every flaw found.
        flaws: Vec<Flaw>,
    },
    /// The configuration has a layer without channels.
    #[error("the layer {layer:?} would have no channels; give it at least 1 in the configuration")]
    NoChannels {
        /// The layer.
        layer: String,
    },
}

impl From<GraphError> for ModelError {
    fn from(error: GraphError) -> Self {
        Self::Graph(Box::new(error))
    }
}

fn near_layers(near: &[String]) -> String {
    match near {
        [] => "the network lists none".to_owned(),
        near => format!("near it: {}", near.join(", ")),
    }
}

fn listed_flaws(flaws: &[Flaw]) -> String {
    flaws.iter().map(|flaw| format!("\n- {flaw}")).collect()
}

fn some(names: &[String]) -> String {
    if names.is_empty() {
        return "no tensors".to_owned();
    }
    let listed = names
        .iter()
        .take(LISTED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match names.len() {
        n if n > LISTED => format!("{listed} and {} more", n - LISTED),
        _ => listed,
    }
}

fn no_label(label: &str, candidates: &[String], near: &[String]) -> String {
    match (candidates, near) {
        ([], []) => format!(
            "no class has the label {label:?}: the network has no labels; give the number of the \
             class, or the labels (`with_labels`)"
        ),
        ([], near) => format!(
            "no class has the label {label:?}; near it: {}",
            near.join(", ")
        ),
        (candidates, _) => {
            let candidates = some(candidates);
            format!("several classes fit the label {label:?}: {candidates}; give the number of one")
        }
    }
}

fn problems(
    missing: &[String],
    misshapen: &[Misshapen],
    not_finite: &[String],
    unknown: &[String],
) -> String {
    let misshapen: Vec<String> = misshapen
        .iter()
        .map(|m| format!("{} is {:?} instead of {:?}", m.name, m.found, m.expected))
        .collect();
    [
        ("missing", missing),
        ("misshapen", &misshapen),
        ("not finite", not_finite),
        ("unknown", unknown),
    ]
    .into_iter()
    .filter(|(_, names)| !names.is_empty())
    .map(|(what, names)| format!("; {what}: {}", some(names)))
    .collect()
}
