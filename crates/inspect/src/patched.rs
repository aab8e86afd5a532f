//! A wrapper of a network that makes one of its layers a leaf of autodiff.

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
};

use burn::tensor::Tensor;
use oneiric_model::{LayerId, Network, NetworkExt, NetworkInfo, Probe};

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
    fn info(&self) -> &NetworkInfo {
        self.network.info()
    }

    fn forward(&self, images: Tensor<4>, probe: &mut Probe<'_>) -> ControlFlow<()> {
        if !images.is_autodiff() {
            return self.network.forward(images, probe);
        }
        let layers = self.network.layers();
        let (wanted, relu) = (probe.wanted().to_vec(), probe.relu_gradient());
        let mut patch = |layer, value: Tensor<4>| {
            let value = if layer == self.layer {
                let leaf = value.without_autodiff().autodiff().require_grad();
                let mut place = self.leaf.lock().unwrap_or_else(PoisonError::into_inner);
                *place = Some(leaf.clone());
                leaf
            } else {
                value
            };
            // Both probes are asked for the same layers, so the pass ends with either.
            match probe.at(layer, value.clone()) {
                ControlFlow::Continue(value) => value,
                ControlFlow::Break(()) => value,
            }
        };
        let mut leaving = Probe::new(layers, &wanted, relu).with_patch(&mut patch);
        // The layers before the leaf need no gradient.
        self.network
            .forward(images.without_autodiff(), &mut leaving)
    }
}
