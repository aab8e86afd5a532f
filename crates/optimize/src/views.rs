//! The value and the gradient of a step: the means over the views of the images.

use burn::tensor::Tensor;
use oneiric_model::ReluGradient;
use oneiric_objective::Objective;
use oneiric_transform::{Transform, TransformContext};
use rand_chacha::ChaCha8Rng;

use crate::RunError;

/// The most images that go through the network together, unless a single view of the batch has
/// more: the activations of all of them are in memory until their gradients are there.
const IMAGES_TOGETHER: usize = 8;

/// The settings of the views of each step.
#[derive(Debug)]
pub(crate) struct Views<'a> {
    pub(crate) objective: &'a Objective,
    pub(crate) transforms: &'a dyn Transform,
    /// Draws of the transforms a step.
    pub(crate) count: usize,
    /// True if a network takes images of a single size.
    pub(crate) is_only_size: bool,
}

/// The mean over the views of a step.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The objective's value [1], without autodiff.
    pub(crate) value: Tensor<1>,
    /// Its gradient with respect to the images, [n, channels, height, width]; to make it smaller,
    /// as optimizers do, the gradient of minus the value.
    pub(crate) gradient: Tensor<4>,
}

/// One draw of the transforms.
struct View {
    /// The images as a leaf of autodiff, so that the gradient with respect to them can be read.
    image: Tensor<4>,
    /// The images after the draw, [n, channels, height, width].
    seen: Tensor<4>,
    /// The generator before the draw, so that a photograph can be seen in the same way.
    rng: ChaCha8Rng,
}

impl Views<'_> {
    /// Computes the means over the views of the images [n, channels, height, width], which have no
    /// autodiff. Each view has its own value: an objective over a batch compares the images of one
    /// view. Views of one size go through the network as one batch, a few at a time.
    pub(crate) fn see(
        &self,
        image: &Tensor<4>,
        relu: ReluGradient,
        progress: f32,
        rng: &mut ChaCha8Rng,
    ) -> Result<Seen, RunError> {
        let [images, ..] = image.dims();
        let mut sum: Option<Seen> = None;
        for group in self.draw(image, progress, rng)? {
            for views in group.chunks((IMAGES_TOGETHER / images.max(1)).max(1)) {
                let part = self.part(views, relu, progress)?;
                sum = Some(match sum {
                    None => part,
                    Some(sum) => Seen {
                        value: sum.value + part.value,
                        gradient: sum.gradient + part.gradient,
                    },
                });
            }
        }
        let sum = sum.expect("a step has one view at least");
        Ok(if self.count == 1 {
            sum
        } else {
            Seen {
                value: sum.value / self.count as f32,
                gradient: sum.gradient / self.count as f32,
            }
        })
    }

    /// Draws the views, those of one size together, in the order in which the sizes first came.
    fn draw(
        &self,
        image: &Tensor<4>,
        progress: f32,
        rng: &mut ChaCha8Rng,
    ) -> Result<Vec<Vec<View>>, RunError> {
        let mut groups: Vec<Vec<View>> = Vec::new();
        for _ in 0..self.count {
            let before = rng.clone();
            let image = image.clone().autodiff().require_grad();
            let seen = self.augment(image.clone(), progress, rng);
            let [_, _, height, width] = seen.dims();
            if self.is_only_size {
                // The smallest view was checked before the run; transforms may also make larger
                // ones.
                self.objective.check_view([height, width])?;
            }
            let shape = seen.dims();
            let view = View {
                image,
                seen,
                rng: before,
            };
            match groups
                .iter_mut()
                .find(|group| group[0].seen.dims() == shape)
            {
                Some(group) => group.push(view),
                None => groups.push(vec![view]),
            }
        }
        Ok(groups)
    }

    /// Computes the sums over views of one size.
    fn part(&self, views: &[View], relu: ReluGradient, progress: f32) -> Result<Seen, RunError> {
        let seen: Vec<Tensor<4>> = views.iter().map(|view| view.seen.clone()).collect();
        let activations = self
            .objective
            .forward_views(&seen, relu, &mut |photograph, view| {
                self.augment(photograph, progress, &mut views[view].rng.clone())
            });
        let pairs = views.iter().zip(&activations);
        let values = pairs.map(|(view, acts)| self.objective.value(&view.image, acts));
        let value = values
            .reduce(|sum, next| Ok(sum? + next?))
            .expect("a part has one view at least")?;
        if !value.is_tracked() {
            return Err(RunError::Constant);
        }
        let mut gradients = value.clone().neg().backward();
        let gradients = views
            .iter()
            .map(|view| view.image.grad_remove(&mut gradients));
        let gradient = gradients
            .reduce(|sum, next| Some(sum? + next?))
            .flatten()
            .ok_or(RunError::Constant)?;
        Ok(Seen {
            value: value.without_autodiff(),
            gradient,
        })
    }

    fn augment(&self, images: Tensor<4>, progress: f32, rng: &mut ChaCha8Rng) -> Tensor<4> {
        let mut context = TransformContext::new(rng).at(progress);
        self.transforms.apply(images, &mut context)
    }
}
