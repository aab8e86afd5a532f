//! The value of an objective from the activations of the forward passes.

use std::collections::HashMap;

use burn::tensor::{Tensor, TensorData};
use oneiric_model::LayerId;

use crate::{
    Activations, Objective, ObjectiveError, Reading,
    by_image::ByImage,
    forward::LayerKey,
    source::Source,
    term::{Step, Term},
};

impl Objective {
    /// Computes the value: a tensor of one number.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError::Empty`] if there are no terms, [`ObjectiveError::NotOneNumber`] if
    /// a measure gives another shape.
    ///
    /// # Panics
    ///
    /// Panics if the activations are not those of this objective's [`forward`](Self::forward).
    pub fn value(
        &self,
        image: &Tensor<4>,
        activations: &Activations,
    ) -> Result<Tensor<1>, ObjectiveError> {
        if self.is_empty() {
            return Err(ObjectiveError::Empty);
        }
        let mut reader = Reader {
            image,
            activations,
            by_image: HashMap::new(),
        };
        let values = self.terms.iter().map(|term| reader.value(term));
        let values = values.collect::<Result<_, _>>()?;
        Ok(weighted_sum(
            values,
            self.terms.iter().map(|term| term.weight),
        ))
    }
}

/// Adds up all values in one sum: a chain of additions would be as deep as it is long.
fn weighted_sum(values: Vec<Tensor<1>>, weights: impl Iterator<Item = f64>) -> Tensor<1> {
    let weights: Vec<f32> = weights.map(|weight| weight as f32).collect();
    let values = Tensor::cat(values, 0);
    let weights = TensorData::new(weights, values.dims());
    let weights = Tensor::<1>::from_data(weights, &values.device().without_autodiff());
    (values * weights).sum()
}

/// Reads the values of terms in a step, and keeps the batches that some read image by image.
struct Reader<'a> {
    image: &'a Tensor<4>,
    activations: &'a Activations,
    /// `None` is the batch of the images themselves.
    by_image: HashMap<Option<LayerKey>, ByImage>,
}

impl Reader<'_> {
    /// Computes the result of a term's steps, without its weight.
    fn value(&mut self, term: &Term) -> Result<Tensor<1>, ObjectiveError> {
        let mut values: Vec<Tensor<1>> = Vec::new();
        for step in &term.steps {
            let value = match step {
                Step::Read(source) => self.read(source)?,
                Step::One => Tensor::ones([1], &self.image.device().without_autodiff()),
                Step::WeightedSum(weights) => {
                    let first = values.len() - weights.len();
                    weighted_sum(values.split_off(first), weights.iter().copied())
                }
                Step::Product => {
                    let two = values.split_off(values.len() - 2);
                    two.into_iter()
                        .reduce(|one, other| one * other)
                        .expect("a product has two factors")
                }
            };
            values.push(value);
        }
        Ok(values.pop().expect("the steps of a term leave its value"))
    }

    fn read(&mut self, source: &Source) -> Result<Tensor<1>, ObjectiveError> {
        let measure = &source.measure;
        let layer = |layer: &LayerId| Some(Activations::key(source, *layer));
        let layers = measure.layers().iter().map(layer);
        let reading = Reading {
            layers: layers.map(|key| self.batch(key, source.image)).collect(),
            image: self.batch(None, source.image),
            photograph: self.activations.of_photograph(source),
        };
        let value = measure.value(&reading);
        match value.dims() {
            [1] => Ok(value),
            found => Err(ObjectiveError::NotOneNumber {
                measure: format!("{measure:?}"),
                found,
            }),
        }
    }

    /// Returns a layer's activations, or the images, for the whole batch or for one image.
    fn batch(&mut self, key: Option<LayerKey>, image: Option<usize>) -> Tensor<4> {
        let batch = match &key {
            Some(key) => self.activations.get(key),
            None => self.image,
        };
        match image {
            None => batch.clone(),
            Some(image) => {
                let by_image = self.by_image.entry(key);
                let by_image = by_image.or_insert_with(|| ByImage::new(batch.clone()));
                by_image.image(image)
            }
        }
    }
}
