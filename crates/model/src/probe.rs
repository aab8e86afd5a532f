//! What goes along with a forward pass: it keeps the layers that were asked for, may put others in
//! their place, and says when there is nothing left to compute.

use std::{fmt, ops::ControlFlow};

use burn::tensor::Tensor;

use crate::{Layer, LayerId, ReluGradient, ops};

/// A function that is given every layer that is computed, in the order of the forward pass, and
/// what it returns takes the layer's place for all that follows.
pub type Patch<'a> = dyn FnMut(LayerId, Tensor<4>) -> Tensor<4> + 'a;

/// Keeps the layers that were asked for while a network computes them.
///
/// A network hands every layer to [`layer`](Self::layer) and goes on with what comes back, which
/// is the same tensor unless somebody patches it; the `?` ends the pass once all that was asked
/// for is there. See [`Network`](crate::Network) for one.
pub struct Probe<'a> {
    layers: &'a [Layer],
    wanted: Vec<LayerId>,
    found: Vec<Option<Tensor<4>>>,
    relu: ReluGradient,
    patch: Option<&'a mut Patch<'a>>,
    /// Where a network under test is written down instead of trusted.
    record: Option<Record>,
}

/// Everything that a network under test hands over.
struct Record {
    visits: Vec<Visit>,
    /// Whether the pass breaks off where it would otherwise.
    breaks: bool,
}

/// One layer that a network under test handed over.
pub(crate) struct Visit {
    /// Which one; `None` if the network lists none of that name.
    pub(crate) layer: Option<LayerId>,
    /// The name, or the number of a layer that is not listed.
    pub(crate) name: String,
    /// What was handed over.
    pub(crate) value: Tensor<4>,
}

impl<'a> Probe<'a> {
    /// A probe for some of a network's layers.
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

    /// Writes down what comes instead of panicking at what should not, and only `breaks` off if
    /// told to.
    pub(crate) fn recording(mut self, breaks: bool) -> Self {
        let visits = Vec::new();
        self.record = Some(Record { visits, breaks });
        self
    }

    /// What came, in its order; nothing unless [`recording`](Self::recording).
    pub(crate) fn into_visits(self) -> Vec<Visit> {
        self.record.map(|record| record.visits).unwrap_or_default()
    }

    /// Puts what a function makes of a layer in its place.
    #[must_use]
    pub fn with_patch(mut self, patch: &'a mut Patch<'a>) -> Self {
        self.patch = Some(patch);
        self
    }

    /// Returns true if a patch reads and may replace every layer that is computed, asked for or not.
    #[must_use]
    pub const fn is_patched(&self) -> bool {
        self.patch.is_some()
    }

    /// The layers that were asked for.
    #[must_use]
    pub fn wanted(&self) -> &[LayerId] {
        &self.wanted
    }

    /// Hands over the layer of that name, [n, channels, height, width]; go on with the tensor that
    /// comes back. Breaks when all layers that were asked for are there.
    ///
    /// # Panics
    ///
    /// When the network lists no layer of that name, or a patch changes a shape.
    pub fn layer(&mut self, name: &str, value: Tensor<4>) -> ControlFlow<(), Tensor<4>> {
        let index = self.layers.iter().position(|layer| layer.name() == name);
        match index {
            Some(index) => self.at(LayerId::new(index), value),
            None => self.unlisted(name, value),
        }
    }

    /// [`layer`](Self::layer) by number, its place in [`Network::layers`](crate::Network::layers):
    /// for a network that computes itself from a list.
    ///
    /// # Panics
    ///
    /// When the network lists no such layer, or a patch changes a shape.
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

    /// max(x, 0), with the gradient that this pass asks for: with it instead of a ReLU of one's
    /// own, dead units wake up (see [`redirected_relu`](crate::redirected_relu)). Activations that
    /// never lose their gradient (GELU, SiLU, a leaky ReLU) need nothing of the kind.
    #[must_use]
    pub fn relu(&self, x: Tensor<4>) -> Tensor<4> {
        ops::relu(x, self.relu)
    }

    /// How the gradient passes a ReLU.
    #[must_use]
    pub const fn relu_gradient(&self) -> ReluGradient {
        self.relu
    }

    /// The layers that were asked for, in their order.
    ///
    /// # Panics
    ///
    /// When the network never came to one of them.
    #[must_use]
    pub fn into_values(self) -> Vec<Tensor<4>> {
        let layers = self.layers;
        let found = self.wanted.into_iter().zip(self.found);
        let value = |(id, value): (LayerId, Option<Tensor<4>>)| {
            let name = layers[id.index()].name();
            value.unwrap_or_else(|| panic!("the forward pass never came to the layer {name:?}"))
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
