//! The trait of an objective of your own.

use std::{fmt, sync::Arc};

use burn::tensor::Tensor;
use oneiric_core::Picture;
use oneiric_model::LayerId;

use crate::ObjectiveError;

/// The input of a [`Measure`] in a step.
#[derive(Debug)]
pub struct Reading {
    /// The images [n, channels, height, width] in 0..=1, before the transforms, for
    /// regularizers.
    pub image: Tensor<4>,
    /// The activations of the measure's layers, in its order, each [n, channels, height, width].
    pub layers: Vec<Tensor<4>>,
    /// The activations of the measure's [`photograph`](Measure::photograph) at the same layers,
    /// each [1, channels, height, width]: constants, seen through the same random transforms as
    /// the images of this step. Empty where the measure has no photograph.
    pub photograph: Vec<Tensor<4>>,
}

/// A number about images and a network's activations for them.
pub trait Measure: fmt::Debug + Send + Sync {
    /// The layers it reads.
    fn layers(&self) -> &[LayerId];

    /// The photograph whose activations the measure compares with those of the image; of the image's
    /// size. Measures that share one share its forward pass.
    fn photograph(&self) -> Option<&Arc<Picture>> {
        None
    }

    /// The number, a differentiable function of the reading, as a tensor of one value.
    fn value(&self, reading: &Reading) -> Tensor<1>;

    /// Checks that it can read layers of these heights and widths, the smallest that a run will
    /// give, in the order of [`layers`](Self::layers).
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if it cannot read them.
    fn check(&self, _sizes: &[[usize; 2]]) -> Result<(), ObjectiveError> {
        Ok(())
    }

    /// Checks that it can read images of these channels, height and width.
    ///
    /// # Errors
    ///
    /// Returns [`ObjectiveError`] if it cannot read them.
    fn check_image(&self, _image: [usize; 3]) -> Result<(), ObjectiveError> {
        Ok(())
    }
}
