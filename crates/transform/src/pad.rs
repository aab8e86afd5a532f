//! Padding: a border around the image.

use burn::tensor::{Tensor, TensorData};
use rand::RngExt;

use crate::{
    Resampling, Transform, TransformContext, TransformError, resample,
    settings::{check_border, check_share},
    window::{Window, window},
};

/// The content of a border.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Border {
    /// A constant value in 0..=1.
    Value(f32),
    /// The image, mirrored at its outermost pixels, which are not repeated: `c b | a b c | b a`, as
    /// `reflect` in NumPy and PyTorch. The sides of the image must be longer than the border.
    Reflect,
    /// One value for all channels, drawn in 0..1 in each step (`constant_value="uniform"` in
    /// Lucid).
    RandomGray,
    /// A value for each channel, drawn in 0..1 in each step.
    RandomColor,
}

/// Adds a border of `by` pixels on every side. Draws random numbers only for a random border.
///
/// | setting | default | purpose | range |
/// | --- | --- | --- | --- |
/// | `border` | [`Border::Value`] of 0.5 | content of the border | a value in 0..=1 |
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pad {
    by: usize,
    border: Border,
}

impl Pad {
    /// Creates a gray border of `by` pixels, at most 16384.
    #[must_use]
    pub const fn new(by: usize) -> Self {
        let border = Border::Value(0.5);
        Self { by, border }
    }

    /// Sets the value of the border; short for [`Border::Value`].
    #[must_use]
    pub const fn value(self, value: f32) -> Self {
        self.border(Border::Value(value))
    }

    /// Sets the content of the border.
    #[must_use]
    pub const fn border(mut self, border: Border) -> Self {
        self.border = border;
        self
    }

    fn filled(&self, images: Tensor<4>, fill: f32) -> Tensor<4> {
        let [_, _, h, w] = images.dims();
        let view = Window {
            start: [-self.by.cast_signed(); 2],
            size: [h, w].map(|n| n + 2 * self.by),
            fill,
        };
        window(images, view)
    }

    fn reflected(&self, images: Tensor<4>) -> Tensor<4> {
        let [_, _, h, w] = images.dims();
        let output = [h, w].map(|n| n + 2 * self.by);
        let mirrored = |n: usize| move |at: usize| mirror(at, self.by, n) as f64;
        resample(
            images,
            Resampling::separable([h, w], output, mirrored(h), mirrored(w)),
        )
    }

    /// Pads the image with black and adds the border's colors.
    fn colored(&self, images: Tensor<4>, colors: &[f32]) -> Tensor<4> {
        let [_, channels, h, w] = images.dims();
        let [height, width] = [h, w].map(|n| n + 2 * self.by);
        let inside = |at: usize, n: usize| (self.by..self.by + n).contains(&at);
        let mut border = Vec::with_capacity(channels * height * width);
        for color in colors {
            for y in 0..height {
                let shown = |x| {
                    if inside(y, h) && inside(x, w) {
                        0.0
                    } else {
                        *color
                    }
                };
                border.extend((0..width).map(shown));
            }
        }
        let border = TensorData::new(border, [1, channels, height, width]);
        let device = images.device().without_autodiff();
        self.filled(images, 0.0) + Tensor::<4>::from_data(border, &device)
    }
}

/// Returns which of `n` pixels is shown at position `at` of the image with its border.
const fn mirror(at: usize, by: usize, n: usize) -> usize {
    let beyond = at.abs_diff(by);
    if at < by || beyond < n {
        return beyond;
    }
    2 * (n - 1) - beyond
}

impl Transform for Pad {
    fn apply(&self, images: Tensor<4>, context: &mut TransformContext<'_>) -> Tensor<4> {
        // Numbers are drawn for a border of width 0 too, so that later transforms draw the same.
        let channels = images.dims()[1];
        let colors: Vec<f32> = match self.border {
            Border::Value(_) | Border::Reflect => Vec::new(),
            Border::RandomGray => vec![context.rng.random()],
            Border::RandomColor => (0..channels).map(|_| context.rng.random()).collect(),
        };
        if self.by == 0 {
            return images;
        }
        match self.border {
            Border::Value(value) => self.filled(images, value),
            Border::Reflect => self.reflected(images),
            Border::RandomGray => self.filled(images, colors[0]),
            Border::RandomColor => self.colored(images, &colors),
        }
    }

    fn smallest_output(&self, size: [usize; 2]) -> Result<[usize; 2], TransformError> {
        check_border(self, self.by)?;
        if let Border::Value(value) = self.border {
            check_share(self, "value of the border", value)?;
        }
        if self.border == Border::Reflect && size.iter().any(|&n| n <= self.by) {
            return Err(TransformError::Reflection {
                transform: format!("{self:?}"),
                width: size[1],
                height: size[0],
                by: self.by,
            });
        }
        Ok(size.map(|n| n.saturating_add(self.by.saturating_mul(2))))
    }
}
