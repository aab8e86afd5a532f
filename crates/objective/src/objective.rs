//! Weighted sums of measures and of their products, and their checks.

use std::{collections::HashMap, sync::Arc};

use burn::tensor::Device;
use oneiric_model::{Network, NetworkExt};
use oneiric_support::SettingError;

use crate::{
    Measure, ObjectiveError,
    source::Source,
    term::{Step, Term},
};

/// An objective: a weighted sum of measures that an image is to make large.
///
/// | arithmetic | meaning |
/// | --- | --- |
/// | `a + b`, `a - b`, `-a`, `a += b`, `a -= b` | sums of the values |
/// | `sum()` of an iterator | the same: a sum and not an average |
/// | `2.0 * a`, `a * 2.0`, `a / 2.0` | every term scaled once |
/// | `a * b` | product of the two values |
/// | `a + 1.0`, `1.0 - a` | a constant, which matters within a product |
/// | [`mean`](Self::mean) | the average |
///
/// A flat list, however it was put together: a sum of thousands of terms is as shallow as one of
/// two, products of sums of products too. All operators take references too, `&a + &b`, `2.0 * &a`:
/// a copy is a list of terms and holds no network of its own.
#[derive(Debug, Clone)]
pub struct Objective {
    pub(crate) terms: Vec<Term>,
}

impl Objective {
    /// Creates the objective of one measure of a network, with weight 1.
    #[must_use]
    pub fn new(network: Arc<dyn Network>, measure: Arc<dyn Measure>) -> Self {
        let source = Source {
            measure,
            network,
            image: None,
        };
        Self {
            terms: vec![Term {
                weight: 1.0,
                steps: vec![Step::Read(source)],
            }],
        }
    }

    /// Gives each image of a batch its own objective, in order: the sum of
    /// `objectives[i].on_image(i)`. Sixteen units of a layer cost little more than one unit of
    /// a batch of sixteen.
    #[must_use]
    pub fn per_image(objectives: impl IntoIterator<Item = Self>) -> Self {
        let objectives = objectives.into_iter().enumerate();
        objectives
            .map(|(image, objective)| objective.on_image(image))
            .sum()
    }

    /// Averages several objectives; without terms if there are none.
    #[must_use]
    pub fn mean(objectives: impl IntoIterator<Item = Self>) -> Self {
        let objectives: Vec<Self> = objectives.into_iter().collect();
        let count = objectives.len().max(1) as f64;
        objectives.into_iter().sum::<Self>() / count
    }

    /// Limits the objective to one image of the batch, counted from 0, so that every image can have
    /// its own objective. Terms that are limited already stay with their image.
    #[must_use]
    pub fn on_image(mut self, image: usize) -> Self {
        for source in self.terms.iter_mut().flat_map(Term::sources_mut) {
            source.image.get_or_insert(image);
        }
        self
    }

    /// Replaces the network of each measure by the result of a function, such as a wrapper that
    /// changes layers on the way. It must have the same layers.
    #[must_use]
    pub fn map_networks(
        mut self,
        mut to: impl FnMut(Arc<dyn Network>) -> Arc<dyn Network>,
    ) -> Self {
        for source in self.terms.iter_mut().flat_map(Term::sources_mut) {
            source.network = to(Arc::clone(&source.network));
        }
        self
    }

    /// Number of terms. A product is one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Returns true if there are no terms.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The device of its networks.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if it reads nothing, or its networks are on different devices.
    pub fn device(&self) -> Result<Device, ObjectiveError> {
        let mut devices = self.sources().map(|source| source.network.device());
        let first = devices.next().ok_or(ObjectiveError::Empty)?;
        match devices.find(|device| *device != first) {
            None => Ok(first.clone()),
            Some(second) => Err(ObjectiveError::Devices {
                first: format!("{first:?}"),
                second: format!("{second:?}"),
            }),
        }
    }

    /// Checks that it can be read from a batch: its number of images, their channels, height and
    /// width, and the channels and the least height and width of the views that the network sees.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if it has no terms, a weight that is not finite, reads an image
    /// that is not in the batch, a photograph is not of the image's size, the network takes images
    /// of other channels, or a view is too small for a layer or a position.
    pub fn check(
        &self,
        batch: usize,
        image: [usize; 3],
        view: [usize; 3],
    ) -> Result<(), ObjectiveError> {
        self.device()?;
        let mut sizes = HashMap::new();
        let mut weights = self.terms.iter().flat_map(Term::weights);
        if let Some(value) = weights.find(|weight| !(*weight as f32).is_finite()) {
            return Err(SettingError::new("the weight of a term", value, "finite").into());
        }
        for source in self.sources() {
            source.check(batch, image, view, &mut sizes)?;
        }
        Ok(())
    }

    /// All measures that it reads, in the order of its terms.
    /// Returns the rows and columns of the only images that a network of the objective takes, as it
    /// sees them; `None` if all take images of any size from the smallest on. See
    /// [`NetworkExt::only_size`](oneiric_model::NetworkExt::only_size).
    #[must_use]
    pub fn only_size(&self) -> Option<[usize; 2]> {
        self.sources()
            .find_map(|source| Some(source.only_size()?.1))
    }

    /// Checks that the networks take images of that height and width, as they see them. Call
    /// [`check`](Self::check) before a run, and this for a view whose size transforms have changed.
    ///
    /// # Errors
    ///
    /// Returns [`LayerError::OtherSize`](crate::LayerError::OtherSize) for another size than the only
    /// one that a network takes.
    pub fn check_view(&self, view: [usize; 2]) -> Result<(), ObjectiveError> {
        for source in self.sources() {
            if let Some((layer, _)) = source.only_size()
                && source.network.layer_size(layer, view).is_none()
            {
                return Err(source.misfit(layer, view).into());
            }
        }
        Ok(())
    }

    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.terms.iter().flat_map(Term::sources)
    }
}
