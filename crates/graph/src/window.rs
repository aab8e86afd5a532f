//! Windows that slide over the rows and columns of a tensor, and their padding.

use oneiric_support::SettingError;
use serde::{Deserialize, Serialize};

use crate::{NodeError, Shape};

/// The most rows or columns of a stride, a dilation, a padding or a pooling's kernel: more is a
/// typing error.
const MOST_STEPS: usize = 1 << 10;

/// Rows and columns that a window may reach outside of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Rows above and below, and columns left and right: `[[above, below], [left, right]]`.
    Explicit([[usize; 2]; 2]),
    /// TensorFlow's `SAME` and ONNX's `SAME_UPPER`: along an axis of `n`,
    /// `max((ceil(n / stride) - 1) * stride + kernel - n, 0)` in all, the smaller half before. It
    /// depends on the size of the input.
    SameUpper,
    /// ONNX's `SAME_LOWER`: as [`SameUpper`](Self::SameUpper), the larger half before.
    SameLower,
}

impl Padding {
    /// No padding.
    pub const VALID: Self = Self::Explicit([[0; 2]; 2]);

    /// The same number of rows above and below, and of columns left and right.
    #[must_use]
    pub const fn symmetric([rows, columns]: [usize; 2]) -> Self {
        Self::Explicit([[rows; 2], [columns; 2]])
    }
}

/// The number of windows where the last one would be partial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// A window that would reach behind the padding is left out.
    #[default]
    Floor,
    /// A window that would reach behind the padding counts if it begins inside of the input or of
    /// the padding before it: `ceil_mode` of Caffe's and PyTorch's poolings.
    Ceil,
}

/// The steps of a window over its input; its kernel comes from an operator's settings or weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// Rows and columns from one window to the next.
    pub stride: [usize; 2],
    /// Rows and columns from one tap of the kernel to the next: 1 for a dense kernel.
    pub dilation: [usize; 2],
    /// Rows and columns outside of the input that windows may reach.
    pub padding: Padding,
    /// The treatment of a partial last window.
    pub rounding: Rounding,
}

impl Default for Window {
    /// Stride and dilation 1, no padding.
    fn default() -> Self {
        Self {
            stride: [1; 2],
            dilation: [1; 2],
            padding: Padding::VALID,
            rounding: Rounding::Floor,
        }
    }
}

/// The windows along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Axis {
    /// The number of windows.
    pub count: usize,
    /// Positions of padding before the input.
    pub before: usize,
    /// Positions of padding after the input; windows may leave some of them unread.
    pub after: usize,
}

impl Window {
    /// Returns the windows along the rows and the columns of an input of that size.
    ///
    /// # Errors
    ///
    /// Returns [`NodeError::TooSmall`] if no window fits along an axis.
    pub fn axes(&self, kernel: [usize; 2], input: [usize; 2]) -> Result<[Axis; 2], NodeError> {
        let axis = |at: usize| self.axis(at, kernel[at], input[at]);
        match (axis(0), axis(1)) {
            (Some(rows), Some(columns)) => Ok([rows, columns]),
            _ => Err(NodeError::TooSmall { input }),
        }
    }

    /// Returns the windows along axis 0 (rows) or 1 (columns); `None` if there is none.
    fn axis(&self, at: usize, kernel: usize, n: usize) -> Option<Axis> {
        let (stride, extent) = (self.stride[at], self.extent(at, kernel));
        let same = || ((n.div_ceil(stride).max(1) - 1) * stride + extent).saturating_sub(n);
        let [before, after] = match self.padding {
            Padding::Explicit(pads) => pads[at],
            Padding::SameUpper => [same() / 2, same().div_ceil(2)],
            Padding::SameLower => [same().div_ceil(2), same() / 2],
        };
        let padded = n + before + after;
        let count = match self.rounding {
            Rounding::Floor => padded.checked_sub(extent)? / stride + 1,
            Rounding::Ceil => {
                let count = (padded + stride).checked_sub(extent + 1)? / stride + 1;
                // The last window begins inside of the input or of the padding before it.
                let last = (count - 1) * stride;
                count - usize::from(last > 0 && last >= n + before)
            }
        };
        let reach = (count.max(1) - 1) * stride + extent;
        Some(Axis {
            count,
            before,
            after: after.max(reach.saturating_sub(n + before)),
        })
        .filter(|axis| axis.count > 0 && n > 0)
    }

    /// The positions from a window's first tap to its last, both included.
    const fn extent(&self, at: usize, kernel: usize) -> usize {
        (kernel - 1) * self.dilation[at] + 1
    }

    /// Checks that every window has a tap inside of the input, as poolings need.
    pub(crate) fn check_inside(
        &self,
        kernel: [usize; 2],
        input: [usize; 2],
    ) -> Result<(), NodeError> {
        for (at, axis) in self.axes(kernel, input)?.into_iter().enumerate() {
            let inside = |window: usize| {
                (0..kernel[at]).any(|tap| {
                    let position = window * self.stride[at] + tap * self.dilation[at];
                    (axis.before..axis.before + input[at]).contains(&position)
                })
            };
            if !(0..axis.count).all(inside) {
                return Err(NodeError::TooSmall { input });
            }
        }
        Ok(())
    }

    /// The shape that a pooling makes of the maps of an input.
    pub(crate) fn pooled(&self, kernel: [usize; 2], input: Shape) -> Result<Shape, NodeError> {
        let (items, map) = input.maps()?;
        self.check_inside(kernel, map.size())?;
        let [height, width] = self.axes(kernel, map.size())?.map(|axis| axis.count);
        Shape::of(&[items, map.channels, height, width])
    }

    /// Checks the settings.
    pub(crate) fn check(&self) -> Result<(), NodeError> {
        check_steps("a stride", self.stride)?;
        check_steps("a dilation", self.dilation)?;
        if let Padding::Explicit(pads) = self.padding {
            for pad in pads.into_iter().flatten() {
                SettingError::require("a padding", pad, pad <= MOST_STEPS, "at most 1024")?;
            }
        }
        Ok(())
    }
}

/// Checks two lengths that are at least 1.
pub(crate) fn check_steps(setting: &str, steps: [usize; 2]) -> Result<(), SettingError> {
    steps.into_iter().try_for_each(|step| {
        let good = (1..=MOST_STEPS).contains(&step);
        SettingError::require(setting, step, good, "in 1..=1024")
    })
}

#[cfg(test)]
mod tests {
    use super::{Axis, Padding, Rounding, Window};

    fn along(window: Window, kernel: usize, n: usize) -> Option<Axis> {
        let axes = window.axes([kernel; 2], [n; 2]);
        axes.ok().map(|[rows, columns]| {
            assert_eq!(rows, columns);
            rows
        })
    }

    #[test]
    fn same_padding_gives_ceil_of_n_over_s() {
        for n in 1..40 {
            for (k, s, d) in [
                (1, 1, 1),
                (3, 1, 1),
                (5, 1, 2),
                (3, 2, 1),
                (7, 2, 1),
                (3, 3, 2),
            ] {
                let windows = |padding| {
                    let window = Window {
                        stride: [s; 2],
                        dilation: [d; 2],
                        padding,
                        ..Window::default()
                    };
                    along(window, k, n).expect("SAME always has a window")
                };
                let (upper, lower) = (windows(Padding::SameUpper), windows(Padding::SameLower));
                assert_eq!((upper.count, lower.count), (n.div_ceil(s), n.div_ceil(s)));
                assert!(upper.before <= upper.after && upper.after <= upper.before + 1);
                assert_eq!((upper.before, upper.after), (lower.after, lower.before));
            }
        }
    }

    #[test]
    fn a_partial_last_window_counts_if_it_begins_inside() {
        let window = |stride: usize, padding: [usize; 2]| Window {
            stride: [stride; 2],
            padding: Padding::Explicit([padding; 2]),
            rounding: Rounding::Ceil,
            ..Window::default()
        };
        assert_eq!(along(window(2, [0, 0]), 3, 1), None, "no window fits");
        for n in 2..40 {
            let axis = along(window(2, [0, 0]), 3, n).expect("a window");
            assert_eq!(
                axis.count,
                ((n as f64 - 3.0) / 2.0).ceil() as usize + 1,
                "n {n}"
            );
            assert_eq!(axis.after, (axis.count - 1) * 2 + 3 - n);
        }
        let axis = along(window(2, [0, 0]), 1, 4).expect("windows");
        assert_eq!((axis.count, axis.after), (2, 0), "none begins outside");
        let axis = along(window(2, [1, 1]), 3, 4).expect("windows");
        assert_eq!((axis.count, axis.before, axis.after), (3, 1, 2));
    }

    #[test]
    fn rows_and_columns_differ() {
        let window = Window {
            stride: [2, 1],
            dilation: [1, 3],
            padding: Padding::Explicit([[1, 0], [0, 2]]),
            rounding: Rounding::Floor,
        };
        let [rows, columns] = window.axes([3, 2], [8, 9]).expect("windows");
        assert_eq!((rows.count, rows.before, rows.after), (4, 1, 0));
        assert_eq!((columns.count, columns.before, columns.after), (8, 0, 2));
        assert!(window.axes([10, 1], [8, 9]).is_err());
    }

    #[test]
    fn a_window_in_the_padding_alone_is_found() {
        let window = |dilation: usize, padding: usize| Window {
            dilation: [dilation; 2],
            padding: Padding::symmetric([padding; 2]),
            ..Window::default()
        };
        assert!(window(1, 1).check_inside([2; 2], [1; 2]).is_ok());
        assert!(window(1, 2).check_inside([2; 2], [3; 2]).is_err());
        assert!(
            window(3, 2).check_inside([2; 2], [1; 2]).is_err(),
            "taps at -2 and 1"
        );
    }
}
