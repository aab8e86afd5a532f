//! Weighted sums of measures, and how they are read off a network.

use std::{
    collections::BTreeMap,
    iter::Sum,
    ops::{Add, Mul, Neg, Sub},
    sync::Arc,
};

use burn::tensor::{Device, Tensor, TensorData};
use oneiric_model::{LayerId, Network, ReluGradient};

use crate::{Measure, ObjectiveError, Reading};

/// Side of the largest square tried to tell what a layer needs.
const LARGEST_SQUARE: usize = 1024;

/// What an image is to excite: a weighted sum of measures, larger is better.
///
/// A flat list, however it was put together: a sum of hundreds of terms is as shallow as one of
/// two, multiplying scales every term once, and operands are never shared or changed.
#[derive(Debug, Clone)]
pub struct Objective {
    terms: Vec<Term>,
}

#[derive(Debug, Clone)]
struct Term {
    weight: f64,
    measure: Arc<dyn Measure>,
    network: Arc<dyn Network>,
    /// The only image of the batch that it reads.
    image: Option<usize>,
}

/// What a forward pass found: the activations that an objective reads, by network and layer.
#[derive(Debug)]
pub struct Activations {
    layers: BTreeMap<(usize, LayerId), Tensor<4>>,
}

impl Objective {
    /// One measure of a network, with weight 1.
    #[must_use]
    pub fn new(network: Arc<dyn Network>, measure: Arc<dyn Measure>) -> Self {
        Self {
            terms: vec![Term {
                weight: 1.0,
                measure,
                network,
                image: None,
            }],
        }
    }

    /// The same, reading only one image of the batch (counted from 0), so that every image of a
    /// batch can have its own. Terms that are limited already stay with their image.
    #[must_use]
    pub fn on_image(mut self, image: usize) -> Self {
        for term in &mut self.terms {
            term.image.get_or_insert(image);
        }
        self
    }

    /// Number of terms.
    #[must_use]
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there is nothing to optimise.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The device of its networks.
    ///
    /// # Errors
    ///
    /// When it has no terms, or its networks are on different devices.
    pub fn device(&self) -> Result<Device, ObjectiveError> {
        let first = self
            .terms
            .first()
            .ok_or(ObjectiveError::Empty)?
            .network
            .device();
        let other = self.terms.iter().map(|term| term.network.device());
        match other.into_iter().find(|device| *device != first) {
            None => Ok(first.clone()),
            Some(second) => Err(ObjectiveError::Devices {
                first: format!("{first:?}"),
                second: format!("{second:?}"),
            }),
        }
    }

    /// Checks that it can be read from a batch of that many images, of which the network sees
    /// views of at least that height and width.
    ///
    /// # Errors
    ///
    /// When it has no terms, a weight that is not finite, reads an image that is not in the
    /// batch, or a view is too small for a layer or a position.
    pub fn check(&self, batch: usize, smallest_view: [usize; 2]) -> Result<(), ObjectiveError> {
        self.device()?;
        for term in &self.terms {
            if !term.weight.is_finite() {
                return Err(ObjectiveError::Number {
                    name: "the weight of a term",
                    value: term.weight,
                    allowed: "finite",
                });
            }
            if let Some(image) = term.image.filter(|&image| image >= batch) {
                return Err(ObjectiveError::Image { image, batch });
            }
            let size = |&layer: &LayerId| {
                let network = &term.network;
                network
                    .layer_size(layer, smallest_view)
                    .ok_or_else(|| ObjectiveError::TooSmall {
                        layer: network.describe(layer).name().to_owned(),
                        width: smallest_view[1],
                        height: smallest_view[0],
                        needed: (1..=LARGEST_SQUARE)
                            .find(|&n| network.layer_size(layer, [n; 2]).is_some()),
                    })
            };
            let sizes = term
                .measure
                .layers()
                .iter()
                .map(size)
                .collect::<Result<Vec<_>, _>>()?;
            term.measure.check(&sizes)?;
        }
        Ok(())
    }

    /// One forward pass per network, as deep as its terms read and no deeper.
    #[must_use]
    pub fn forward(&self, view: &Tensor<4>, relu: ReluGradient) -> Activations {
        // In the order of their first terms, so that gradients always add up in the same order.
        let mut networks: Vec<(&dyn Network, Vec<LayerId>)> = Vec::new();
        for term in &self.terms {
            let identity = term.network.identity();
            let layers = term.measure.layers();
            match networks
                .iter_mut()
                .find(|(network, _)| network.identity() == identity)
            {
                Some((_, known)) => known.extend(layers),
                None => networks.push((&*term.network, layers.to_vec())),
            }
        }
        let mut activations = BTreeMap::new();
        for (network, mut layers) in networks {
            layers.sort_unstable();
            layers.dedup();
            if layers.is_empty() {
                continue;
            }
            let found = network.forward_to(view.clone(), &layers, relu);
            let keys = layers.into_iter().map(|layer| (network.identity(), layer));
            activations.extend(keys.zip(found));
        }
        Activations {
            layers: activations,
        }
    }

    /// The value: a tensor of one number.
    ///
    /// # Errors
    ///
    /// [`ObjectiveError::NotOneNumber`] when a measure gives another shape.
    ///
    /// # Panics
    ///
    /// When the activations are not those of this objective's [`forward`](Self::forward).
    pub fn value(
        &self,
        image: &Tensor<4>,
        activations: &Activations,
    ) -> Result<Tensor<1>, ObjectiveError> {
        let values = self.terms.iter().map(|term| {
            let limited = |tensor: &Tensor<4>| match term.image {
                Some(index) => tensor.clone().narrow(0, index, 1),
                None => tensor.clone(),
            };
            let identity = term.network.identity();
            let layers = term.measure.layers().iter();
            let layers = layers.map(|&layer| limited(&activations.layers[&(identity, layer)]));
            let reading = Reading {
                image: limited(image),
                layers: layers.collect(),
            };
            let value = term.measure.value(&reading);
            match value.dims() {
                [1] => Ok(value),
                found => Err(ObjectiveError::NotOneNumber {
                    measure: format!("{:?}", term.measure),
                    found,
                }),
            }
        });
        // One sum over all terms: a chain of additions would be as deep as it is long.
        let values = Tensor::cat(values.collect::<Result<_, _>>()?, 0);
        let weights: Vec<f32> = self.terms.iter().map(|term| term.weight as f32).collect();
        let weights = TensorData::new(weights, [self.terms.len()]);
        let weights = Tensor::<1>::from_data(weights, &image.device().without_autodiff());
        Ok((values * weights).sum())
    }
}

impl Add for Objective {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.terms.extend(other.terms);
        self
    }
}

impl Sub for Objective {
    type Output = Self;

    #[allow(
        clippy::suspicious_arithmetic_impl,
        reason = "a difference is a sum with a negative"
    )]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Objective {
    type Output = Self;

    fn neg(self) -> Self {
        self * -1.0
    }
}

impl Mul<f64> for Objective {
    type Output = Self;

    fn mul(mut self, factor: f64) -> Self {
        for term in &mut self.terms {
            term.weight *= factor;
        }
        self
    }
}

impl Mul<Objective> for f64 {
    type Output = Objective;

    fn mul(self, objective: Objective) -> Objective {
        objective * self
    }
}

impl Sum for Objective {
    fn sum<I: Iterator<Item = Self>>(objectives: I) -> Self {
        Self {
            terms: objectives.flat_map(|objective| objective.terms).collect(),
        }
    }
}
