//! The weights of a graph, as tensors on a device.

use std::{collections::BTreeSet, sync::Arc};

use burn::tensor::{Device, Shape, Tensor, TensorData};
use oneiric_core::{DeviceError, read};
use oneiric_graph::{Graph, WeightId};
use oneiric_weights::{HostTensor, NamedTensors};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use crate::{Misfits, Misshapen, ModelError};

/// The values of the weights that a [`Graph`] declares, by name.
///
/// Loaded weights are without autodiff: constants to every pass, so that no gradient of theirs is
/// computed. To train them, replace them by tensors that autodiff tracks.
#[derive(Debug, Clone)]
pub struct NetworkWeights {
    graph: Arc<Graph>,
    /// The values of each declaration, flat.
    values: Vec<Tensor<1>>,
}

impl NetworkWeights {
    /// Uploads the tensors that the graph declares.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Weights`] if a tensor is missing, misshapen, not finite or unknown.
    pub(crate) fn load(
        graph: Arc<Graph>,
        mut tensors: NamedTensors,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let declared = graph.weights().iter();
        let declared = declared.map(|weight| (weight.name.clone(), weight.shape.clone()));
        Misfits::of(declared, &tensors, |_| false).into_result("the graph")?;
        let take = |weight: &oneiric_graph::Weight| {
            // Each tensor is removed before the next is uploaded, so that hardly more than one copy
            // of the weights is in memory at a time.
            let values = tensors.remove(&weight.name).expect("checked").values;
            Tensor::from_data(TensorData::new(values, [weight.count()]), device)
        };
        let values = graph.weights().iter().map(take).collect();
        Ok(Self { graph, values })
    }

    /// Draws random values: normal with variance 2 / fan-in (He et al., 2015) for kernels and
    /// matrices, 0 for vectors.
    pub(crate) fn random(graph: &Graph, seed: u64) -> NamedTensors {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let tensor = |weight: &oneiric_graph::Weight| {
            let shape = weight.shape.clone();
            let fan_in = match shape[..] {
                [_, ref rest @ ..] if !rest.is_empty() => Some(rest.iter().product()),
                _ => None,
            };
            let values = random_values(fan_in, weight.count(), &mut rng);
            (weight.name.clone(), HostTensor { shape, values })
        };
        graph.weights().iter().map(tensor).collect()
    }

    /// The declarations of the weights, in the graph's order.
    #[must_use]
    pub fn declared(&self) -> &[oneiric_graph::Weight] {
        self.graph.weights()
    }

    /// Returns the tensor of that name.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::UnknownWeight`] if the graph declares no weight of that name with `D`
    /// axes.
    pub fn get<const D: usize>(&self, name: &str) -> Result<Tensor<D>, ModelError> {
        Ok(self.at(self.find::<D>(name)?))
    }

    /// Replaces the tensor of that name.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::UnknownWeight`] if the graph declares no weight of that name with `D`
    /// axes, and [`ModelError::Weights`] if `value` has another shape.
    pub fn set<const D: usize>(&mut self, name: &str, value: Tensor<D>) -> Result<(), ModelError> {
        let id = self.find::<D>(name)?;
        let expected = &self.graph.weights()[id.index()].shape;
        let found = value.dims().to_vec();
        if *expected != found {
            let mut misfits = Misfits::default();
            misfits.misshapen.push(Misshapen {
                name: name.to_owned(),
                expected: expected.clone(),
                found,
            });
            return misfits.into_result("the graph");
        }
        self.values[id.index()] = value.reshape([-1]);
        Ok(())
    }

    /// Returns the tensor of a declaration, flat.
    pub(crate) fn flat(&self, id: WeightId) -> Tensor<1> {
        self.values[id.index()].clone()
    }

    /// Returns the tensor of a declaration, which has `D` axes.
    pub(crate) fn at<const D: usize>(&self, id: WeightId) -> Tensor<D> {
        let shape = &self.graph.weights()[id.index()].shape;
        self.values[id.index()]
            .clone()
            .reshape(Shape::from(shape.clone()))
    }

    /// Reads all values back, in the graph's order.
    pub(crate) fn to_host(&self) -> Result<Vec<Vec<f32>>, DeviceError> {
        self.values
            .iter()
            .map(|value| read(value.clone()))
            .collect()
    }

    /// Returns the name of the first weight that autodiff tracks, if there is one.
    pub(crate) fn tracked(&self) -> Option<&str> {
        let index = self.values.iter().position(Tensor::is_tracked)?;
        Some(&self.graph.weights()[index].name)
    }

    /// Checks that these weights are those that a graph declares.
    ///
    /// # Errors
    ///
    /// Returns [`ModelError::Weights`] if a weight is missing, misshapen or unknown.
    pub(crate) fn check(&self, graph: &Graph) -> Result<(), ModelError> {
        if self.declared() == graph.weights() {
            return Ok(());
        }
        let mut misfits = Misfits::default();
        for expected in graph.weights() {
            match self.declared().iter().find(|own| own.name == expected.name) {
                None => misfits.missing.push(expected.name.clone()),
                Some(own) if own.shape != expected.shape => misfits.misshapen.push(Misshapen {
                    name: own.name.clone(),
                    expected: expected.shape.clone(),
                    found: own.shape.clone(),
                }),
                Some(_) => {}
            }
        }
        let known: BTreeSet<_> = graph.weights().iter().map(|weight| &weight.name).collect();
        let own = self.declared().iter().map(|weight| &weight.name);
        misfits.unknown = own.filter(|name| !known.contains(name)).cloned().collect();
        misfits.into_result("the graph")
    }

    fn find<const D: usize>(&self, name: &str) -> Result<WeightId, ModelError> {
        let declared = self.graph.weights();
        let fits = |weight: &oneiric_graph::Weight| weight.name == name && weight.shape.len() == D;
        let index = declared.iter().position(fits);
        index
            .map(WeightId::new)
            .ok_or_else(|| ModelError::UnknownWeight {
                name: name.to_owned(),
                axes: D,
                known: declared.iter().map(|weight| weight.name.clone()).collect(),
            })
    }
}

/// Draws normal values of variance 2 / `fan_in`, or zeros without a fan-in.
pub(crate) fn random_values(fan_in: Option<usize>, count: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let Some(fan_in) = fan_in else {
        return vec![0.0; count];
    };
    match Normal::new(0.0, (2.0 / fan_in as f32).sqrt()) {
        Ok(normal) => normal.sample_iter(rng).take(count).collect(),
        Err(_) => vec![0.0; count],
    }
}
