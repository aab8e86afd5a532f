//! MACO's random crops.

use burn::tensor::Tensor;
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::{
    Resampling, Transform, TransformContext, TransformError, resample,
    settings::{check_sd, check_size, require},
};

/// Crops a random box of the image's shape, from large boxes at the start of a run to small ones
/// at its end, and scales it to one size.
///
/// The box has its center at N(0.5, 0.15) of each side and takes a share N(s, 0.05) of it, where s
/// goes evenly from 0.5 to 0.05 over the run. The share is clipped to lie between the smaller of
/// these two and 1, and then the center so that the box lies inside the image. Boxes end between
/// pixels; all is read bilinearly, once. A box of more than twice the pixels of the result
/// aliases: follow it with [`Resize`](crate::Resize) from a larger size then.
///
/// Source: MACO (Fel et al., "Unlocking Feature Visualization for Deeper Networks with MAgnitude
/// Constrained Optimization", 2023) as in its authors' Xplique (`features_visualizations/maco.py`).
/// Theirs reads black where a box reaches out of the image, and averages 32 crops a step; here a
/// step sees all images of a batch through one crop.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `shares` | 0.5 to 0.05 | of a side that the box takes, at the run's start and end | above 0, at most 1 |
/// | `share_sd` | 0.05 | standard deviation of the share | 0..=1000 |
/// | `center_sd` | 0.15 | standard deviation of the center | 0..=1000 |
/// | `size` | the image's | what comes out | sides of 1 to 16384 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomCrop {
    shares: [f32; 2],
    share_sd: f32,
    center_sd: f32,
    size: Option<[usize; 2]>,
}

impl RandomCrop {
    /// MACO's crops, as large as the image that they are cropped from.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            shares: [0.5, 0.05],
            share_sd: 0.05,
            center_sd: 0.15,
            size: None,
        }
    }

    /// Sets which share of a side the box takes, at the start of the run and at its end.
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

    /// Sets the size that comes out.
    #[must_use]
    pub const fn size(mut self, width: usize, height: usize) -> Self {
        self.size = Some([height, width]);
        self
    }

    /// The share that a box takes, and where it begins in height and width, in sides.
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
