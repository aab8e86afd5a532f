//! Transforms made from a function.

use std::{fmt, sync::Arc};

use burn::tensor::Tensor;

use crate::{
    Transform, TransformContext, TransformError,
    settings::{too_small, wrong_channels},
};

type Change = dyn Fn(Tensor<4>, &mut TransformContext<'_>) -> Tensor<4> + Send + Sync;
type Smallest = dyn Fn([usize; 2]) -> Option<[usize; 2]> + Send + Sync;
type Channels = dyn Fn(usize) -> Option<usize> + Send + Sync;

/// A transform made from a differentiable function of the images [n, c, h, w] and the context.
///
/// The function must keep the rules of [`Transform`]: values in 0..=1 stay there, all images are
/// changed alike, and random numbers come from the context's generator. Its output size and
/// channels are set separately, so that a run can be checked before its first step.
///
/// ```
/// use burn::tensor::s;
/// use oneiric_transform::{FnTransform, Transforms};
///
/// let negative = FnTransform::new("negative", |images, _| images.neg().add_scalar(1.0));
/// let halved = FnTransform::new("every other pixel", |images, _| {
///     images.slice(s![.., .., ..;2, ..;2])
/// })
/// .smallest(|size| Some(size.map(|n| n.div_ceil(2))));
/// let transforms = Transforms::standard().then(negative).then(halved);
/// ```
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | `smallest` | unchanged | smallest output height and width; `None` refuses the size |
/// | `channels` | unchanged | number of output channels; `None` refuses the images |
#[derive(Clone)]
pub struct FnTransform {
    name: String,
    change: Arc<Change>,
    smallest: Arc<Smallest>,
    channels: Arc<Channels>,
}

impl FnTransform {
    /// Creates a transform from a function that keeps the size and the channels. Errors refer to it
    /// by `name`.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        change: impl Fn(Tensor<4>, &mut TransformContext<'_>) -> Tensor<4> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            change: Arc::new(change),
            smallest: Arc::new(Some),
            channels: Arc::new(Some),
        }
    }

    /// Sets the function that maps the height and width of images to the smallest height and width
    /// of the result. `None`, or a side of 0, refuses the images as too small.
    #[must_use]
    pub fn smallest(
        mut self,
        smallest: impl Fn([usize; 2]) -> Option<[usize; 2]> + Send + Sync + 'static,
    ) -> Self {
        self.smallest = Arc::new(smallest);
        self
    }

    /// Sets the function that maps the number of channels of images to that of the result. `None`
    /// refuses the images.
    #[must_use]
    pub fn channels(
        mut self,
        channels: impl Fn(usize) -> Option<usize> + Send + Sync + 'static,
    ) -> Self {
        self.channels = Arc::new(channels);
        self
    }
}

impl Transform for FnTransform {
    /// # Panics
    ///
    /// Panics if the result of the function contradicts `smallest` or `channels`.
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
        let [n, c, h, w] = images.dims();
        let view = (self.change)(images, context);
        let [views, channels, height, width] = view.dims();
        let kept = views == n && (self.channels)(c) == Some(channels);
        let large = (self.smallest)([h, w])
            .is_some_and(|[least, narrowest]| height >= least && width >= narrowest);
        assert!(
            kept && large,
            "the transform {:?} made {:?} of images {:?}, which is not what its `smallest` \
             and `channels` say",
            self.name,
            [views, channels, height, width],
            [n, c, h, w],
        );
        view
    }

    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        let smallest = (self.smallest)(size).filter(|size| !size.contains(&0));
        smallest.ok_or_else(|| too_small(self, size))
    }

    fn output_channels(&self, channels: usize) -> Result<usize, TransformError> {
        (self.channels)(channels)
            .ok_or_else(|| wrong_channels(self, channels, "the channels that its function takes"))
    }
}

impl fmt::Debug for FnTransform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
