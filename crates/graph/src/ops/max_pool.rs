//! Maximum pooling.

use serde::{Deserialize, Serialize};

use super::Operator;
use crate::{
    Fact, NodeError, Padding, Rounding, Shape, Weight, Window,
    oracle::{Backward, Tensor, Weights},
    window::check_steps,
};

/// The maximum over windows. Padding never wins; a value that is not a number always does. Every
/// window has a position inside of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MaxPool {
    /// Rows and columns of a window, in 1..=1024.
    pub kernel: [usize; 2],
    /// Strides, dilation, padding and rounding.
    pub window: Window,
}

impl MaxPool {
    /// Creates a pooling over windows of that many rows and columns, with the kernel as its stride.
    #[must_use]
    pub fn new(kernel: [usize; 2]) -> Self {
        Self {
            kernel,
            window: Window {
                stride: kernel,
                ..Window::default()
            },
        }
    }

    /// Sets the rows and columns from one window to the next.
    #[must_use]
    pub const fn stride(mut self, stride: [usize; 2]) -> Self {
        self.window.stride = stride;
        self
    }

    /// Sets the rows and columns from one tap of a window to the next.
    #[must_use]
    pub const fn dilation(mut self, dilation: [usize; 2]) -> Self {
        self.window.dilation = dilation;
        self
    }

    /// Sets the rows and columns outside of the input that windows may reach.
    #[must_use]
    pub const fn padding(mut self, padding: Padding) -> Self {
        self.window.padding = padding;
        self
    }

    /// Sets the treatment of a partial last window.
    #[must_use]
    pub const fn rounding(mut self, rounding: Rounding) -> Self {
        self.window.rounding = rounding;
        self
    }
}

impl Operator for MaxPool {
    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        check_steps("a side of the pooling's kernel", self.kernel)?;
        self.window.check()?;
        Ok(inputs[0])
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        self.window.pooled(self.kernel, inputs[0].shape)
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        let winners = self.winners(inputs[0], weights);
        let values = winners.iter().map(|&at| inputs[0].values[at]).collect();
        Tensor::new(weights.shape_of(self, inputs), values)
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        let mut gradient = Tensor::zeros(pass.inputs[0].shape);
        let winners = self.winners(pass.inputs[0], pass.weights);
        for (at, value) in winners.into_iter().zip(&pass.gradient.values) {
            gradient.values[at] += value;
        }
        vec![gradient]
    }
}

impl MaxPool {
    /// Returns the index of the first largest value of every window, or of the first that is not a
    /// number.
    fn winners(&self, x: &Tensor, weights: &Weights<'_>) -> Vec<usize> {
        let (_, output) = weights.output(self, &[x]).maps();
        let (items, input) = x.maps();
        let axes = self.window.axes(self.kernel, input.size());
        let [rows, columns] = axes.expect("checked");
        let mut winners = Vec::with_capacity(items * output.count());
        // Maps lie one behind the other, so all their channels are one list.
        for channel in 0..items * output.channels {
            for (oy, ox) in output.positions() {
                let mut best: Option<usize> = None;
                for ky in 0..self.kernel[0] {
                    for kx in 0..self.kernel[1] {
                        let y = oy * self.window.stride[0] + ky * self.window.dilation[0];
                        let column = ox * self.window.stride[1] + kx * self.window.dilation[1];
                        let y = y.wrapping_sub(rows.before);
                        let column = column.wrapping_sub(columns.before);
                        if y >= input.height || column >= input.width {
                            continue;
                        }
                        let at = input.index(channel, y, column);
                        let value = x.values[at];
                        let wins = |best: usize| {
                            let best = x.values[best];
                            value > best || value.is_nan() && !best.is_nan()
                        };
                        if best.is_none_or(wins) {
                            best = Some(at);
                        }
                    }
                }
                winners.push(best.expect("every window has a position inside"));
            }
        }
        winners
    }
}
