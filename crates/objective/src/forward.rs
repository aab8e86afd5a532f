//! Forward passes of a step's images and of the photographs beside them.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use burn::tensor::Tensor;
use oneiric_core::Picture;
use oneiric_model::{LayerId, Network, NetworkExt, NetworkId, ReluGradient};

use crate::{Objective, source::Source};

/// The activations that an objective reads, from the forward passes of a step.
#[derive(Debug)]
pub struct Activations {
    by_layer: HashMap<LayerKey, Tensor<4>>,
}

/// The network, the photograph if it is one's, and the layer.
pub(crate) type LayerKey = (NetworkId, Option<PhotographKey>, LayerId);

/// A photograph as a key: equal for all that share it. Holding it keeps its address from being
/// reused.
#[derive(Debug, Clone)]
pub(crate) struct PhotographKey(Arc<Picture>);

impl PartialEq for PhotographKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for PhotographKey {}

impl Hash for PhotographKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl Activations {
    /// Returns the key of a layer's activations for the batch.
    pub(crate) fn key(source: &Source, layer: LayerId) -> LayerKey {
        (source.network.id().clone(), None, layer)
    }

    /// # Panics
    ///
    /// Panics if the activations are another objective's.
    pub(crate) fn get(&self, key: &LayerKey) -> &Tensor<4> {
        let found = self.by_layer.get(key);
        found.expect("the activations are those of this objective's forward pass")
    }

    /// Returns the activations for the source's photograph; empty if it has none.
    pub(crate) fn of_photograph(&self, source: &Source) -> Vec<Tensor<4>> {
        let Some(photograph) = source.measure.photograph() else {
            return Vec::new();
        };
        let network = source.network.id();
        let photograph = PhotographKey(Arc::clone(photograph));
        let layers = source.measure.layers().iter();
        let key = |&layer| (network.clone(), Some(photograph.clone()), layer);
        layers.map(|layer| self.get(&key(layer)).clone()).collect()
    }
}

/// A forward pass of a network for the images of a step, or for a photograph.
struct Pass<'a> {
    network: &'a dyn Network,
    photograph: Option<&'a Arc<Picture>>,
    layers: Vec<LayerId>,
}

impl Pass<'_> {
    fn key(&self) -> (NetworkId, Option<PhotographKey>) {
        let photograph = self.photograph.map(Arc::clone);
        (self.network.id().clone(), photograph.map(PhotographKey))
    }
}

impl Objective {
    /// Calls [`forward_as_seen`](Self::forward_as_seen) without random transforms of the
    /// photographs.
    #[must_use]
    pub fn forward(&self, view: &Tensor<4>, relu: ReluGradient) -> Activations {
        self.forward_as_seen(view, relu, &mut |photograph| photograph)
    }

    /// Runs one forward pass per network, as deep as the terms read and no deeper, and one more for
    /// each photograph, which is a constant to the gradient. `seen` applies this step's transforms
    /// to a photograph [1, channels, height, width].
    #[must_use]
    pub fn forward_as_seen(
        &self,
        view: &Tensor<4>,
        relu: ReluGradient,
        seen: &mut dyn FnMut(Tensor<4>) -> Tensor<4>,
    ) -> Activations {
        let mut by_layer = HashMap::new();
        for mut pass in self.passes() {
            pass.layers.sort_unstable();
            pass.layers.dedup();
            let (network, photograph) = pass.key();
            let input = match pass.photograph {
                None => view.clone(),
                Some(photograph) => {
                    let device = pass.network.device().clone().without_autodiff();
                    seen(photograph.to_tensor(&device)).without_autodiff()
                }
            };
            let found = pass.network.forward_to(input, &pass.layers, relu);
            let keys = pass.layers.into_iter();
            let key = |layer| (network.clone(), photograph.clone(), layer);
            by_layer.extend(keys.map(key).zip(found));
        }
        Activations { by_layer }
    }

    /// Lists the passes in the order of their first terms, so that gradients always add up in the
    /// same order.
    fn passes(&self) -> Vec<Pass<'_>> {
        let mut passes: Vec<Pass<'_>> = Vec::new();
        for source in self.sources() {
            let layers = source.measure.layers();
            if layers.is_empty() {
                continue;
            }
            let photograph = source.measure.photograph().map(Some);
            for photograph in std::iter::once(None).chain(photograph) {
                let pass = Pass {
                    network: &*source.network,
                    photograph,
                    layers: layers.to_vec(),
                };
                match passes.iter_mut().find(|known| known.key() == pass.key()) {
                    Some(known) => known.layers.extend(layers),
                    None => passes.push(pass),
                }
            }
        }
        passes
    }
}
