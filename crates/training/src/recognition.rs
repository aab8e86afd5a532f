//! Recognition of one network's class visualizations by another network.

use std::error::Error;

use oneiric_core::Picture;
use oneiric_model::{InceptionV1, Prediction};
use oneiric_objective::Objectives;
use oneiric_optimize::{RunError, Visualizer};
use oneiric_param::{Fourier, Pixel};
use oneiric_transform::Transforms;

/// A method of visualization: a parameterization, with or without transforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Pixels without transforms.
    Pixel,
    /// A decorrelated Fourier image without transforms.
    Fourier,
    /// A decorrelated Fourier image with random transforms, the default of `visualize`.
    FourierTransforms,
}

impl Method {
    /// All methods, from the least to the most recognizable pictures.
    pub const ALL: [Self; 3] = [Self::Pixel, Self::Fourier, Self::FourierTransforms];

    /// Returns the name of the method in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pixel => "pixels",
            Self::Fourier => "Fourier",
            Self::FourierTransforms => "Fourier, transforms (the default)",
        }
    }

    /// Optimizes an image for a class's logit, with the defaults of [`Visualizer`] except for the
    /// number of steps.
    ///
    /// # Errors
    ///
    /// Returns [`RunError`] under the conditions of [`Visualizer::run`].
    pub fn visualize(
        self,
        net: &InceptionV1,
        class: usize,
        side: usize,
        steps: usize,
    ) -> Result<Picture, RunError> {
        let objective = net.class_logit(class)?;
        let visualizer = Visualizer::new().steps(steps);
        let visualization = match self {
            Self::Pixel => visualizer
                .transforms(Transforms::none())
                .run(objective, Pixel::new(side, side))?,
            Self::Fourier => visualizer
                .transforms(Transforms::none())
                .run(objective, Fourier::new(side, side))?,
            Self::FourierTransforms => visualizer.run(objective, Fourier::new(side, side))?,
        };
        Ok(visualization.picture().clone())
    }
}

/// The predictions of another network for a visualization of a class.
#[derive(Debug, Clone)]
pub struct Recognition {
    /// The class that was visualized.
    pub class: usize,
    /// The visualization.
    pub picture: Picture,
    /// The predictions of the other network, in order of decreasing probability.
    pub predictions: Vec<Prediction>,
}

impl Recognition {
    /// Visualizes a class of `net` and classifies the picture with `judge`.
    ///
    /// # Errors
    ///
    /// Returns an error under the conditions of [`Visualizer::run`], or if the predictions cannot
    /// be read from the device of `judge`.
    pub fn measure(
        method: Method,
        net: &InceptionV1,
        judge: &InceptionV1,
        class: usize,
        side: usize,
        steps: usize,
    ) -> Result<Self, Box<dyn Error>> {
        let picture = method.visualize(net, class, side, steps)?;
        let predictions = judge.classify(&picture)?;
        Ok(Self {
            class,
            picture,
            predictions,
        })
    }

    /// Returns true if the class is among the `k` most probable predictions.
    #[must_use]
    pub fn is_in_top(&self, k: usize) -> bool {
        let mut guesses = self.predictions.iter().take(k);
        guesses.any(|guess| guess.class == self.class)
    }

    /// Returns the probability that the other network assigns to the class.
    #[must_use]
    pub fn probability(&self) -> f32 {
        let own = self
            .predictions
            .iter()
            .find(|guess| guess.class == self.class);
        own.map_or(0.0, |own| own.probability)
    }
}

/// Returns the top-k accuracy, 0..=1: the fraction of the visualizations whose class is among the
/// `k` most probable predictions.
#[must_use]
pub fn top_k_accuracy(recognitions: &[Recognition], k: usize) -> f32 {
    let correct = recognitions.iter().filter(|one| one.is_in_top(k));
    correct.count() as f32 / recognitions.len().max(1) as f32
}
