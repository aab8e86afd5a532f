//! The settings of a run.

use std::{borrow::Borrow, fmt, path::PathBuf};

use burn::{optim::Optimizer, tensor::Device};
use oneiric_objective::Objective;
use oneiric_param::Parameterization;
use oneiric_support::CancelToken;
use oneiric_transform::{Transform, Transforms};

use crate::{
    NAdam, RunError, RunProgress, Schedule, Visualization,
    optimizer::{Stepper, adam, stepper},
    run,
};

type Observer<'a> = Box<dyn FnMut(&RunProgress<'_>) + Send + 'a>;
type StopCondition<'a> = Box<dyn FnMut(&RunProgress<'_>) -> bool + Send + 'a>;

/// Makes the picture that excites an objective, with Lucid's defaults. [`Visualizer`] sets
/// everything else.
///
/// # Errors
///
/// Returns the errors of [`Visualizer::run`].
pub fn visualize(
    objective: impl Borrow<Objective>,
    params: impl Parameterization,
) -> Result<Visualization, RunError> {
    Visualizer::new().run(objective, params)
}

/// The settings of a run.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | [`steps`](Self::steps) | 512 | steps of the optimizer | at least 1 |
/// | [`thresholds`](Self::thresholds) | none | steps to keep pictures of, besides the last | 1 to `steps` |
/// | [`learning_rate`](Self::learning_rate) | 0.05 | of the optimizer | finite, above 0 |
/// | [`schedule`](Self::schedule) | constant | of the learning rate | |
/// | [`optimizer`](Self::optimizer) | Adam | any of burn's | |
/// | [`transforms`](Self::transforms) | [`Transforms::standard`] | of the image, each step; to the only size that a network takes | |
/// | [`views`](Self::views) | 1 | draws of the transforms a step, whose gradients are averaged | at least 1 |
/// | [`redirected_relu`](Self::redirected_relu) | 16 | first steps in which gradients pass dead ReLUs | |
/// | [`max_restarts`](Self::max_restarts) | 3 | restarts of a run whose objective stays dead | |
/// | [`transparency`](Self::transparency) | no | makes transparency maps | |
/// | [`batch`](Self::batch) | 1 | images optimized together | at least 1 |
/// | [`seed`](Self::seed) | 0 | of all that is random | |
/// | [`device`](Self::device) | the network's | device that the run must be on | the network's |
/// | [`observer`](Self::observer) | none | sees the progress, after every step | |
/// | [`stop_when`](Self::stop_when) | never | ends the run early | |
/// | [`cancel`](Self::cancel) | none | ends the run from elsewhere | |
/// | [`save_to`](Self::save_to) | nowhere | writes the final picture | a path that can be written |
///
/// The same settings on the same device give the same pictures, bit for bit.
///
/// A `Visualizer` can be sent to another thread:
///
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::Device;
/// use oneiric_model::{InceptionV1, InceptionV1Config};
/// use oneiric_objective::Objectives;
/// use oneiric_optimize::{CancelToken, Visualizer};
/// use oneiric_param::Fourier;
///
/// let net = InceptionV1::random(InceptionV1Config::tiny(), 0, &Device::flex())?;
/// let objective = net.channel("mixed4a", 1)?;
/// let token = CancelToken::new();
/// let visualizer = Visualizer::new().steps(4).cancel(token.clone());
/// let run = std::thread::spawn(move || visualizer.run(objective, Fourier::new(48, 48)));
/// // token.cancel() would end it early.
/// let visualization = run.join().expect("no panic")?;
/// assert_eq!(visualization.picture().width(), 48);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Visualizer<'a> {
    pub(crate) steps: usize,
    pub(crate) thresholds: Vec<usize>,
    pub(crate) learning_rate: f64,
    pub(crate) schedule: Schedule,
    pub(crate) optimizer: Box<dyn Stepper>,
    /// `None` for the standard list, which ends in the only size that a network takes.
    pub(crate) transforms: Option<Box<dyn Transform + 'a>>,
    pub(crate) views: usize,
    pub(crate) redirected_steps: usize,
    pub(crate) max_restarts: usize,
    pub(crate) transparency: bool,
    pub(crate) batch: usize,
    pub(crate) seed: u64,
    pub(crate) device: Option<Device>,
    pub(crate) observer: Option<Observer<'a>>,
    pub(crate) stop: Option<StopCondition<'a>>,
    pub(crate) cancel: CancelToken,
    pub(crate) save_to: Option<PathBuf>,
}

impl<'a> Visualizer<'a> {
    /// Creates a run with Lucid's defaults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            steps: 512,
            thresholds: Vec::new(),
            learning_rate: 0.05,
            schedule: Schedule::Constant,
            optimizer: stepper(adam()),
            transforms: None,
            views: 1,
            redirected_steps: 16,
            max_restarts: 3,
            transparency: false,
            batch: 1,
            seed: 0,
            device: None,
            observer: None,
            stop: None,
            cancel: CancelToken::new(),
            save_to: None,
        }
    }

    /// Creates a run with the settings of MACO (MAgnitude Constrained Optimization), for
    /// [`Maco`](oneiric_param::Maco): 256 steps of NAdam at rate 1, crops that shrink from half the
    /// image to a twentieth, noise, and the transparency map.
    ///
    /// Source: Fel et al. 2023, "Unlocking Feature Visualization for Deeper Networks with MAgnitude
    /// Constrained Optimization".
    #[must_use]
    pub fn maco() -> Self {
        Self::new()
            .steps(256)
            .learning_rate(1.0)
            .optimizer(NAdam::new())
            .transforms(Transforms::maco())
            .transparency(true)
    }

    /// Sets the number of steps.
    #[must_use]
    pub const fn steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Sets the steps to keep pictures of, besides the last; the picture of step n is the one after
    /// n steps.
    #[must_use]
    pub fn thresholds(mut self, thresholds: impl IntoIterator<Item = usize>) -> Self {
        self.thresholds = thresholds.into_iter().collect();
        self
    }

    /// Sets the learning rate.
    #[must_use]
    pub const fn learning_rate(mut self, rate: f64) -> Self {
        self.learning_rate = rate;
        self
    }

    /// Sets the schedule of the learning rate.
    #[must_use]
    pub const fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets the optimizer, any of burn's that works on flat vectors (all but Muon):
    /// `AdamConfig::new().build()`.
    #[must_use]
    pub fn optimizer(mut self, optimizer: impl Optimizer) -> Self {
        self.optimizer = stepper(optimizer);
        self
    }

    /// Sets the transforms of the image before the network sees it, each step; [`Transforms::none`]
    /// for none. Without them they are the standard list, followed by a
    /// [`Resize`](oneiric_transform::Resize) if a network takes images of a single size
    /// ([`Objective::only_size`]); transforms of your own must end in that size.
    #[must_use]
    pub fn transforms(mut self, transforms: impl Transform + 'a) -> Self {
        self.transforms = Some(Box::new(transforms));
        self
    }

    /// Sets the number of views: draws of the transforms in each step. The value and the gradient
    /// of a step are the means over its views. An objective over a batch compares the images of one
    /// view, and a photograph that it reads is seen through the same draw. A step takes as many
    /// times the time; views of one size go through the network as one batch, a few at a time.
    ///
    /// Source: Fel et al. 2023 (MACO, 32 crops a step); Ghiasi et al. 2022, "What do Vision
    /// Transformers Learn? A Visual Exploration" (8 copies).
    #[must_use]
    pub const fn views(mut self, views: usize) -> Self {
        self.views = views;
        self
    }

    /// Sets the number of first steps in which the gradient is redirected past dead ReLUs; 0 for
    /// none. See [`redirected_relu`](oneiric_model::redirected_relu).
    #[must_use]
    pub const fn redirected_relu(mut self, steps: usize) -> Self {
        self.redirected_steps = steps;
        self
    }

    /// Sets how often a run may restart from other random numbers. It restarts if, after the steps
    /// with [`redirected_relu`](Self::redirected_relu), the gradient of the image is zero. The
    /// steps made count as steps. A batch restarts as a whole: one image with a gradient keeps it,
    /// and so does a regularizer, whose gradient is never zero.
    #[must_use]
    pub const fn max_restarts(mut self, restarts: usize) -> Self {
        self.max_restarts = restarts;
        self
    }

    /// Sets whether the run makes transparency maps: [`Visualization::transparency`].
    #[must_use]
    pub const fn transparency(mut self, mapped: bool) -> Self {
        self.transparency = mapped;
        self
    }

    /// Sets the number of images that are optimized together. Give each its own objective with
    /// [`Objective::on_image`].
    #[must_use]
    pub const fn batch(mut self, images: usize) -> Self {
        self.batch = images;
        self
    }

    /// Sets the seed of all that is random: the start and the transforms.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the device that the run must be on: it is refused if the network is on another.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.device = Some(device);
        self
    }

    /// Sets a function that is called after every step.
    #[must_use]
    pub fn observer(mut self, observer: impl FnMut(&RunProgress<'_>) + Send + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Sets a function that is called after every step and ends the run by returning true.
    #[must_use]
    pub fn stop_when(
        mut self,
        condition: impl FnMut(&RunProgress<'_>) -> bool + Send + 'a,
    ) -> Self {
        self.stop = Some(Box::new(condition));
        self
    }

    /// Sets a token that ends the run. The run looks at it before every step; a canceled run
    /// returns its pictures so far, those of the start if no step was made.
    #[must_use]
    pub fn cancel(mut self, token: CancelToken) -> Self {
        self.cancel = token;
        self
    }

    /// Sets the path that the final picture is written to, as [`Visualization::save`] does. The
    /// path is checked before the run.
    #[must_use]
    pub fn save_to(mut self, path: impl Into<PathBuf>) -> Self {
        self.save_to = Some(path.into());
        self
    }

    /// Makes the pictures. Objective and parameterization are taken by value or by reference.
    ///
    /// # Errors
    ///
    /// Returns [`RunError`] before any work starts if a setting is not allowed or does not fit the
    /// others. Later, returns [`RunError::NotFinite`] and [`RunError::Broken`] with the last good
    /// picture, and [`RunError::Save`] with the finished one.
    pub fn run(
        self,
        objective: impl Borrow<Objective>,
        params: impl Parameterization,
    ) -> Result<Visualization, RunError> {
        run::run(self, objective.borrow(), &params)
    }
}

impl Default for Visualizer<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Visualizer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visualizer")
            .field("steps", &self.steps)
            .field("thresholds", &self.thresholds)
            .field("learning_rate", &self.learning_rate)
            .field("schedule", &self.schedule)
            .field("transforms", &self.transforms)
            .field("views", &self.views)
            .field("redirected_steps", &self.redirected_steps)
            .field("max_restarts", &self.max_restarts)
            .field("transparency", &self.transparency)
            .field("batch", &self.batch)
            .field("seed", &self.seed)
            .field("device", &self.device)
            .field("save_to", &self.save_to)
            .finish_non_exhaustive()
    }
}
