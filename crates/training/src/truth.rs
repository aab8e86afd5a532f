//! Whether feature visualization tells the truth: one network's picture of a class, named by
//! another network.

use std::error::Error;

use oneiric_core::Picture;
use oneiric_model::{InceptionV1, Prediction};
use oneiric_objective::Objectives;
use oneiric_optimize::{RunError, Visualizer};
use oneiric_param::{Fourier, Pixel};
use oneiric_transform::Transforms;

/// What is optimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Pixels, on their own.
    Pixel,
    /// A decorrelated Fourier image, on its own.
    Fourier,
    /// A decorrelated Fourier image under random transforms: what `visualize` does.
    FourierTransforms,
}

impl Method {
    /// From what fools a network to what shows it.
    pub const ALL: [Self; 3] = [Self::Pixel, Self::Fourier, Self::FourierTransforms];

    /// How a table calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pixel => "pixels",
            Self::Fourier => "Fourier",
            Self::FourierTransforms => "Fourier, transforms (the default)",
        }
    }

    /// The image that most raises a class's score, with the defaults of [`Visualizer`] but for
    /// the number of steps.
    ///
    /// # Errors
    ///
    /// As [`Visualizer::run`].
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

/// What became of a class.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The class that was visualized.
    pub class: usize,
    /// The picture.
    pub picture: Picture,
    /// The other network's classes, the most probable first.
    pub predictions: Vec<Prediction>,
}

impl Verdict {
    /// Has another network look at a network's picture of a class.
    ///
    /// # Errors
    ///
    /// As [`Visualizer::run`], and when the other network's device does not hand its result over.
    pub fn of(
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

    /// Whether the other network names the class among its `first` guesses.
    #[must_use]
    pub fn is_named(&self, first: usize) -> bool {
        let guesses = self.predictions.iter().take(first);
        guesses.into_iter().any(|guess| guess.class == self.class)
    }

    /// How probable the other network finds the class.
    #[must_use]
    pub fn probability(&self) -> f32 {
        let own = self
            .predictions
            .iter()
            .find(|guess| guess.class == self.class);
        own.map_or(0.0, |own| own.probability)
    }
}

/// Share of the verdicts that name their class among the `first` guesses.
#[must_use]
pub fn share_named(verdicts: &[Verdict], first: usize) -> f32 {
    let named = verdicts.iter().filter(|verdict| verdict.is_named(first));
    named.count() as f32 / verdicts.len().max(1) as f32
}
