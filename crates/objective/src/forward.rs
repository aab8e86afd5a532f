//! Forward passes: what a step's images, and the photographs beside them, excite.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use oneiric_core::Picture;
use oneiric_model::{LayerId, Network, ReluGradient};

use crate::{Objective, source::Source};

/// What the forward passes of a step found: the activations that an objective reads.
#[derive(Debug)]
pub struct Activations {
    by_layer: BTreeMap<LayerKey, Tensor<4>>,
}

/// The network, the address of the photograph if it is one's, and the layer.
pub(crate) type LayerKey = (usize, Option<usize>, LayerId);

impl Activations {
    /// Of the batch.
    pub(crate) fn key(source: &Source, layer: LayerId) -> LayerKey {
        (source.network.identity(), None, layer)
    }

    /// # Panics
    ///
    /// When the activations are another objective's.
    pub(crate) fn get(&self, key: LayerKey) -> &Tensor<4> {
        let found = self.by_layer.get(&key);
        found.expect("the activations are those of this objective's forward pass")
    }

    /// Of the source's photograph; empty where it has none.
    pub(crate) fn of_photograph(&self, source: &Source) -> Vec<Tensor<4>> {
        let Some(photograph) = source.measure.photograph().map(address) else {
            return Vec::new();
        };
        let layers = source.measure.layers().iter();
        let key = |&layer| (source.network.identity(), Some(photograph), layer);
        layers.map(|layer| self.get(key(layer)).clone()).collect()
    }
}

/// What tells one photograph from another.
fn address(photograph: &Picture) -> usize {
    std::ptr::from_ref(photograph).addr()
}

/// A forward pass of a network for the images of a step, or for a photograph.
struct Pass<'a> {
    network: &'a dyn Network,
    photograph: Option<&'a Picture>,
    layers: Vec<LayerId>,
}

impl Pass<'_> {
    /// What tells it from others.
    fn key(&self) -> (usize, Option<usize>) {
        (self.network.identity(), self.photograph.map(address))
    }
}

impl Objective {
    /// [`forward_as_seen`](Self::forward_as_seen) without random transforms: photographs as they
    /// are.
    #[must_use]
    pub fn forward(&self, view: &Tensor<4>, relu: ReluGradient) -> Activations {
        self.forward_as_seen(view, relu, &mut |photograph| photograph)
    }

    /// One forward pass per network, as deep as its terms read and no deeper, and one more for
    /// each photograph, which is a constant to the gradient. `seen` makes of a photograph
    /// [1, channels, height, width] what the transforms made of the images in this step.
    #[must_use]
    pub fn forward_as_seen(
        &self,
        view: &Tensor<4>,
        relu: ReluGradient,
        seen: &mut dyn FnMut(Tensor<4>) -> Tensor<4>,
    ) -> Activations {
        let mut by_layer = BTreeMap::new();
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
            by_layer.extend(keys.map(|layer| (network, photograph, layer)).zip(found));
        }
        Activations { by_layer }
    }

    /// In the order of their first terms, so that gradients always add up in the same order.
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
