//! Average pooling.

use serde::{Deserialize, Serialize};

use super::{Operator, products::Products};
use crate::{
    Fact, NodeError, Padding, Rounding, Shape, Weight, Window,
    oracle::{Backward, Tensor, Weights},
    window::check_steps,
};

/// The mean over windows. Every window has a position inside of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AveragePool {
    /// Rows and columns of a window, in 1..=1024.
    pub kernel: [usize; 2],
    /// Strides, dilation, padding and rounding.
    pub window: Window,
    /// True if the zeros of the padding count in the mean, as in PyTorch by default; what a partial
    /// last window has behind the padding never counts. False if a mean is over the positions
    /// inside of the input alone, as in TensorFlow and in ONNX by default.
    pub count_include_pad: bool,
}

impl AveragePool {
    /// Creates a pooling over windows of that many rows and columns, with the kernel as its stride,
    /// and means over the positions inside of the input.
    #[must_use]
    pub fn new(kernel: [usize; 2]) -> Self {
        Self {
            kernel,
            window: Window {
                stride: kernel,
                ..Window::default()
            },
            count_include_pad: false,
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

    /// Sets whether the zeros of the padding count in the mean.
    #[must_use]
    pub const fn count_include_pad(mut self, count: bool) -> Self {
        self.count_include_pad = count;
        self
    }

    /// Counts the positions along the rows and along the columns that enter the mean of each
    /// window, for an input of that size. The divisor of a window is the product of both.
    ///
    /// # Errors
    ///
    /// Returns [`NodeError::TooSmall`] if no window fits along an axis.
    pub fn counts(&self, input: [usize; 2]) -> Result<[Vec<usize>; 2], NodeError> {
        let axes = self.window.axes(self.kernel, input)?;
        Ok([0, 1].map(|at| {
            let axis = axes[at];
            let counted = match (self.count_include_pad, self.window.padding) {
                (false, _) => axis.before..axis.before + input[at],
                (true, Padding::Explicit(pads)) => 0..axis.before + input[at] + pads[at][1],
                (true, _) => 0..axis.before + input[at] + axis.after,
            };
            let (stride, dilation) = (self.window.stride[at], self.window.dilation[at]);
            let count = |window: usize| {
                let taps = (0..self.kernel[at]).map(|tap| window * stride + tap * dilation);
                taps.filter(|position| counted.contains(position)).count()
            };
            (0..axis.count).map(count).collect()
        }))
    }
}

impl Operator for AveragePool {
    fn channels(&self, inputs: &[Option<usize>], _: &[Weight]) -> Result<Option<usize>, NodeError> {
        check_steps("a side of the pooling's kernel", self.kernel)?;
        self.window.check()?;
        Ok(inputs[0])
    }

    fn shape(&self, inputs: &[Fact<'_>], _: &[Weight]) -> Result<Shape, NodeError> {
        self.window.pooled(self.kernel, inputs[0].shape)
    }

    fn forward(&self, inputs: &[&Tensor], weights: &Weights<'_>) -> Tensor {
        self.sums(inputs[0], weights, None)
    }

    fn backward(&self, pass: &Backward<'_>) -> Vec<Tensor> {
        self.gradient(pass)
    }
}

impl Products for AveragePool {
    /// The factor is the share of the input in the mean, for every position inside of every window.
    fn products(
        &self,
        input: Shape,
        output: Shape,
        _: &Weights<'_>,
        mut work: impl FnMut(usize, usize, f64),
    ) {
        let (items, input) = input.maps().expect("checked");
        let (_, output) = output.maps().expect("checked");
        let axes = self.window.axes(self.kernel, input.size());
        let [rows, columns] = axes.expect("checked");
        let [row_counts, column_counts] = self.counts(input.size()).expect("checked");
        let Window {
            stride, dilation, ..
        } = self.window;
        for channel in 0..output.channels {
            for (oy, ox) in output.positions() {
                let share = 1.0 / (row_counts[oy] * column_counts[ox]) as f64;
                for ky in 0..self.kernel[0] {
                    for kx in 0..self.kernel[1] {
                        let y = (oy * stride[0] + ky * dilation[0]).wrapping_sub(rows.before);
                        let x = (ox * stride[1] + kx * dilation[1]).wrapping_sub(columns.before);
                        if y < input.height && x < input.width {
                            let output_at = output.index(channel, oy, ox);
                            let input_at = input.index(channel, y, x);
                            for item in 0..items {
                                work(
                                    item * output.count() + output_at,
                                    item * input.count() + input_at,
                                    share,
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AveragePool, Padding, Rounding};

    #[test]
    fn divisors_are_those_of_the_frameworks() {
        // Windows at -1, 1 and 3 of four positions, the last of which ends behind the padding.
        let pool = AveragePool::new([3, 1])
            .stride([2, 1])
            .padding(Padding::Explicit([[1, 1], [0, 0]]))
            .rounding(Rounding::Ceil);
        let counts = |pool: AveragePool| pool.counts([4, 1]).expect("it fits")[0].clone();
        assert_eq!(counts(pool), [2, 3, 1]);
        assert_eq!(counts(pool.count_include_pad(true)), [3, 3, 2]);
        let same = pool.padding(Padding::SameUpper).rounding(Rounding::Floor);
        assert_eq!(counts(same), [3, 2]);
        assert_eq!(counts(same.count_include_pad(true)), [3, 3]);
    }
}
