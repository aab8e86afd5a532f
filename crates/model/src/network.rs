//! What the later stages ask of a network: the seam between it and the objectives.

use std::{fmt, ops::ControlFlow, sync::Arc};

use burn::tensor::{Device, Tensor};

use crate::{ModelError, Patch, Prediction, Probe, names, verify};

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
    /// A layer of that name, which is all it goes by. Any text will do; no other layer of the
    /// network may have it.
    #[must_use]
    pub fn new(name: &str, channels: usize) -> Self {
        Self {
            name: name.to_owned(),
            caffe_name: None,
            channels,
        }
    }

    /// A layer of an InceptionV1, by TensorFlow's name: it has the others' names too.
    pub(crate) fn of_inception(name: &str, channels: usize) -> Self {
        Self {
            caffe_name: names::caffe(name),
            ..Self::new(name, channels)
        }
    }

    /// The name; that of an InceptionV1 as in TensorFlow's graph and the Distill articles:
    /// `mixed4c`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the same tensor of an InceptionV1 in Caffe's model: `inception_4c/output`.
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
///
/// For a network of one's own three functions are enough: its layers, its device, and a forward
/// pass that hands each layer to a [`Probe`] as it goes. What it is asked for is images in 0..=1, so
/// its preprocessing belongs into the pass; a layer is a tensor [n, channels, height, width], so
/// tokens are set side by side as the patches that they stand for. Wrapped into an [`Arc`] it is
/// shared, and every objective can be made from it. [`verify`](Self::verify) says whether it all
/// fits together.
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use std::{ops::ControlFlow, sync::Arc};
///
/// use burn::{
///     nn::conv::{Conv2d, Conv2dConfig},
///     tensor::{Device, Tensor},
/// };
/// use oneiric_model::{Layer, Network, Probe, ReluGradient};
///
/// #[derive(Debug)]
/// struct Small {
///     layers: Vec<Layer>,
///     device: Device,
///     convs: [Conv2d; 2],
/// }
///
/// impl Network for Small {
///     fn layers(&self) -> &[Layer] {
///         &self.layers
///     }
///
///     fn device(&self) -> &Device {
///         &self.device
///     }
///
///     fn smallest_image(&self) -> [usize; 2] {
///         [5, 5] // two convolutions of 3x3, unpadded
///     }
///
///     fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
///         let x = images * 2.0 - 1.0; // its preprocessing
///         let x = probe.relu(self.convs[0].forward(x));
///         let x = probe.layer("edges", x)?;
///         let x = probe.relu(self.convs[1].forward(x));
///         probe.layer("corners", x)?;
///         ControlFlow::Continue(())
///     }
/// }
///
/// let device = Device::flex();
/// let conv = |from, to| Conv2dConfig::new([from, to], [3, 3]).init(&device);
/// let net = Arc::new(Small {
///     layers: vec![Layer::new("edges", 8), Layer::new("corners", 16)],
///     convs: [conv(3, 8), conv(8, 16)],
///     device: device.clone(),
/// });
/// net.verify([32, 24])?;
/// let corners = net.layer("corners")?;
/// assert_eq!(net.layer_size(corners, [32, 24]), Some([28, 20]));
/// # }
/// # Ok::<(), oneiric_model::ModelError>(())
/// ```
pub trait Network: fmt::Debug + Send + Sync {
    /// All layers that can be asked for, in the order of the forward pass, no two of one name.
    fn layers(&self) -> &[Layer];

    /// Where the weights are, which autodiff does not track: they are constants, and no gradient
    /// of theirs is worked out. Of a burn module take `module.valid()`: it is so, and its
    /// normalisations and dropouts are no longer in training mode, which burn has them in where
    /// autodiff tracks the image, as every run does.
    fn device(&self) -> &Device;

    /// The forward pass for images [n, channels, height, width] in 0..=1, RGB where there are
    /// three channels, with the network's own preprocessing: hands each layer to the probe, in
    /// order, and goes on with what comes back. Images come in batches and in any size from
    /// [`smallest_image`](Self::smallest_image) on.
    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()>;

    /// The channels of the images that it takes: 3 unless it says otherwise, 1 for a network that
    /// looks at grey images.
    fn channels(&self) -> usize {
        3
    }

    /// The layer that holds the class scores before the softmax, [n, classes, 1, 1]; `None` when
    /// the network tells no classes.
    fn logits(&self) -> Option<LayerId> {
        None
    }

    /// The names of the classes, in the order of the scores; empty when they are not known. There
    /// may be fewer than classes.
    fn labels(&self) -> &[String] {
        &[]
    }

    /// Height and width of the smallest images that the forward pass takes. A network whose
    /// convolutions or poolings need more than a pixel says so here: images that are smaller are
    /// then refused before a run, and otherwise break the pass.
    fn smallest_image(&self) -> [usize; 2] {
        [1, 1]
    }

    /// The same number for everything that shares these weights, another for everything else
    /// alive: several objectives of one network are read in one forward pass. It is the address,
    /// which an [`Arc`] keeps; a network whose clones share their weights gives that of what they
    /// share.
    fn identity(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Height and width of a layer for images of that height and width; `None` when the image is
    /// too small for the layer to have one position. By default a forward pass tells, which each
    /// check before a run then costs; a network that can work it out overrides this.
    fn layer_size(&self, layer: LayerId, image: [usize; 2]) -> Option<[usize; 2]> {
        let [smallest_height, smallest_width] = self.smallest_image();
        let [height, width] = image;
        if height < smallest_height || width < smallest_width {
            return None;
        }
        let images = Tensor::zeros([1, self.channels(), height, width], self.device());
        let [_, _, height, width] =
            self.forward_to(images, &[layer], ReluGradient::Plain)[0].dims();
        (height > 0 && width > 0).then_some([height, width])
    }

    /// The activations of some layers, in their order, each [n, channels, height, width].
    ///
    /// Computes nothing behind the last of them. `images` as for [`forward`](Self::forward).
    ///
    /// # Panics
    ///
    /// When an image is too small for a layer, which [`layer_size`](Self::layer_size) tells.
    fn forward_to(
        &self,
        images: Tensor<4>,
        layers: &[LayerId],
        relu: ReluGradient,
    ) -> Vec<Tensor<4>> {
        let mut probe = Probe::new(self.layers(), layers, relu);
        if !layers.is_empty() {
            let _ = self.forward(images, &mut probe);
        }
        probe.into_values()
    }

    /// [`forward_to`](Self::forward_to) with a hand in it: `patch` is given every layer that is
    /// computed, in the order of the forward pass, and what it returns takes the layer's place for
    /// all that follows. To ablate a channel, to put in another image's activations, to take the
    /// gradient at a layer, or to normalise while training.
    ///
    /// # Panics
    ///
    /// When an image is too small for a layer, or `patch` changes a shape.
    fn forward_patched(
        &self,
        images: Tensor<4>,
        layers: &[LayerId],
        relu: ReluGradient,
        patch: &mut Patch<'_>,
    ) -> Vec<Tensor<4>> {
        let mut patch = |layer, value| patch(layer, value);
        let mut probe = Probe::new(self.layers(), layers, relu).with_patch(&mut patch);
        if !layers.is_empty() {
            let _ = self.forward(images, &mut probe);
        }
        probe.into_values()
    }

    /// The layer of a name, in any of its spellings (`mixed4c`, `inception_4c`).
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

    /// What the network says the images show: for each of a batch [n, channels, height, width]
    /// in 0..=1 all classes, the most probable first. `probability` is the softmax of
    /// [`logits`](Self::logits).
    ///
    /// # Errors
    ///
    /// When the network names no logits or their shape is not [n, classes, 1, 1], the images have
    /// other channels or are smaller than it takes, or the device does not hand the result over.
    fn predict(&self, images: Tensor<4>) -> Result<Vec<Vec<Prediction>>, ModelError> {
        Prediction::of(self, images)
    }

    /// Whether all of this fits together: runs the forward pass on two grey images of that height
    /// and width, and on two of the smallest, and says what the network promises and does not keep.
    /// For a network of one's own, once, in a test or before the first run; each layer costs a
    /// forward pass or two.
    ///
    /// Checked are the names; which layers come, in what order and of what shape; that a pass ends
    /// when it is told to; that all values are finite, depend on the image and are the same with
    /// and without autodiff; that it does not track the weights; the smallest image,
    /// [`layer_size`](Self::layer_size), logits and labels. Not checked is what only its author
    /// knows: the preprocessing, and that the pass goes on with what the probe gives back.
    ///
    /// # Errors
    ///
    /// [`ModelError::Flawed`] with every flaw found, [`ModelError::ImageSize`] when the image is
    /// smaller than the network takes, and when the device does not hand values over.
    fn verify(&self, image: [usize; 2]) -> Result<(), ModelError> {
        verify::verify(self, image)
    }
}

/// A shared network is one.
impl<N: Network + ?Sized> Network for Arc<N> {
    fn layers(&self) -> &[Layer] {
        (**self).layers()
    }

    fn device(&self) -> &Device {
        (**self).device()
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        (**self).forward(images, probe)
    }

    fn channels(&self) -> usize {
        (**self).channels()
    }

    fn logits(&self) -> Option<LayerId> {
        (**self).logits()
    }

    fn labels(&self) -> &[String] {
        (**self).labels()
    }

    fn smallest_image(&self) -> [usize; 2] {
        (**self).smallest_image()
    }

    fn identity(&self) -> usize {
        (**self).identity()
    }

    fn layer_size(&self, layer: LayerId, image: [usize; 2]) -> Option<[usize; 2]> {
        (**self).layer_size(layer, image)
    }

    fn forward_to(
        &self,
        images: Tensor<4>,
        layers: &[LayerId],
        relu: ReluGradient,
    ) -> Vec<Tensor<4>> {
        (**self).forward_to(images, layers, relu)
    }

    fn forward_patched(
        &self,
        images: Tensor<4>,
        layers: &[LayerId],
        relu: ReluGradient,
        patch: &mut Patch<'_>,
    ) -> Vec<Tensor<4>> {
        (**self).forward_patched(images, layers, relu, patch)
    }

    fn layer(&self, name: &str) -> Result<LayerId, ModelError> {
        (**self).layer(name)
    }

    fn class(&self, label: &str) -> Result<usize, ModelError> {
        (**self).class(label)
    }

    fn predict(&self, images: Tensor<4>) -> Result<Vec<Vec<Prediction>>, ModelError> {
        (**self).predict(images)
    }

    fn verify(&self, image: [usize; 2]) -> Result<(), ModelError> {
        (**self).verify(image)
    }
}
