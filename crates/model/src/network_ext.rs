//! Everything that follows from a network's description and its forward pass.

use burn::tensor::{Device, Tensor};

use crate::{
    Layer, LayerId, ModelError, Network, NetworkId, Patch, Prediction, Probe, ReluGradient,
    layer_names, smallest_image::smallest_side, verify,
};

/// The side of the largest square image that is tried to find the smallest that a layer takes.
const LARGEST_SQUARE: usize = 1024;

/// The methods of every [`Network`] that follow from its description and its forward pass.
pub trait NetworkExt: Network {
    /// The identity of the network: equal for all that share its activations.
    fn id(&self) -> &NetworkId {
        self.info().id()
    }

    /// The layers, in the order of the forward pass.
    fn layers(&self) -> &[Layer] {
        self.info().layers()
    }

    /// The device of the weights.
    fn device(&self) -> &Device {
        self.info().device()
    }

    /// The channels of the images.
    fn channels(&self) -> usize {
        self.info().channels()
    }

    /// The layer that holds the class scores before the softmax, [n, classes, 1, 1]; `None` if the
    /// network has none.
    fn logits(&self) -> Option<LayerId> {
        self.info().logits()
    }

    /// The names of the classes, in the order of the scores; empty if they are not known.
    fn labels(&self) -> &[String] {
        self.info().labels()
    }

    /// The rows and columns of the smallest images that the forward pass takes.
    fn smallest_image(&self) -> [usize; 2] {
        self.info().smallest_image()
    }

    /// Returns the layer of a name, in any of its spellings (`mixed4c`, `inception_4c`).
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::UnknownLayer`], with the nearest names, if there is none.
    fn layer(&self, name: &str) -> Result<LayerId, ModelError> {
        layer_names::find(self.layers(), name)
    }

    /// Returns the description of a layer.
    ///
    /// # Panics
    ///
    /// Panics if the network has no such layer: `layer` is of another network with more layers.
    fn describe(&self, layer: LayerId) -> &Layer {
        &self.layers()[layer.0]
    }

    /// Returns the rows and columns of a layer for images of given rows and columns; `None` if the
    /// image is too small for the layer to have a position. Runs a forward pass if the network's
    /// [`NetworkInfo`](crate::NetworkInfo) has no rule for it.
    fn layer_size(&self, layer: LayerId, image: [usize; 2]) -> Option<[usize; 2]> {
        if let Some(sizes) = self.info().sizes() {
            return sizes(layer, image);
        }
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

    /// Returns the side of the smallest square image that has a position of the layer, without a
    /// forward pass: by the network's rule for sizes (`None` if it is above 1024), or else the side
    /// of its smallest image.
    fn smallest_square(&self, layer: LayerId) -> Option<usize> {
        match self.info().sizes() {
            Some(sizes) => {
                let [usual, _] = self.smallest_image();
                let fits = |side: usize| sizes(layer, [side; 2]).is_some();
                smallest_side(fits, usual).filter(|&side| side <= LARGEST_SQUARE)
            }
            None => self.smallest_image().into_iter().max(),
        }
    }

    /// Returns the rows and columns of the only images that a layer takes, for a network that takes
    /// no larger ones: one with a fully connected layer on a map, or with position embeddings.
    /// `None` if the network takes images of all sizes from the smallest on, or has no rule for
    /// sizes.
    fn only_size(&self, layer: LayerId) -> Option<[usize; 2]> {
        let sizes = self.info().sizes()?;
        let smallest = match self.smallest_square(layer) {
            Some(side) => [side; 2],
            None => self.smallest_image(),
        };
        sizes(layer, smallest)?;
        // Poolings round, so that a few sizes above the smallest may do as well.
        let takes_larger = [33, 64, 97].into_iter().any(|more| {
            let larger = smallest.map(|side| side + more);
            sizes(layer, larger).is_some()
        });
        let takes_double = sizes(layer, smallest.map(|side| 2 * side)).is_some();
        (!takes_larger && !takes_double).then_some(smallest)
    }

    /// Returns the activations of some layers, in their order, each [n, channels, height, width].
    /// Nothing behind the last of them is computed. `images` are those of
    /// [`forward`](Network::forward).
    ///
    /// # Panics
    ///
    /// Panics if the images are too small for a layer: [`layer_size`](Self::layer_size) is `None`.
    fn forward_to(
        &self,
        images: Tensor<4>,
        layers: &[LayerId],
        relu: ReluGradient,
    ) -> Vec<Tensor<4>> {
        let probe = Probe::new(self.layers(), layers, relu);
        run(self, images, probe)
    }

    /// Returns the activations of some layers of a pass that `patch` changes: it gets every layer
    /// that is computed, in the order of the forward pass, and its result takes the layer's place
    /// for all that follows. Patches ablate a channel, insert another image's activations, take the
    /// gradient at a layer, or normalize during training.
    ///
    /// # Panics
    ///
    /// Panics if the images are too small for a layer, or `patch` changes a shape.
    fn forward_patched(
        &self,
        images: Tensor<4>,
        layers: &[LayerId],
        relu: ReluGradient,
        patch: &mut Patch<'_>,
    ) -> Vec<Tensor<4>> {
        let mut patch = |layer, value| patch(layer, value);
        let probe = Probe::new(self.layers(), layers, relu).with_patch(&mut patch);
        run(self, images, probe)
    }

    /// Returns the class of a label, by its exact text or as the only label that has the text as
    /// whole words, ignoring case.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::UnknownLabel`] if no label fits, or several do.
    fn class(&self, label: &str) -> Result<usize, ModelError> {
        Prediction::find_label(self.labels(), label)
    }

    /// Classifies images [n, channels, height, width] in 0..=1: for each image all classes, the
    /// most probable first. `probability` is the softmax of [`logits`](Self::logits).
    ///
    /// # Errors
    ///
    /// Returns a [`ModelError`] if the network has no logits or their shape is not
    /// [n, classes, 1, 1], if the images have another number of channels or a size that the network
    /// does not take, or if the device cannot read the result back.
    fn predict(&self, images: Tensor<4>) -> Result<Vec<Vec<Prediction>>, ModelError> {
        Prediction::of(self, images)
    }

    /// Checks that the network's description and its forward pass agree: runs it on two gray images
    /// of that height and width, and on two of the smallest, and lists every
    /// [`Flaw`](crate::Flaw). Call it once for a network of your own, in a test or before the first
    /// run; each layer costs a forward pass or two.
    ///
    /// It checks the names, the order and the shapes of the layers; that a pass ends when the probe
    /// breaks; that all values are finite, depend on the image and are the same with and without
    /// autodiff; that autodiff does not track the weights; the smallest image,
    /// [`layer_size`](Self::layer_size), logits and labels. It cannot check what only the author
    /// knows: the preprocessing, and that the pass goes on with the tensor that the probe returns.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Flawed`] if there is a flaw, [`ModelError::ImageSize`] if the image is
    /// smaller than the network takes, and [`ModelError::Device`] if the device cannot read values
    /// back.
    fn verify(&self, image: [usize; 2]) -> Result<(), ModelError> {
        verify::verify(self, image)
    }
}

impl<N: Network + ?Sized> NetworkExt for N {}

fn run<N: Network + ?Sized>(
    network: &N,
    images: Tensor<4>,
    mut probe: Probe<'_>,
) -> Vec<Tensor<4>> {
    if !probe.wanted().is_empty() {
        let _ = network.forward(images, &mut probe);
    }
    probe.into_values()
}
