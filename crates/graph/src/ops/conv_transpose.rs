//! Transposed convolution.

use oneiric_support::SettingError;
use serde::{Deserialize, Serialize};

use super::{Operator, products::Products};
use crate::{
    Fact, NodeError, Padding, Shape, Weight, WeightId, Window,
    oracle::{Backward, Tensor, Weights},
    weight::{check_vector, declared},
};

/// Transposed convolution: the gradient of a convolution with respect to its input, as a layer that
/// makes maps larger (ONNX's and PyTorch's `ConvTranspose`).
///
/// Along an axis of `n` positions there are
/// `(n - 1) * stride + (kernel - 1) * dilation + 1 + extra - before - after` positions. With
/// [`Padding::SameUpper`] and [`Padding::SameLower`] there are `n * stride`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConvTranspose {
    /// The kernels, [in, out / groups, height, width]. Several nodes may share them.
    pub weight: WeightId,
    /// The bias, `[out]`; `None` adds nothing.
    pub bias: Option<WeightId>,
    /// Stride and dilation of the output, and what is cut off from it; the rounding has no meaning.
    pub window: Window,
    /// Rows and columns that are added at the end.
    pub extra: [usize; 2],
    /// Groups of channels that do not see one another.
    pub groups: usize,
}

/// The positions of the output along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransposedAxis {
    /// The positions that are cut off before the first one.
    pub before: usize,
    /// The number of positions.
    pub count: usize,
}

impl ConvTranspose {
    /// Returns the rows and the columns of the output for an input of that size.
    ///
    /// # Errors
    ///
    /// Returns [`NodeError::TooSmall`] if nothing is left along an axis.
    pub fn axes(
        &self,
        kernel: [usize; 2],
        input: [usize; 2],
    ) -> Result<[TransposedAxis; 2], NodeError> {
        let axis = |at: usize| {
            let (n, stride) = (input[at], self.window.stride[at]);
            let extent = (kernel[at] - 1) * self.window.dilation[at] + 1;
            let full = n.checked_sub(1)? * stride + extent + self.extra[at];
            let same = full.saturating_sub(n * stride);
            let (before, count) = match self.window.padding {
                Padding::Explicit(pads) => {
                    let [before, after] = pads[at];
                    (before, full.checked_sub(before + after)?)
                }
                Padding::SameUpper => (same / 2, n * stride),
                Padding::SameLower => (same.div_ceil(2), n * stride),
            };
            (count > 0).then_some(TransposedAxis { before, count })
        };
        match (axis(0), axis(1)) {
            (Some(rows), Some(columns)) => Ok([rows, columns]),
            _ => Err(NodeError::TooSmall { input }),
        }
    }

    /// Input channels, output channels, rows and columns of the kernel.
    fn sizes(&self, weight: &[usize]) -> Option<[usize; 4]> {
        let &[input, out, height, width] = weight else {
            return None;
        };
        Some([input, out.saturating_mul(self.groups), height, width])
    }
}

impl Operator for ConvTranspose {
    fn weights(&self) -> Vec<WeightId> {
        [self.weight].into_iter().chain(self.bias).collect()
    }

    fn channels(
        &self,
        inputs: &[Option<usize>],
        weights: &[Weight],
    ) -> Result<Option<usize>, NodeError> {
        self.window.check()?;
        let weight = declared(weights, self.weight)?;
        let Some([input, out, height, width]) = self.sizes(&weight.shape) else {
            return Err(NodeError::WeightShape {
                weight: weight.name.clone(),
                expected: "[in, out / groups, height, width]".to_owned(),
                found: weight.shape.clone(),
            });
        };
        if height == 0 || width == 0 {
            return Err(NodeError::Invalid {
                reason: "a transposed convolution has an empty kernel".to_owned(),
            });
        }
        let groups = self.groups;
        let good = groups > 0 && input % groups == 0;
        let allowed = "at least 1, and divide the input channels";
        SettingError::require("the number of groups", groups, good, allowed)?;
        for extra in self.extra {
            SettingError::require("extra positions", extra, extra <= 1024, "at most 1024")?;
        }
        if let Some(bias) = self.bias {
            check_vector(weights, bias, out)?;
        }
        match inputs[0] {
            Some(found) if found != input => Err(NodeError::Channels {
                expected: input,
                found,
            }),
            _ => Ok(Some(out)),
        }
    }

    fn shape(&self, inputs: &[Fact<'_>], weights: &[Weight]) -> Result<Shape, NodeError> {
        let (items, map) = inputs[0].shape.maps()?;
        let sizes = self.sizes(&weights[self.weight.0].shape);
        let [input, out, height, width] = sizes.expect("checked");
        if input != map.channels {
            return Err(NodeError::Channels {
                expected: input,
                found: map.channels,
            });
        }
        let [rows, columns] = self.axes([height, width], map.size())?;
        Shape::of(&[items, out, rows.count, columns.count])
    }

    fn multiply_adds(&self, inputs: &[Shape], _: Shape, weights: &[Weight]) -> u64 {
        let weight = &weights[self.weight.0];
        (weight.count() / weight.shape[0] * inputs[0].count()) as u64
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        self.sums(inputs[0], weights, self.bias)
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        self.gradient(pass)
    }
}

impl Products for ConvTranspose {
    fn products(
        &self,
        input: Shape,
        output: Shape,
        weights: &Weights<'_>,
        mut work: impl FnMut(usize, usize, f64),
    ) {
        let (items, input) = input.maps().expect("checked");
        let (_, output) = output.maps().expect("checked");
        let sizes = self.sizes(weights.shape(self.weight));
        let [channels, out, height, width] = sizes.expect("checked");
        let [rows, columns] = self.axes([height, width], input.size()).expect("checked");
        let values = weights.values(self.weight);
        let (group_inputs, group_outputs) = (channels / self.groups, out / self.groups);
        let Window {
            stride, dilation, ..
        } = self.window;
        for i in 0..channels {
            let first = i / group_inputs * group_outputs;
            for (iy, ix) in input.positions() {
                for o in 0..group_outputs {
                    for ky in 0..height {
                        for kx in 0..width {
                            let y = (iy * stride[0] + ky * dilation[0]).wrapping_sub(rows.before);
                            let x =
                                (ix * stride[1] + kx * dilation[1]).wrapping_sub(columns.before);
                            if y >= output.height || x >= output.width {
                                continue;
                            }
                            let weight = ((i * group_outputs + o) * height + ky) * width + kx;
                            for item in 0..items {
                                work(
                                    item * output.count() + output.index(first + o, y, x),
                                    item * input.count() + input.index(i, iy, ix),
                                    f64::from(values[weight]),
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}
