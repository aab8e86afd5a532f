//! A wrapper of a network that makes one of its layers a leaf of autodiff.

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
};

use burn::tensor::{Device, Tensor};
use oneiric_model::{Layer, LayerId, Network, Patch, Probe, ReluGradient};

/// The leaf of the last forward pass, if there is one.
pub(crate) type Leaf = Arc<Mutex<Option<Tensor<4>>>>;

/// A network in which one layer becomes a leaf for images that use autodiff: everything behind it
/// is a function of its activations alone. Other images, such as the photograph that an objective
/// compares with, are passed on unchanged.
#[derive(Debug)]
pub(crate) struct Patched {
    network: Arc<dyn Network>,
    layer: LayerId,
    leaf: Leaf,
}

impl Patched {
    pub(crate) fn new(network: Arc<dyn Network>, layer: LayerId, leaf: Leaf) -> Self {
        Self {
            network,
            layer,
            leaf,
        }
    }
}

/// Takes the leaf of the last forward pass, if that pass computed the layer.
pub(crate) fn take(leaf: &Leaf) -> Option<Tensor<4>> {
    leaf.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl Network for Patched {
    fn layers(&self) -> &[Layer] {
        self.network.layers()
    }

    fn device(&self) -> &Device {
        self.network.device()
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        self.network.forward(images, probe)
    }

    fn channels(&self) -> usize {
        self.network.channels()
    }

    fn logits(&self) -> Option<LayerId> {
        self.network.logits()
    }

    fn labels(&self) -> &[String] {
        self.network.labels()
    }

    fn smallest_image(&self) -> [usize; 2] {
        self.network.smallest_image()
    }

    fn identity(&self) -> usize {
        self.network.identity()
    }

    fn layer_size(&self, layer: LayerId, image: [usize; 2]) -> Option<[usize; 2]> {
        self.network.layer_size(layer, image)
    }

    fn forward_to(
        &self,
        images: Tensor<4>,
        layers: &[LayerId],
        relu: ReluGradient,
    ) -> Vec<Tensor<4>> {
        if !images.is_autodiff() {
            return self.network.forward_to(images, layers, relu);
        }
        let mut patch = |layer, value: Tensor<4>| {
            if layer != self.layer {
                return value;
            }
            let leaf = value.without_autodiff().autodiff().require_grad();
            let mut place = self.leaf.lock().unwrap_or_else(PoisonError::into_inner);
            *place = Some(leaf.clone());
            leaf
        };
        // The layers before the leaf need no gradient.
        let images = images.without_autodiff();
        self.network
            .forward_patched(images, layers, relu, &mut patch)
    }

    fn forward_patched(
        &self,
        images: Tensor<4>,
        layers: &[LayerId],
        relu: ReluGradient,
        patch: &mut Patch<'_>,
    ) -> Vec<Tensor<4>> {
        self.network.forward_patched(images, layers, relu, patch)
    }
}
