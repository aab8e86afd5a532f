//! Random crops, as in MACO.

use burn::tensor::Tensor;
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::{
    Resampling, Transform, TransformContext, TransformError, resample,
    settings::{check_sd, check_size, require},
};

/// Crops a random box with the image's aspect ratio and scales it to one size. Boxes are large at
/// the start of a run and small at its end.
///
/// The center of the box is drawn from N(0.5, 0.15) of each side, the share of the side from
/// N(s, 0.05), where s changes linearly from 0.5 to 0.05 over the run. The share is clamped to lie
/// between the smaller of the two settings and 1, and then the center so that the box lies inside
/// the image. Edges of boxes may lie between pixels; values are read bilinearly, in one pass. A box
/// of more than twice the pixels of the result aliases: in that case set a larger `size` and add a
/// [`Resize`](crate::Resize) after it.
///
/// Source: MACO (Fel et al., "Unlocking Feature Visualization for Deeper Networks with MAgnitude
/// Constrained Optimization", 2023), as in the authors' Xplique
/// (`features_visualizations/maco.py`). Xplique reads black where a box reaches out of the image,
/// and averages 32 crops in each step; here all images of a batch get the same crop in a step.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `shares` | 0.5 to 0.05 | share of a side in the box, first and last | above 0, at most 1 |
/// | `share_sd` | 0.05 | standard deviation of the share | 0..=1000 |
/// | `center_sd` | 0.15 | standard deviation of the center, in sides of the image | 0..=1000 |
/// | `size` | the image's | size of the result | sides of 1 to 16384 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomCrop {
    shares: [f32; 2],
    share_sd: f32,
    center_sd: f32,
    size: Option<[usize; 2]>,
}

impl RandomCrop {
    /// Creates MACO's crops, scaled to the size of the image.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            shares: [0.5, 0.05],
            share_sd: 0.05,
            center_sd: 0.15,
            size: None,
        }
    }

    /// Sets the shares of a side in the box, at the start of the run and at its end.
    #[must_use]
    pub const fn shares(mut self, start: f32, end: f32) -> Self {
        self.shares = [start, end];
        self
    }

    /// Sets the standard deviation of the share.
    #[must_use]
    pub const fn share_sd(mut self, sd: f32) -> Self {
        self.share_sd = sd;
        self
    }

    /// Sets the standard deviation of the center, in sides of the image.
    #[must_use]
    pub const fn center_sd(mut self, sd: f32) -> Self {
        self.center_sd = sd;
        self
    }

    /// Sets the size of the result.
    #[must_use]
    pub const fn size(mut self, width: usize, height: usize) -> Self {
        self.size = Some([height, width]);
        self
    }

    /// Draws the share of a box and its beginning in height and width, in sides of the image.
    fn draw(&self, context: &mut TransformContext<'_>) -> (f64, [f64; 2]) {
        let [start, end] = self.shares.map(f64::from);
        let progress = f64::from(context.progress.clamp(0.0, 1.0));
        let mut normal = |mean: f64, sd: f32| {
            let drawn: f64 = context.rng.sample(StandardNormal);
            mean + f64::from(sd) * drawn
        };
        let share = normal(start + (end - start) * progress, self.share_sd);
        let share = share.clamp(start.min(end), 1.0);
        let centers = [(); 2].map(|()| normal(0.5, self.center_sd));
        let begin = centers.map(|c| c.clamp(share / 2.0, 1.0 - share / 2.0) - share / 2.0);
        (share, begin)
    }
}

impl Default for RandomCrop {
    fn default() -> Self {
        Self::new()
    }
}

impl Transform for RandomCrop {
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
        let [_, _, h, w] = images.dims();
        let input = [h, w];
        let output = self.size.unwrap_or(input);
        let (share, begin) = self.draw(context);
        let place = |axis: usize| {
            let side = input[axis] as f64;
            let (begin, step) = (begin[axis] * side, share * side / output[axis] as f64);
            move |at: usize| (begin + (at as f64 + 0.5) * step - 0.5).clamp(0.0, side - 1.0)
        };
        resample(
            images,
            Resampling::separable(input, output, place(0), place(1)),
        )
    }

    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        for share in self.shares {
            let good = share > 0.0 && share <= 1.0;
            let allowed = "above 0 and at most 1 (a share, not pixels)";
            require(self, "share", share, good, allowed)?;
        }
        check_sd(self, "share_sd", self.share_sd)?;
        check_sd(self, "center_sd", self.center_sd)?;
        let output = self.size.unwrap_or(size);
        check_size(self, output)?;
        Ok(output)
    }
}
