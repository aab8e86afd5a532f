//! Forward passes of a step's images and of the photographs beside them.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use burn::tensor::Tensor;
use oneiric_core::{Parts, Picture};
use oneiric_model::{LayerId, Network, NetworkExt, NetworkId, ReluGradient};

use crate::{Objective, source::Source};

/// The activations that an objective reads, from the forward passes of a step.
#[derive(Debug, Default)]
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
    /// Calls [`forward_views`](Self::forward_views) for one view, without random transforms of the
    /// photographs.
    #[must_use]
    pub fn forward(&self, view: &Tensor<4>, relu: ReluGradient) -> Activations {
        let view = std::slice::from_ref(view);
        let mut activations = self.forward_views(view, relu, &mut |photograph, _| photograph);
        activations.pop().expect("one view has its activations")
    }

    /// Runs one forward pass per network for all views, as deep as the terms read and no deeper,
    /// and one more for each photograph, which is a constant to the gradient. The views
    /// [n, channels, height, width] have one shape and go through the network as one batch. `seen`
    /// applies the transforms of the view with that index to a photograph
    /// [1, channels, height, width]. Returns the activations of each view.
    #[must_use]
    pub fn forward_views(
        &self,
        views: &[Tensor<4>],
        relu: ReluGradient,
        seen: &mut dyn FnMut(Tensor<4>, usize) -> Tensor<4>,
    ) -> Vec<Activations> {
        let mut by_view: Vec<Activations> = views.iter().map(|_| Activations::default()).collect();
        for mut pass in self.passes() {
            pass.layers.sort_unstable();
            pass.layers.dedup();
            let (network, photograph) = pass.key();
            let inputs = match pass.photograph {
                None => views.to_vec(),
                Some(photograph) => {
                    let device = pass.network.device().clone().without_autodiff();
                    let mut seen = |view| seen(photograph.to_tensor(&device), view);
                    let indices = 0..views.len();
                    indices.map(|view| seen(view).without_autodiff()).collect()
                }
            };
            let found = pass.network.forward_to(joined(inputs), &pass.layers, relu);
            for (layer, batch) in pass.layers.into_iter().zip(found) {
                let key = (network.clone(), photograph.clone(), layer);
                for (view, part) in by_view.iter_mut().zip(parts(batch, views.len())) {
                    view.by_layer.insert(key.clone(), part);
                }
            }
        }
        by_view
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

/// Joins the images of several views to one batch.
fn joined(mut views: Vec<Tensor<4>>) -> Tensor<4> {
    match views.len() {
        1 => views.remove(0),
        _ => Tensor::cat(views, 0),
    }
}

/// Cuts a batch into that many parts of one size, differentiably.
fn parts(batch: Tensor<4>, count: usize) -> Vec<Tensor<4>> {
    if count == 1 {
        return vec![batch];
    }
    let [images, channels, height, width] = batch.dims();
    let each = images / count;
    let mut batch = Parts::new(batch);
    let mut part = |first| batch.part([first..first + each, 0..channels, 0..height, 0..width]);
    (0..count).map(|view| part(view * each)).collect()
}
