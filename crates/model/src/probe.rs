//! The observer of a forward pass: it keeps the wanted layers, may replace any layer, and ends the
//! pass once all wanted layers are computed.

use std::{fmt, ops::ControlFlow};

use burn::tensor::Tensor;

use crate::{Layer, LayerId, ReluGradient, ops};

/// A function that gets every layer that is computed, in the order of the forward pass, and whose
/// result takes the layer's place for all that follows.
pub type Patch<'a> = dyn FnMut(LayerId, Tensor<4>) -> Tensor<4> + 'a;

/// The observer of a forward pass, which keeps the wanted layers.
///
/// A network gives every layer to [`layer`](Self::layer) and goes on with the tensor that it
/// returns, which is the same tensor unless a patch replaces it; the `?` ends the pass once all
/// wanted layers are computed. See [`Network`](crate::Network) for an example.
pub struct Probe<'a> {
    layers: &'a [Layer],
    wanted: Vec<LayerId>,
    found: Vec<Option<Tensor<4>>>,
    relu: ReluGradient,
    patch: Option<&'a mut Patch<'a>>,
    /// The record of `NetworkExt::verify`, which observes a network instead of trusting it.
    record: Option<Record>,
}

/// The layers that a network under test gives to the probe.
struct Record {
    visits: Vec<Visit>,
    /// True if the pass ends at the last wanted layer; otherwise it runs to its end.
    breaks: bool,
}

/// A layer that a network under test gave to the probe.
pub(crate) struct Visit {
    /// The number of the layer; `None` if the network does not list it.
    pub(crate) layer: Option<LayerId>,
    /// The name, or the number of a layer that is not listed.
    pub(crate) name: String,
    /// The activations, [n, channels, height, width].
    pub(crate) value: Tensor<4>,
}

impl<'a> Probe<'a> {
    /// Creates a probe for some of a network's layers.
    #[must_use]
    pub fn new(layers: &'a [Layer], wanted: &[LayerId], relu: ReluGradient) -> Self {
        Self {
            layers,
            wanted: wanted.to_vec(),
            found: vec![None; wanted.len()],
            relu,
            patch: None,
            record: None,
        }
    }

    /// Records every layer, also unlisted ones, at which the probe would otherwise panic. The pass
    /// ends at the last wanted layer only if `breaks` is true.
    pub(crate) fn recording(mut self, breaks: bool) -> Self {
        let visits = Vec::new();
        self.record = Some(Record { visits, breaks });
        self
    }

    /// Returns the recorded layers in the order of the pass; none unless
    /// [`recording`](Self::recording).
    pub(crate) fn into_visits(self) -> Vec<Visit> {
        self.record.map(|record| record.visits).unwrap_or_default()
    }

    /// Replaces every layer by the result of a function of it.
    #[must_use]
    pub fn with_patch(mut self, patch: &'a mut Patch<'a>) -> Self {
        self.patch = Some(patch);
        self
    }

    /// Returns true if a patch reads and may replace every layer that is computed, wanted or not.
    #[must_use]
    pub const fn is_patched(&self) -> bool {
        self.patch.is_some()
    }

    /// Returns true if anyone reads a layer: it is wanted, or a patch or a record takes them all.
    pub(crate) fn reads(&self, layer: LayerId) -> bool {
        self.patch.is_some() || self.record.is_some() || self.wanted.contains(&layer)
    }

    /// The wanted layers.
    #[must_use]
    pub fn wanted(&self) -> &[LayerId] {
        &self.wanted
    }

    /// Takes the activations of the layer of that name, [n, channels, height, width], and returns
    /// the tensor for the pass to go on with. Breaks once all wanted layers are computed.
    ///
    /// # Panics
    ///
    /// Panics if the network lists no layer of that name, or a patch changes a shape.
    pub fn layer(&mut self, name: &str, value: Tensor<4>) -> ControlFlow<(), Tensor<4>> {
        let index = self.layers.iter().position(|layer| layer.name() == name);
        match index {
            Some(index) => self.at(LayerId::new(index), value),
            None => self.unlisted(name, value),
        }
    }

    /// Takes the activations of a layer by its number, as [`layer`](Self::layer) does by its name:
    /// for a network that is computed from a list.
    ///
    /// # Panics
    ///
    /// Panics if the network lists no such layer, or a patch changes a shape.
    pub fn at(&mut self, layer: LayerId, value: Tensor<4>) -> ControlFlow<(), Tensor<4>> {
        let Some(listed) = self.layers.get(layer.index()) else {
            return self.unlisted(&layer.index().to_string(), value);
        };
        let value = match &mut self.patch {
            Some(patch) => {
                let shape = value.dims();
                let patched = patch(layer, value);
                let name = listed.name();
                assert_eq!(patched.dims(), shape, "the shape of {name}, patched");
                patched
            }
            None => value,
        };
        if let Some(record) = &mut self.record {
            record.visits.push(Visit {
                layer: Some(layer),
                name: listed.name().to_owned(),
                value: value.clone(),
            });
        }
        for (wanted, found) in self.wanted.iter().zip(&mut self.found) {
            if *wanted == layer {
                *found = Some(value.clone());
            }
        }
        let breaks = self.record.as_ref().is_none_or(|record| record.breaks);
        if breaks && self.found.iter().all(Option::is_some) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(value)
    }

    fn unlisted(&mut self, name: &str, value: Tensor<4>) -> ControlFlow<(), Tensor<4>> {
        let Some(record) = &mut self.record else {
            let known: Vec<&str> = self.layers.iter().map(Layer::name).collect();
            panic!("the forward pass names a layer {name:?}, the network lists {known:?}")
        };
        record.visits.push(Visit {
            layer: None,
            name: name.to_owned(),
            value: value.clone(),
        });
        ControlFlow::Continue(value)
    }

    /// Computes ReLU, max(x, 0), with the gradient of this pass: in place of a ReLU of your own, it
    /// lets dead units wake up (see [`redirected_relu`](crate::redirected_relu)). Activation
    /// functions whose gradient does not vanish (GELU, SiLU, a leaky ReLU) do not need it.
    #[must_use]
    pub fn relu(&self, x: Tensor<4>) -> Tensor<4> {
        ops::relu(x, self.relu)
    }

    /// The gradient of ReLUs in this pass.
    #[must_use]
    pub const fn relu_gradient(&self) -> ReluGradient {
        self.relu
    }

    /// Returns the activations of the wanted layers, in their order.
    ///
    /// # Panics
    ///
    /// Panics if the forward pass did not compute one of them.
    #[must_use]
    pub fn into_values(self) -> Vec<Tensor<4>> {
        let layers = self.layers;
        let found = self.wanted.into_iter().zip(self.found);
        let value = |(id, value): (LayerId, Option<Tensor<4>>)| {
            let name = layers[id.index()].name();
            value.unwrap_or_else(|| panic!("the forward pass did not reach the layer {name:?}"))
        };
        found.map(value).collect()
    }
}

impl fmt::Debug for Probe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe")
            .field("wanted", &self.wanted)
            .field("relu", &self.relu)
            .field("patched", &self.patch.is_some())
            .finish_non_exhaustive()
    }
}
