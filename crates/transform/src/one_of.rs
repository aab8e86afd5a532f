//! A random choice between transforms.

use std::sync::Arc;

use burn::tensor::Tensor;
use rand::RngExt;

use crate::{Transform, TransformContext, TransformError, settings::wrong_channels};

/// Applies one of several transforms, drawn uniformly in each step. A transform that is listed
/// twice is twice as likely.
///
/// ```
/// use oneiric_transform::{GaussianBlur, Noise, OneOf, Transforms};
///
/// let either = OneOf::new(GaussianBlur::new(1.0)).or(Noise::new(0.05));
/// let transforms = Transforms::standard().then(either.or(Transforms::none()));
/// ```
#[derive(Debug, Clone)]
pub struct OneOf {
    choices: Vec<Arc<dyn Transform>>,
}

impl OneOf {
    /// Creates a list with a first choice.
    #[must_use]
    pub fn new(transform: impl Transform + 'static) -> Self {
        let choices = vec![Arc::new(transform) as Arc<dyn Transform>];
        Self { choices }
    }

    /// Adds another choice.
    #[must_use]
    pub fn or(mut self, transform: impl Transform + 'static) -> Self {
        self.choices.push(Arc::new(transform));
        self
    }
}

impl Transform for OneOf {
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
        let chosen = context.rng.random_range(0..self.choices.len());
        self.choices[chosen].apply(images, context)
    }

    /// Returns the smallest height and the smallest width of all choices.
    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        self.choices
            .iter()
            .try_fold([usize::MAX; 2], |least, choice| {
                let [height, width] = choice.smallest_output(size)?;
                Ok([least[0].min(height), least[1].min(width)])
            })
    }

    fn output_channels(&self, channels: usize) -> Result<usize, TransformError> {
        let out = self.choices[0].output_channels(channels)?;
        for choice in &self.choices[1..] {
            if choice.output_channels(channels)? != out {
                let allowed = "channels from which all choices make the same number";
                return Err(wrong_channels(self, channels, allowed));
            }
        }
        Ok(out)
    }
}
