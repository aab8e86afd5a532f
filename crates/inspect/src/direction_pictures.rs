//! Small pictures of many directions of a layer.

use std::{fmt, time::Instant};

use oneiric_core::Picture;
use oneiric_model::NetworkExt;
use oneiric_objective::{Objective, Objectives};
use oneiric_optimize::{Ending, Visualizer};
use oneiric_param::Fourier;
use oneiric_support::{CancelToken, Progress};
use oneiric_transform::Transforms;

use crate::{
    InspectError, Observer,
    settings::{check_least_one, check_side},
};

/// Value of the picture of a direction of zeros.
const GRAY: f32 = 0.5;

/// Settings of small pictures of many directions, made in batches: each image of a batch has its
/// own objective [`direction`](Objectives::direction).
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `size` | 64 | side of each picture | at least 1, and as the layer needs |
/// | `steps` | 128 | steps of the optimizer | at least 1 |
/// | `batch` | 16 | pictures made together | at least 1 |
/// | `cosine_power` | 2 | weight of the angle against the length | finite, at least 0 |
/// | `learning_rate` | 0.05 | learning rate of the optimizer | finite, above 0 |
/// | `transforms` | [`Transforms::standard`] | transforms of the images in each step | |
/// | `seed` | 0 | seed of all random numbers | |
/// | `observer` | none | called after every batch; counts pictures | |
/// | `cancel` | none | token that cancels the pictures | |
///
/// The same settings on the same device give the same pictures, bit for bit. A different batch size
/// gives different pictures.
pub struct DirectionPictures<'a> {
    size: usize,
    steps: usize,
    batch: usize,
    cosine_power: f32,
    learning_rate: f64,
    transforms: Transforms,
    seed: u64,
    pub(crate) observer: Option<Observer<'a>>,
    pub(crate) cancel: CancelToken,
}

impl<'a> DirectionPictures<'a> {
    /// Creates the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self {
            size: 64,
            steps: 128,
            batch: 16,
            cosine_power: 2.0,
            learning_rate: 0.05,
            transforms: Transforms::standard(),
            seed: 0,
            observer: None,
            cancel: CancelToken::new(),
        }
    }

    /// Sets the side of each picture, in pixels.
    #[must_use]
    pub const fn size(mut self, size: usize) -> Self {
        self.size = size;
        self
    }

    /// Sets the number of optimizer steps.
    #[must_use]
    pub const fn steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Sets the number of pictures made together. Larger batches are faster on a GPU and take more
    /// memory.
    #[must_use]
    pub const fn batch(mut self, pictures: usize) -> Self {
        self.batch = pictures;
        self
    }

    /// Sets the power of the cosine. With 0 only the length along the direction counts.
    #[must_use]
    pub const fn cosine_power(mut self, power: f32) -> Self {
        self.cosine_power = power;
        self
    }

    /// Sets the learning rate.
    #[must_use]
    pub const fn learning_rate(mut self, rate: f64) -> Self {
        self.learning_rate = rate;
        self
    }

    /// Sets the transforms of the images in each step, before the network sees them.
    #[must_use]
    pub fn transforms(mut self, transforms: Transforms) -> Self {
        self.transforms = transforms;
        self
    }

    /// Sets the seed of all random numbers.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets a function that is called with the progress after every batch. It counts pictures.
    #[must_use]
    pub fn observer(mut self, observer: impl FnMut(&Progress) + Send + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Sets a token that cancels the pictures. The token is checked before every step of every
    /// batch; once it is canceled, [`render`](Self::render) returns [`InspectError::Canceled`].
    #[must_use]
    pub fn cancel(mut self, token: CancelToken) -> Self {
        self.cancel = token;
        self
    }

    /// Makes a picture of each direction, in their order. A direction has one number for each
    /// channel of the layer. The picture of a direction of zeros is gray.
    ///
    /// # Errors
    ///
    /// Returns [`InspectError`] if there is no such layer, the length of a direction is not the
    /// number of channels, a number is not finite, a setting is not allowed, a run fails, or the
    /// pictures are canceled.
    pub fn render<N: Objectives>(
        mut self,
        net: &N,
        layer: &str,
        directions: &[Vec<f32>],
    ) -> Result<Vec<Picture>, InspectError> {
        check_least_one("the batch", self.batch)?;
        check_side("the size of the pictures", self.size)?;
        let started = Instant::now();
        let total = directions.len();
        let colors = net.channels();
        let gray = || {
            let values = vec![GRAY; self.size * self.size * colors];
            Picture::with_channels(self.size, self.size, colors, values)
        };
        let channels = net.describe(net.layer(layer)?).channels();
        let is_zero =
            |direction: &[f32]| direction.len() == channels && direction.iter().all(|v| *v == 0.0);
        // All objectives are made before any run, so that an invalid direction costs no time.
        let mut objectives: Vec<(usize, Objective)> = Vec::new();
        let mut pictures: Vec<Option<Picture>> = Vec::with_capacity(directions.len());
        for (index, direction) in directions.iter().enumerate() {
            if is_zero(direction) {
                pictures.push(Some(gray()?));
                continue;
            }
            let objective = net.direction(layer, direction.clone(), self.cosine_power)?;
            objectives.push((index, objective));
            pictures.push(None);
        }
        let mut done = pictures.iter().flatten().count();
        for (number, batch) in objectives.chunks(self.batch).enumerate() {
            let each = batch.iter().map(|(_, objective)| objective.clone());
            let run = Visualizer::new()
                .steps(self.steps)
                .batch(batch.len())
                .learning_rate(self.learning_rate)
                .transforms(&self.transforms)
                .cancel(self.cancel.clone())
                .seed(self.seed.wrapping_add(number as u64));
            let params = Fourier::new(self.size, self.size).channels(colors);
            let run = run.run(Objective::per_image(each), params)?;
            if run.ending() == Ending::Canceled {
                return Err(InspectError::Canceled { done, total });
            }
            for ((index, _), picture) in batch.iter().zip(run.pictures()) {
                pictures[*index] = Some(picture.clone());
            }
            done += batch.len();
            if let Some(observer) = &mut self.observer {
                let total = Some(total as u64);
                observer(&Progress::new(done as u64, total, started.elapsed()));
            }
        }
        let pictures = pictures.into_iter();
        Ok(pictures
            .map(|picture| picture.expect("one of a batch, or gray"))
            .collect())
    }
}

impl Default for DirectionPictures<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for DirectionPictures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectionPictures")
            .field("size", &self.size)
            .field("steps", &self.steps)
            .field("batch", &self.batch)
            .field("cosine_power", &self.cosine_power)
            .field("learning_rate", &self.learning_rate)
            .field("transforms", &self.transforms)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
