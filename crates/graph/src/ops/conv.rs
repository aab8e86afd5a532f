//! Convolution.

use oneiric_support::SettingError;
use serde::{Deserialize, Serialize};

use super::{Operator, products::Products};
use crate::{
    Fact, NodeError, Padding, Shape, Weight, WeightId, Window,
    oracle::{Backward, Tensor, Weights},
    weight::{check_vector, declared},
};

/// Convolution, which is cross-correlation as in every framework: padded with zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Conv {
    /// The kernels, [out, in / groups, height, width]. Several nodes may share them.
    pub weight: WeightId,
    /// The bias, `[out]`; `None` adds nothing.
    pub bias: Option<WeightId>,
    /// Strides, dilation and padding.
    pub window: Window,
    /// Groups of channels that do not see one another: output channels of a group read the input
    /// channels of that group alone. 1 for a dense convolution, the number of channels for a
    /// depthwise one.
    pub groups: usize,
}

impl Conv {
    /// Rows and columns of the kernel.
    ///
    /// # Panics
    ///
    /// Panics if the weights are not those of the graph that the convolution is in.
    #[must_use]
    pub fn kernel(&self, weights: &[Weight]) -> [usize; 2] {
        let shape = &weights[self.weight.0].shape;
        [shape[2], shape[3]]
    }
}

impl Operator for Conv {
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
        let shape_error = |expected: String| NodeError::WeightShape {
            weight: weight.name.clone(),
            expected,
            found: weight.shape.clone(),
        };
        let [out, input, _, _] = weight.shape[..] else {
            return Err(shape_error("[out, in / groups, height, width]".to_owned()));
        };
        let groups = self.groups;
        let good = groups > 0 && out % groups == 0;
        let allowed = "at least 1, and divide the output channels";
        SettingError::require("the number of groups", groups, good, allowed)?;
        let expected = input.saturating_mul(groups);
        check_channels(expected, inputs[0])?;
        if let Some(bias) = self.bias {
            check_vector(weights, bias, out)?;
        }
        Ok(Some(out))
    }

    fn shape(&self, inputs: &[Fact<'_>], weights: &[Weight]) -> Result<Shape, NodeError> {
        let (items, input) = inputs[0].shape.maps()?;
        let [channels, group_inputs, ..] = weights[self.weight.0].shape[..] else {
            unreachable!("checked");
        };
        check_channels(group_inputs * self.groups, Some(input.channels))?;
        let axes = self.window.axes(self.kernel(weights), input.size())?;
        let [height, width] = axes.map(|axis| axis.count);
        Shape::of(&[items, channels, height, width])
    }

    fn multiply_adds(&self, _: &[Shape], output: Shape, weights: &[Weight]) -> u64 {
        let [out, ..] = weights[self.weight.0].shape[..] else {
            unreachable!("checked");
        };
        (weights[self.weight.0].count() / out * output.count()) as u64
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        self.sums(inputs[0], weights, self.bias)
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        self.gradient(pass)
    }
}

impl Products for Conv {
    fn products(
        &self,
        input: Shape,
        output: Shape,
        weights: &Weights<'_>,
        mut work: impl FnMut(usize, usize, f64),
    ) {
        let (items, input) = input.maps().expect("checked");
        let (_, output) = output.maps().expect("checked");
        let [_, group_inputs, kernel_height, kernel_width] =
            weights.shape(self.weight)[..].try_into().expect("checked");
        let window = &self.window;
        let axes = window.axes([kernel_height, kernel_width], input.size());
        let [rows, columns] = axes.expect("checked");
        let values = weights.values(self.weight);
        for o in 0..output.channels {
            let group = o / (output.channels / self.groups);
            for (oy, ox) in output.positions() {
                for i in 0..group_inputs {
                    for ky in 0..kernel_height {
                        for kx in 0..kernel_width {
                            let y = oy * window.stride[0] + ky * window.dilation[0];
                            let x = ox * window.stride[1] + kx * window.dilation[1];
                            let (y, x) =
                                (y.wrapping_sub(rows.before), x.wrapping_sub(columns.before));
                            if y >= input.height || x >= input.width {
                                continue;
                            }
                            let weight =
                                ((o * group_inputs + i) * kernel_height + ky) * kernel_width + kx;
                            let output_at = output.index(o, oy, ox);
                            let input_at = input.index(group * group_inputs + i, y, x);
                            for item in 0..items {
                                work(
                                    item * output.count() + output_at,
                                    item * input.count() + input_at,
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

/// Checks the channels of an input as far as they are known.
fn check_channels(expected: usize, found: Option<usize>) -> Result<(), NodeError> {
    match found {
        Some(found) if found != expected => Err(NodeError::Channels { expected, found }),
        _ => Ok(()),
    }
}

/// Settings of a convolution whose weights a [`GraphBuilder`](crate::GraphBuilder) declares.
///
/// | setting | default | purpose |
/// | --- | --- | --- |
/// | `out` | required | output channels |
/// | `kernel` | required | rows and columns of the kernel |
/// | [`stride`](Self::stride) | `[1, 1]` | rows and columns from one position to the next |
/// | [`dilation`](Self::dilation) | `[1, 1]` | rows and columns from one tap to the next |
/// | [`padding`](Self::padding) | none | zeros around the input |
/// | [`groups`](Self::groups) | 1 | groups of channels that do not see one another |
/// | [`without_bias`](Self::without_bias) | with one | no bias is declared or added |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConvConfig {
    pub(crate) out: usize,
    kernel: [usize; 2],
    pub(crate) window: Window,
    pub(crate) groups: usize,
    pub(crate) bias: bool,
}

impl ConvConfig {
    /// Creates the settings of a convolution with that many output channels and that kernel.
    #[must_use]
    pub fn new(out: usize, kernel: [usize; 2]) -> Self {
        Self {
            out,
            kernel,
            window: Window::default(),
            groups: 1,
            bias: true,
        }
    }

    /// Sets the rows and columns from one position to the next.
    #[must_use]
    pub const fn stride(mut self, stride: [usize; 2]) -> Self {
        self.window.stride = stride;
        self
    }

    /// Sets the rows and columns from one tap of the kernel to the next.
    #[must_use]
    pub const fn dilation(mut self, dilation: [usize; 2]) -> Self {
        self.window.dilation = dilation;
        self
    }

    /// Sets the zeros around the input.
    #[must_use]
    pub const fn padding(mut self, padding: Padding) -> Self {
        self.window.padding = padding;
        self
    }

    /// Sets the number of groups of channels that do not see one another.
    #[must_use]
    pub const fn groups(mut self, groups: usize) -> Self {
        self.groups = groups;
        self
    }

    /// Leaves the bias out.
    #[must_use]
    pub const fn without_bias(mut self) -> Self {
        self.bias = false;
        self
    }

    /// The shape of the weights for an input of that many channels.
    pub(crate) fn weight_shape(&self, channels: usize) -> [usize; 4] {
        let [height, width] = self.kernel;
        [self.out, channels / self.groups.max(1), height, width]
    }
}
